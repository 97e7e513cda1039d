// SPDX-License-Identifier: Apache-2.0
// Schemas, partition specs and sort orders. One that is there already is not added again: its id is reused.
#include <fmt/format.h>

#include <algorithm>

#include "iceberg/update/metadata_builder.h"
#include "iceberg/update/schema_check.h"

namespace k2i::iceberg {
namespace {

constexpr int32_t kLastAdded = -1;

bool SameSchema(const Schema& a, const Schema& b) {
  return a.type->Equals(*b.type) && std::ranges::is_permutation(a.identifier_field_ids, b.identifier_field_ids);
}

bool SameSpec(const PartitionSpec& a, const PartitionSpec& b) {
  return std::ranges::equal(a.fields, b.fields, [](const PartitionField& x, const PartitionField& y) {
    return x.source_id == y.source_id && x.name == y.name && x.transform == y.transform &&
           (x.field_id == y.field_id || x.field_id == 0 || y.field_id == 0);
  });
}

bool SameOrder(const SortOrder& a, const SortOrder& b) {
  return std::ranges::equal(a.fields, b.fields, [](const SortField& x, const SortField& y) {
    return x.source_id == y.source_id && x.transform == y.transform && x.ascending == y.ascending &&
           x.nulls_first == y.nulls_first;
  });
}

/// One more than the highest id among `items`, or `first`.
template <typename T>
int32_t NextId(const std::vector<T>& items, int32_t T::*member, int32_t first) {
  for (const T& item : items) first = std::max(first, item.*member + 1);
  return first;
}

/// `id`, or what was added last if it says so; InvalidArgument when `items` has no such member.
template <typename T>
Result<int32_t> Resolve(const std::vector<T>& items, int32_t T::*member, int32_t id, std::optional<int32_t> last_added,
                        std::string_view what) {
  if (id == kLastAdded && last_added.has_value()) return *last_added;
  if (id == kLastAdded || std::ranges::find(items, id, member) == items.end()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the table has no {} with id {}", what, id));
  }
  return id;
}

/// Fills in the ids of fields that have none: that of the same field in an older spec, or the next one.
void AssignFieldIds(PartitionSpec& spec, const std::vector<PartitionSpec>& older, int32_t last_id) {
  for (PartitionField& field : spec.fields) {
    for (const PartitionSpec& other : older) {
      const auto same = std::ranges::find_if(other.fields, [&](const PartitionField& candidate) {
        return candidate.source_id == field.source_id && candidate.transform == field.transform;
      });
      if (field.field_id == 0 && same != other.fields.end()) field.field_id = same->field_id;
    }
    if (field.field_id == 0) field.field_id = ++last_id;
  }
}

}  // namespace

Status MetadataBuilder::operator()(const update::AddSchema& update) {
  K2I_RETURN_IF_ERROR(CheckSchema(update.schema, metadata_.format_version));
  auto& schemas = metadata_.schemas;
  const auto same = std::ranges::find_if(schemas, [&](const Schema& s) { return SameSchema(s, update.schema); });
  if (same != schemas.end()) {
    last_added_schema_ = same->schema_id;
    return {};
  }
  Schema schema = update.schema;
  schema.schema_id = NextId(schemas, &Schema::schema_id, 0);
  last_added_schema_ = schema.schema_id;
  metadata_.last_column_id = std::max(metadata_.last_column_id, schema.highest_field_id());
  schemas.push_back(std::move(schema));
  return {};
}

Status MetadataBuilder::operator()(const update::SetCurrentSchema& update) {
  K2I_ASSIGN_OR_RETURN(metadata_.current_schema_id,
                       Resolve(metadata_.schemas, &Schema::schema_id, update.schema_id, last_added_schema_, "schema"));
  return {};
}

Status MetadataBuilder::operator()(const update::AddPartitionSpec& update) {
  const Schema* schema = current_schema();
  if (schema == nullptr) return Fail(ErrorCode::kInvalidArgument, "a partition spec before a schema");
  K2I_RETURN_IF_ERROR(CheckNewPartitionSpec(update.spec, *schema));
  auto& specs = metadata_.partition_specs;
  const auto same = std::ranges::find_if(specs, [&](const PartitionSpec& s) { return SameSpec(s, update.spec); });
  if (same != specs.end()) {
    last_added_spec_ = same->spec_id;
    return {};
  }
  PartitionSpec spec = update.spec;
  spec.spec_id = NextId(specs, &PartitionSpec::spec_id, 0);
  AssignFieldIds(spec, specs, metadata_.last_partition_id);
  for (const PartitionField& field : spec.fields) {
    metadata_.last_partition_id = std::max(metadata_.last_partition_id, field.field_id);
  }
  last_added_spec_ = spec.spec_id;
  specs.push_back(std::move(spec));
  return {};
}

Status MetadataBuilder::operator()(const update::SetDefaultSpec& update) {
  K2I_ASSIGN_OR_RETURN(metadata_.default_spec_id, Resolve(metadata_.partition_specs, &PartitionSpec::spec_id,
                                                          update.spec_id, last_added_spec_, "partition spec"));
  return {};
}

Status MetadataBuilder::operator()(const update::AddSortOrder& update) {
  const Schema* schema = current_schema();
  if (schema == nullptr) return Fail(ErrorCode::kInvalidArgument, "a sort order before a schema");
  K2I_RETURN_IF_ERROR(CheckSortOrder(update.order, *schema));
  auto& orders = metadata_.sort_orders;
  const auto same = std::ranges::find_if(orders, [&](const SortOrder& o) { return SameOrder(o, update.order); });
  if (same != orders.end()) {
    last_added_order_ = same->order_id;
    return {};
  }
  SortOrder order = update.order;
  // Id 0 belongs to the order that sorts nothing.
  order.order_id = order.fields.empty() ? 0 : NextId(orders, &SortOrder::order_id, 1);
  last_added_order_ = order.order_id;
  orders.push_back(std::move(order));
  return {};
}

Status MetadataBuilder::operator()(const update::SetDefaultSortOrder& update) {
  K2I_ASSIGN_OR_RETURN(metadata_.default_sort_order_id, Resolve(metadata_.sort_orders, &SortOrder::order_id,
                                                                update.order_id, last_added_order_, "sort order"));
  return {};
}

}  // namespace k2i::iceberg
