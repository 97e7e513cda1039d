// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

constexpr int32_t kFirstPartitionFieldId = 1000;

/// "source-id", or v3's "source-ids" where it names a single column.
Result<int32_t> SourceId(const JsonView& json) {
  const auto sources = json.Find("source-ids");
  if (json.Find("source-id").has_value() || !sources.has_value()) return json.Get<int32_t>("source-id");
  K2I_ASSIGN_OR_RETURN(const auto ids, sources->List<int32_t>());
  if (ids.size() != 1) return Fail(ErrorCode::kNotSupported, sources->path() + ": transforms of several columns");
  return ids[0];
}

Result<Transform> TransformOf(const JsonView& json) {
  K2I_ASSIGN_OR_RETURN(const std::string text, json.Get<std::string>("transform"));
  auto transform = Transform::Parse(text);
  // The spec lets newer writers add transforms; to write to such a table we would have to know them.
  if (!transform.has_value()) return Fail(ErrorCode::kNotSupported, json.path() + ": " + transform.error().message);
  return transform;
}

Result<PartitionField> PartitionFieldFromJson(const JsonView& json, int32_t default_field_id) {
  PartitionField field;
  K2I_ASSIGN_OR_RETURN(field.source_id, SourceId(json));
  K2I_ASSIGN_OR_RETURN(const auto field_id, json.GetOptional<int32_t>("field-id"));
  field.field_id = field_id.value_or(default_field_id);
  K2I_ASSIGN_OR_RETURN(field.name, json.Get<std::string>("name"));
  K2I_ASSIGN_OR_RETURN(field.transform, TransformOf(json));
  field.other = MembersBeyond(json, {"source-id", "source-ids", "field-id", "name", "transform"});
  return field;
}

Result<SortField> SortFieldFromJson(const JsonView& json) {
  SortField field;
  K2I_ASSIGN_OR_RETURN(field.source_id, SourceId(json));
  K2I_ASSIGN_OR_RETURN(field.transform, TransformOf(json));
  K2I_ASSIGN_OR_RETURN(const std::string direction, json.Get<std::string>("direction"));
  K2I_ASSIGN_OR_RETURN(const std::string nulls, json.Get<std::string>("null-order"));
  if (direction != "asc" && direction != "desc") return json.Malformed("direction is neither asc nor desc");
  if (nulls != "nulls-first" && nulls != "nulls-last") return json.Malformed("null-order is unknown");
  field.ascending = direction == "asc";
  field.nulls_first = nulls == "nulls-first";
  field.other = MembersBeyond(json, {"source-id", "source-ids", "transform", "direction", "null-order"});
  return field;
}

}  // namespace

nlohmann::json PartitionFieldsToJson(const PartitionSpec& spec) {
  auto fields = nlohmann::json::array();
  for (const PartitionField& field : spec.fields) {
    nlohmann::json json = {
        {"source-id", field.source_id}, {"name", field.name}, {"transform", field.transform.ToString()}};
    if (field.field_id != 0) json["field-id"] = field.field_id;  // else the catalog assigns one
    PutMembers(field.other, json);
    fields.push_back(std::move(json));
  }
  return fields;
}

Result<std::vector<PartitionField>> PartitionFieldsFromJson(const JsonView& json) {
  K2I_ASSIGN_OR_RETURN(const auto elements, json.Elements());
  std::vector<PartitionField> fields;
  // v1 writers left the field ids out and counted them from 1000.
  for (const JsonView& element : elements) {
    const int32_t default_id = kFirstPartitionFieldId + static_cast<int32_t>(fields.size());
    K2I_ASSIGN_OR_RETURN(PartitionField field, PartitionFieldFromJson(element, default_id));
    fields.push_back(std::move(field));
  }
  return fields;
}

nlohmann::json PartitionSpecToJson(const PartitionSpec& spec) {
  nlohmann::json json = {{"spec-id", spec.spec_id}, {"fields", PartitionFieldsToJson(spec)}};
  PutMembers(spec.other, json);
  return json;
}

Result<PartitionSpec> PartitionSpecFromJson(const JsonView& json) {
  PartitionSpec spec;
  K2I_ASSIGN_OR_RETURN(const auto spec_id, json.GetOptional<int32_t>("spec-id"));
  spec.spec_id = spec_id.value_or(0);
  K2I_ASSIGN_OR_RETURN(const JsonView fields, json.At("fields"));
  K2I_ASSIGN_OR_RETURN(spec.fields, PartitionFieldsFromJson(fields));
  spec.other = MembersBeyond(json, {"spec-id", "fields"});
  return spec;
}

nlohmann::json SortOrderToJson(const SortOrder& order) {
  auto fields = nlohmann::json::array();
  for (const SortField& field : order.fields) {
    nlohmann::json json = {{"transform", field.transform.ToString()},
                           {"source-id", field.source_id},
                           {"direction", field.ascending ? "asc" : "desc"},
                           {"null-order", field.nulls_first ? "nulls-first" : "nulls-last"}};
    PutMembers(field.other, json);
    fields.push_back(std::move(json));
  }
  nlohmann::json json = {{"order-id", order.order_id}, {"fields", std::move(fields)}};
  PutMembers(order.other, json);
  return json;
}

Result<SortOrder> SortOrderFromJson(const JsonView& json) {
  SortOrder order;
  K2I_ASSIGN_OR_RETURN(const auto order_id, json.GetOptional<int32_t>("order-id"));
  order.order_id = order_id.value_or(0);
  K2I_ASSIGN_OR_RETURN(const JsonView fields, json.At("fields"));
  K2I_ASSIGN_OR_RETURN(const auto elements, fields.Elements());
  for (const JsonView& element : elements) {
    K2I_ASSIGN_OR_RETURN(SortField field, SortFieldFromJson(element));
    order.fields.push_back(std::move(field));
  }
  order.other = MembersBeyond(json, {"order-id", "fields"});
  return order;
}

}  // namespace k2i::iceberg
