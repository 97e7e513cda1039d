// SPDX-License-Identifier: Apache-2.0
//
// Avro schemas as JSON (Avro specification, "Schema Declaration"), with Iceberg's attributes.
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "iceberg/manifest/avro/schema.h"

namespace k2i::iceberg::avro {
namespace {

using Json = nlohmann::ordered_json;

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr KindName kPrimitives[] = {
    {Kind::kNull, "null"},   {Kind::kBoolean, "boolean"}, {Kind::kInt, "int"},     {Kind::kLong, "long"},
    {Kind::kFloat, "float"}, {Kind::kDouble, "double"},   {Kind::kBytes, "bytes"}, {Kind::kString, "string"},
};

std::unexpected<Error> Malformed(std::string what) {
  return Fail(ErrorCode::kCorruption, "Avro schema: " + std::move(what));
}

Result<std::optional<int32_t>> Integer(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_integer()) return Malformed(std::string(key) + " is not an integer");
  const auto value = found->get<int64_t>();
  if (value < 0 || value > std::numeric_limits<int32_t>::max()) return Malformed(std::string(key) + " out of range");
  return static_cast<int32_t>(value);
}

std::string Text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Reads one schema text. A named type is known only once it is complete, so that a recursive one is an unknown name;
/// it is shared by its references, so that memory stays linear in the text.
class Parser {
 public:
  Result<TypePtr> Parse(const Json& json, int depth) {
    if (depth > kMaxSchemaDepth) return Malformed("nested too deeply");
    K2I_ASSIGN_OR_RETURN(TypePtr type, ParseNode(json, depth));
    if (type->depth > kMaxSchemaDepth) return Malformed("nested too deeply");
    return type;
  }

 private:
  Result<TypePtr> ParseNode(const Json& json, int depth) {
    if (json.is_string()) return ParseName(json.get_ref<const std::string&>());
    if (json.is_array()) return ParseUnion(json, depth);
    if (!json.is_object()) return Malformed("a type is neither name, union nor object");
    const auto type = json.find("type");
    if (type == json.end()) return Malformed("an object has no type");
    if (!type->is_string()) {  // {"type": {"type": "long", …}, "logicalType": …}
      K2I_ASSIGN_OR_RETURN(const TypePtr inner, Parse(*type, depth + 1));
      return WithAttributes(inner, json);
    }
    const auto& name = type->get_ref<const std::string&>();
    if (name == "record") return ParseRecord(json, depth);
    if (name == "array" || name == "map") return ParseContainer(json, name == "array", depth);
    if (name == "fixed" || name == "enum") return ParseFixed(json, name == "fixed");
    K2I_ASSIGN_OR_RETURN(const TypePtr inner, ParseName(name));
    return WithAttributes(inner, json);
  }

  /// Namespaces are ignored: manifests have none, and a name is looked up by its last part.
  static std::string LastPart(const std::string& name) { return name.substr(name.rfind('.') + 1); }

  Result<TypePtr> ParseName(const std::string& name) {
    for (const KindName& primitive : kPrimitives) {
      if (primitive.name == name) return Primitive(primitive.kind);
    }
    const auto found = named_.find(LastPart(name));
    if (found == named_.end()) return Malformed("unknown type " + name.substr(0, 100));
    return found->second;
  }

  TypePtr Named(const Json& json, Type type) {
    type.name = Text(json, "name");
    TypePtr result = MakeType(std::move(type));
    named_[LastPart(result->name)] = result;
    return result;
  }

  Result<TypePtr> ParseUnion(const Json& json, int depth) {
    Type type{.kind = Kind::kUnion};
    if (json.empty()) return Malformed("an empty union");
    for (const Json& branch : json) {
      K2I_ASSIGN_OR_RETURN(TypePtr part, Parse(branch, depth + 1));
      if (part->kind == Kind::kUnion) return Malformed("a union in a union");
      type.parts.push_back(std::move(part));
    }
    return MakeType(std::move(type));
  }

  Result<TypePtr> ParseRecord(const Json& json, int depth) {
    Type type{.kind = Kind::kRecord};
    const auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) return Malformed("a record without fields");
    for (const Json& item : *fields) {
      if (!item.is_object() || !item.contains("type")) return Malformed("a field without type");
      Field field{.name = Text(item, "name")};
      K2I_ASSIGN_OR_RETURN(field.type, Parse(item["type"], depth + 1));
      K2I_ASSIGN_OR_RETURN(field.field_id, Integer(item, "field-id"));
      type.fields.push_back(std::move(field));
    }
    return Named(json, std::move(type));
  }

