// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/table_metadata.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace k2i::iceberg {
namespace {

template <typename T, typename Id>
const T* FindById(const std::vector<T>& items, Id T::*member, Id id) {
  const auto found = std::ranges::find(items, id, member);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const Schema* TableMetadata::FindSchema(int32_t schema_id) const {
  return FindById(schemas, &Schema::schema_id, schema_id);
}

const Schema& TableMetadata::current_schema() const { return *FindSchema(current_schema_id); }

const PartitionSpec& TableMetadata::default_spec() const {
  return *FindById(partition_specs, &PartitionSpec::spec_id, default_spec_id);
}

const SortOrder& TableMetadata::default_sort_order() const {
  static const SortOrder kUnsorted;
  const auto found = std::ranges::find(sort_orders, default_sort_order_id, &SortOrder::order_id);
  return found == sort_orders.end() ? kUnsorted : *found;
}

const Snapshot* TableMetadata::FindSnapshot(int64_t snapshot_id) const {
  const size_t position = snapshots.PositionOf(snapshot_id, snapshots.size());
  return position == snapshots.size() ? nullptr : &snapshots[position];
}

const Snapshot* TableMetadata::FindRef(std::string_view name) const {
  const auto ref = refs.find(std::string(name));
  return ref == refs.end() ? nullptr : FindSnapshot(ref->second.snapshot_id);
}

std::string TableMetadata::PropertyOr(const std::string& key, std::string_view fallback) const {
  const auto found = properties.find(key);
  return found == properties.end() ? std::string(fallback) : found->second;
}

bool TableMetadata::PropertyIsTrue(const std::string& key, bool fallback) const {
  const auto found = properties.find(key);
  return found == properties.end() ? fallback : EqualsIgnoringCase(found->second, "true");
}

}  // namespace k2i::iceberg
