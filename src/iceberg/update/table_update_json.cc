// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_update_json.h"

#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;

struct UpdateToJson {
  json operator()(const update::AssignUuid& u) const { return {{"action", "assign-uuid"}, {"uuid", u.uuid}}; }
  json operator()(const update::UpgradeFormatVersion& u) const {
    return {{"action", "upgrade-format-version"}, {"format-version", u.format_version}};
  }
  json operator()(const update::AddSchema& u) const {
    return {{"action", "add-schema"}, {"schema", SchemaToJson(u.schema)}};
  }
  json operator()(const update::SetCurrentSchema& u) const {
    return {{"action", "set-current-schema"}, {"schema-id", u.schema_id}};
  }
  json operator()(const update::AddPartitionSpec& u) const {
    return {{"action", "add-spec"}, {"spec", PartitionSpecToJson(u.spec)}};
  }
  json operator()(const update::SetDefaultSpec& u) const {
    return {{"action", "set-default-spec"}, {"spec-id", u.spec_id}};
  }
  json operator()(const update::AddSortOrder& u) const {
    return {{"action", "add-sort-order"}, {"sort-order", SortOrderToJson(u.order)}};
  }
  json operator()(const update::SetDefaultSortOrder& u) const {
    return {{"action", "set-default-sort-order"}, {"sort-order-id", u.order_id}};
  }
  json operator()(const update::AddSnapshot& u) const {
    return {{"action", "add-snapshot"}, {"snapshot", SnapshotToJson(u.snapshot)}};
  }
  json operator()(const update::SetSnapshotRef& u) const {
    json body = SnapshotRefToJson(u.ref);
    body["action"] = "set-snapshot-ref";
    body["ref-name"] = u.name;
    return body;
  }
  json operator()(const update::RemoveSnapshots& u) const {
    return {{"action", "remove-snapshots"}, {"snapshot-ids", u.snapshot_ids}};
  }
  json operator()(const update::RemoveSnapshotRef& u) const {
    return {{"action", "remove-snapshot-ref"}, {"ref-name", u.name}};
  }
  json operator()(const update::SetLocation& u) const { return {{"action", "set-location"}, {"location", u.location}}; }
  json operator()(const update::SetProperties& u) const {
    return {{"action", "set-properties"}, {"updates", u.updates}};
  }
  json operator()(const update::RemoveProperties& u) const {
    return {{"action", "remove-properties"}, {"removals", u.removals}};
  }
};

struct RequirementToJson {
  json operator()(const requirement::AssertCreate&) const { return {{"type", "assert-create"}}; }
  json operator()(const requirement::AssertTableUuid& r) const {
    return {{"type", "assert-table-uuid"}, {"uuid", r.uuid}};
  }
  json operator()(const requirement::AssertRefSnapshotId& r) const {
    json body = {{"type", "assert-ref-snapshot-id"}, {"ref", r.ref}, {"snapshot-id", nullptr}};
    if (r.snapshot_id) body["snapshot-id"] = *r.snapshot_id;
    return body;
  }
  json operator()(const requirement::AssertLastAssignedFieldId& r) const {
    return {{"type", "assert-last-assigned-field-id"}, {"last-assigned-field-id", r.field_id}};
  }
  json operator()(const requirement::AssertCurrentSchemaId& r) const {
    return {{"type", "assert-current-schema-id"}, {"current-schema-id", r.schema_id}};
  }
  json operator()(const requirement::AssertLastAssignedPartitionId& r) const {
    return {{"type", "assert-last-assigned-partition-id"}, {"last-assigned-partition-id", r.partition_id}};
  }
  json operator()(const requirement::AssertDefaultSpecId& r) const {
    return {{"type", "assert-default-spec-id"}, {"default-spec-id", r.spec_id}};
  }
  json operator()(const requirement::AssertDefaultSortOrderId& r) const {
    return {{"type", "assert-default-sort-order-id"}, {"default-sort-order-id", r.order_id}};
  }
};

}  // namespace

json TableUpdateToJson(const TableUpdate& update) { return std::visit(UpdateToJson{}, update); }
json TableRequirementToJson(const TableRequirement& requirement) {
  return std::visit(RequirementToJson{}, requirement);
}

}  // namespace k2i::iceberg