  Result<TypePtr> ParseContainer(const Json& json, bool array, int depth) {
    const auto items = json.find(array ? "items" : "values");
    if (items == json.end()) return Malformed("an array or map without items");
    K2I_ASSIGN_OR_RETURN(TypePtr part, Parse(*items, depth + 1));
    Type type{.kind = array ? Kind::kArray : Kind::kMap, .parts = {std::move(part)}};
    return WithAttributes(MakeType(std::move(type)), json);
  }

  Result<TypePtr> ParseFixed(const Json& json, bool fixed) {
    Type type{.kind = fixed ? Kind::kFixed : Kind::kEnum};
    if (fixed) {
      K2I_ASSIGN_OR_RETURN(const auto size, Integer(json, "size"));
      if (!size.has_value()) return Malformed("a fixed without size");
      type.size = *size;
    } else {
      const auto symbols = json.find("symbols");
      if (symbols == json.end() || !symbols->is_array()) return Malformed("an enum without symbols");
      type.size = static_cast<int32_t>(symbols->size());
    }
    K2I_ASSIGN_OR_RETURN(const TypePtr result, WithAttributes(MakeType(std::move(type)), json));
    return Named(json, *result);
  }

  /// A copy of `type` with the attributes that stand in `json`. Records, enums and unions have none that matter.
  static Result<TypePtr> WithAttributes(const TypePtr& type, const Json& json) {
    if (type->kind == Kind::kRecord || type->kind == Kind::kEnum || type->kind == Kind::kUnion) return type;
    Type copy = *type;
    if (json.contains("logicalType")) copy.logical_type = Text(json, "logicalType");
    if (const auto utc = json.find("adjust-to-utc"); utc != json.end() && utc->is_boolean()) copy.adjust_to_utc = *utc;
    K2I_ASSIGN_OR_RETURN(const auto precision, Integer(json, "precision"));
    K2I_ASSIGN_OR_RETURN(const auto scale, Integer(json, "scale"));
    K2I_ASSIGN_OR_RETURN(const auto element_id, Integer(json, "element-id"));
    if (precision.has_value()) copy.precision = *precision;
    if (scale.has_value()) copy.scale = *scale;
    if (element_id.has_value()) copy.element_id = element_id;
    return MakeType(std::move(copy));
  }

  std::map<std::string, TypePtr> named_;
};

Json ToJson(const Type& type);

Json FieldJson(const Field& field) {
  Json json{{"name", field.name}, {"type", ToJson(*field.type)}};
  if (!field.doc.empty()) json["doc"] = field.doc;
  const bool optional = field.type->kind == Kind::kUnion && field.type->parts[0]->kind == Kind::kNull;
  if (optional) json["default"] = nullptr;
  if (!field.iceberg_name.empty()) json["iceberg-field-name"] = field.iceberg_name;
  if (field.field_id.has_value()) json["field-id"] = *field.field_id;
  return json;
}

Json WithAttributes(Json json, const Type& type) {
  if (!type.logical_type.empty()) json["logicalType"] = type.logical_type;
  if (type.logical_type == "decimal") {
    json["precision"] = type.precision;
    json["scale"] = type.scale;
  }
  if (type.adjust_to_utc.has_value()) json["adjust-to-utc"] = *type.adjust_to_utc;
  if (type.element_id.has_value()) json["element-id"] = *type.element_id;
  return json;
}

Json ToJson(const Type& type) {
  switch (type.kind) {
    case Kind::kUnion: {
      Json branches = Json::array();
      for (const TypePtr& branch : type.parts) branches.push_back(ToJson(*branch));
      return branches;
    }
    case Kind::kRecord: {
      Json fields = Json::array();
      for (const Field& field : type.fields) fields.push_back(FieldJson(field));
      return {{"type", "record"}, {"name", type.name}, {"fields", std::move(fields)}};
    }
    case Kind::kArray:
      return WithAttributes({{"type", "array"}, {"items", ToJson(*type.parts[0])}}, type);
    case Kind::kFixed:
      return WithAttributes({{"type", "fixed"}, {"name", type.name}, {"size", type.size}}, type);
    default:
      break;
  }
  for (const KindName& primitive : kPrimitives) {
    if (primitive.kind != type.kind) continue;
    if (type.logical_type.empty()) return primitive.name;
    Json json = Json::object();
    json["type"] = primitive.name;
    return WithAttributes(std::move(json), type);
  }
  return nullptr;  // enum and map are never written
}

}  // namespace

Result<TypePtr> ParseSchema(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Malformed("not JSON");
  return Parser().Parse(parsed, 1);
}

std::string SchemaJson(const Type& type) { return OrderedJsonText(ToJson(type)); }

}  // namespace k2i::iceberg::avro
