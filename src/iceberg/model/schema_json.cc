// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

/// Types nest no deeper in any table worth its name; the bound keeps a hostile document from using up the stack.
constexpr int kMaxDepth = 100;

nlohmann::json FieldToJson(const NestedField& field) {
  nlohmann::json json = {
      {"id", field.field_id}, {"name", field.name}, {"required", !field.optional}, {"type", TypeToJson(*field.type)}};
  if (!field.doc.empty()) json["doc"] = field.doc;
  if (field.initial_default) json["initial-default"] = LiteralToJson(*field.type, *field.initial_default);
  if (field.write_default) json["write-default"] = LiteralToJson(*field.type, *field.write_default);
  PutMembers(field.other, json);
  return json;
}

Result<TypePtr> TypeAtDepth(const JsonView& json, int depth);

Status ReadDefault(const JsonView& json, std::string_view key, const Type& type, std::optional<Literal>& into) {
  const auto member = json.Find(key);
  if (!member.has_value()) return {};
  K2I_ASSIGN_OR_RETURN(into, LiteralFromJson(type, *member));
  return {};
}

Result<NestedField> StructField(const JsonView& json, int depth) {
  NestedField field;
  K2I_ASSIGN_OR_RETURN(field.field_id, json.Get<int32_t>("id"));
  K2I_ASSIGN_OR_RETURN(field.name, json.Get<std::string>("name"));
  K2I_ASSIGN_OR_RETURN(const bool required, json.Get<bool>("required"));
  field.optional = !required;
  K2I_ASSIGN_OR_RETURN(const JsonView type, json.At("type"));
  K2I_ASSIGN_OR_RETURN(field.type, TypeAtDepth(type, depth));
  K2I_ASSIGN_OR_RETURN(auto doc, json.GetOptional<std::string>("doc"));
  field.doc = doc.value_or("");
  K2I_RETURN_IF_ERROR(ReadDefault(json, "initial-default", *field.type, field.initial_default));
  K2I_RETURN_IF_ERROR(ReadDefault(json, "write-default", *field.type, field.write_default));
  field.other = MembersBeyond(json, {"id", "name", "required", "type", "doc", "initial-default", "write-default"});
  return field;
}

/// The element of a list, or the key or value of a map: members "<name>-id", "<name>" and "<name>-required".
Result<NestedField> InnerField(const JsonView& json, const std::string& name, bool may_be_null, int depth) {
  NestedField field{.name = name, .type = nullptr, .optional = false};
  K2I_ASSIGN_OR_RETURN(field.field_id, json.Get<int32_t>(name + "-id"));
  K2I_ASSIGN_OR_RETURN(const JsonView type, json.At(name));
  K2I_ASSIGN_OR_RETURN(field.type, TypeAtDepth(type, depth));
  if (may_be_null) {
    K2I_ASSIGN_OR_RETURN(const bool required, json.Get<bool>(name + "-required"));
    field.optional = !required;
  }
  return field;
}

Result<TypePtr> StructType(const JsonView& json, int depth) {
  K2I_ASSIGN_OR_RETURN(const JsonView members, json.At("fields"));
  K2I_ASSIGN_OR_RETURN(const auto elements, members.Elements());
  std::vector<NestedField> fields;
  for (const JsonView& element : elements) {
    K2I_ASSIGN_OR_RETURN(NestedField field, StructField(element, depth));
    fields.push_back(std::move(field));
  }
  // A schema is a struct with two members of its own, which are Schema's.
  if (depth == 1) return Type::Struct(std::move(fields));
  return Type::Struct(std::move(fields), MembersBeyond(json, {"type", "fields"}));
}

Result<TypePtr> PrimitiveType(const JsonView& json) {
  K2I_ASSIGN_OR_RETURN(const std::string name, json.As<std::string>());
  auto type = ParsePrimitiveType(name);
  if (type.has_value()) return type;
  if (name == "variant" || name.starts_with("geometry") || name.starts_with("geography")) {
    return Fail(ErrorCode::kNotSupported, json.path() + ": type " + name + " is not supported");
  }
  return json.Malformed(type.error().message);
}

Result<TypePtr> TypeAtDepth(const JsonView& json, int depth) {
  if (json.value().is_string()) return PrimitiveType(json);
  if (depth == kMaxDepth) return json.Malformed("types nest too deeply");
  K2I_ASSIGN_OR_RETURN(const std::string kind, json.Get<std::string>("type"));
  if (kind == "struct") return StructType(json, depth + 1);
  if (kind == "list") {
    K2I_ASSIGN_OR_RETURN(NestedField element, InnerField(json, "element", true, depth + 1));
    return Type::List(std::move(element), MembersBeyond(json, {"type", "element-id", "element", "element-required"}));
  }
  if (kind == "map") {
    K2I_ASSIGN_OR_RETURN(NestedField key, InnerField(json, "key", false, depth + 1));
    K2I_ASSIGN_OR_RETURN(NestedField value, InnerField(json, "value", true, depth + 1));
    return Type::Map(std::move(key), std::move(value),
                     MembersBeyond(json, {"type", "key-id", "key", "value-id", "value", "value-required"}));
  }
  return json.Malformed("'" + kind + "' is not an Iceberg type");
}

}  // namespace

nlohmann::json TypeToJson(const Type& type) {
  switch (type.id()) {
    case TypeId::kStruct: {
      auto fields = nlohmann::json::array();
      for (const NestedField& field : type.fields()) fields.push_back(FieldToJson(field));
      nlohmann::json json = {{"type", "struct"}, {"fields", std::move(fields)}};
      PutMembers(type.other(), json);
      return json;
    }
    case TypeId::kList: {
      const NestedField& element = type.fields()[0];
      nlohmann::json json = {{"type", "list"},
                             {"element-id", element.field_id},
                             {"element", TypeToJson(*element.type)},
                             {"element-required", !element.optional}};
      PutMembers(type.other(), json);
      return json;
    }
    case TypeId::kMap: {
      const NestedField& key = type.fields()[0];
      const NestedField& value = type.fields()[1];
      nlohmann::json json = {{"type", "map"},
                             {"key-id", key.field_id},
                             {"key", TypeToJson(*key.type)},
                             {"value-id", value.field_id},
                             {"value", TypeToJson(*value.type)},
                             {"value-required", !value.optional}};
      PutMembers(type.other(), json);
      return json;
    }
    default:
      return type.ToString();
  }
}

Result<TypePtr> TypeFromJson(const JsonView& json) { return TypeAtDepth(json, 0); }

nlohmann::json SchemaToJson(const Schema& schema) {
  nlohmann::json json = TypeToJson(*schema.type);
  json["schema-id"] = schema.schema_id;
  if (!schema.identifier_field_ids.empty()) json["identifier-field-ids"] = schema.identifier_field_ids;
  PutMembers(schema.other, json);
  return json;
}

Result<Schema> SchemaFromJson(const JsonView& json) {
  Schema schema;
  K2I_ASSIGN_OR_RETURN(schema.type, TypeFromJson(json));
  if (schema.type->id() != TypeId::kStruct) return json.Malformed("a schema is a struct");
  K2I_ASSIGN_OR_RETURN(const auto schema_id, json.GetOptional<int32_t>("schema-id"));
  schema.schema_id = schema_id.value_or(0);
  if (const auto ids = json.Find("identifier-field-ids")) {
    K2I_ASSIGN_OR_RETURN(schema.identifier_field_ids, ids->List<int32_t>());
  }
  schema.other = MembersBeyond(json, {"type", "fields", "schema-id", "identifier-field-ids"});
  return schema;
}

}  // namespace k2i::iceberg
