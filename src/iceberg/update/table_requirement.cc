// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "iceberg/update/table_update.h"

namespace k2i::iceberg {
namespace {

std::unexpected<Error> Conflict(std::string message) { return Fail(ErrorCode::kCommitConflict, std::move(message)); }

template <typename T>
Status ExpectEqual(std::string_view what, const T& expected, const T& actual) {
  if (expected == actual) return {};
  return Conflict(fmt::format("{} is {}, expected {}", what, actual, expected));
}

std::string SnapshotText(const std::optional<int64_t>& snapshot_id) {
  return snapshot_id ? fmt::format("at snapshot {}", *snapshot_id) : std::string("missing");
}

struct Check {
  const TableMetadata& base;

  Status operator()(const requirement::AssertCreate&) const { return Conflict("the table exists already"); }
  Status operator()(const requirement::AssertTableUuid& required) const {
    return ExpectEqual("the table's UUID", required.uuid, base.table_uuid);
  }
  Status operator()(const requirement::AssertRefSnapshotId& required) const {
    const auto ref = base.refs.find(required.ref);
    const auto actual = ref == base.refs.end() ? std::nullopt : std::optional(ref->second.snapshot_id);
    if (actual == required.snapshot_id) return {};
    return Conflict(fmt::format("ref {} is {}, expected it {}", required.ref, SnapshotText(actual),
                                SnapshotText(required.snapshot_id)));
  }
  Status operator()(const requirement::AssertLastAssignedFieldId& required) const {
    return ExpectEqual("the last assigned field id", required.field_id, base.last_column_id);
  }
  Status operator()(const requirement::AssertCurrentSchemaId& required) const {
    return ExpectEqual("the current schema", required.schema_id, base.current_schema_id);
  }
  Status operator()(const requirement::AssertLastAssignedPartitionId& required) const {
    return ExpectEqual("the last assigned partition id", required.partition_id, base.last_partition_id);
  }
  Status operator()(const requirement::AssertDefaultSpecId& required) const {
    return ExpectEqual("the default partition spec", required.spec_id, base.default_spec_id);
  }
  Status operator()(const requirement::AssertDefaultSortOrderId& required) const {
    return ExpectEqual("the default sort order", required.order_id, base.default_sort_order_id);
  }
};

}  // namespace

Status CheckRequirements(std::span<const TableRequirement> requirements, const TableMetadata* base) {
  for (const TableRequirement& required : requirements) {
    if (base != nullptr) {
      K2I_RETURN_IF_ERROR(std::visit(Check{*base}, required));
    } else if (!std::holds_alternative<requirement::AssertCreate>(required)) {
      return Conflict("the table does not exist");
    }
  }
  return {};
}

}  // namespace k2i::iceberg
