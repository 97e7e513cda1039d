// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/schema_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace k2i::iceberg {
namespace {

std::unexpected<Error> Illegal(std::string message) { return Fail(ErrorCode::kInvalidArgument, std::move(message)); }

/// Walks a schema; what it has seen so far tells of what occurs twice.
class FieldCheck {
 public:
  explicit FieldCheck(int32_t format_version) : format_version_(format_version) {}

  Status Fields(const std::string& prefix, const Type& type) {
    for (const NestedField& field : type.fields()) {
      const std::string path = prefix + field.name;
      K2I_RETURN_IF_ERROR(Field(path, field));
      K2I_RETURN_IF_ERROR(Fields(path + ".", *field.type));
    }
    return {};
  }

 private:
  Status Field(const std::string& path, const NestedField& field) {
    if (field.name.empty()) return Illegal(fmt::format("a column without a name (id {})", field.field_id));
    if (field.field_id <= 0) return Illegal(fmt::format("column {} has no field id", path));
    if (!ids_.insert(field.field_id).second) {
      return Illegal(fmt::format("column {} has field id {}, which another column has", path, field.field_id));
    }
    if (!names_.insert(path).second) return Illegal(fmt::format("two columns are named {}", path));
    if (!field.type->is_nested() && MinFormatVersion(*field.type) > format_version_) {
      return Illegal(fmt::format("column {}: type {} needs format version {}, the table has {}", path,
                                 field.type->ToString(), MinFormatVersion(*field.type), format_version_));
    }
    if (field.type->id() == TypeId::kUnknown && !field.optional) {
      return Illegal(fmt::format("column {}: a column of type unknown must be optional", path));
    }
    const bool has_default = field.initial_default && !is_null(*field.initial_default);
    if (has_default && format_version_ < 3) {
      return Illegal(fmt::format("column {}: default values need format version 3", path));
    }
    return {};
  }

  const int32_t format_version_;
  std::set<int32_t> ids_;
  std::set<std::string> names_;
};

/// The field with that id, reached through structs alone, if they and it are all required when `required` says so.
const NestedField* FindInStructs(const Type& type, int32_t field_id, bool required) {
  for (const NestedField& field : type.fields()) {
    if (required && field.optional) continue;
    if (field.field_id == field_id) return &field;
    if (field.type->id() != TypeId::kStruct) continue;
    if (const NestedField* found = FindInStructs(*field.type, field_id, required)) return found;
  }
  return nullptr;
}

Status CheckIdentifierField(const Schema& schema, int32_t field_id) {
  const NestedField* field = FindInStructs(*schema.type, field_id, true);
  if (field == nullptr) {
    return Illegal(fmt::format("identifier field {} is not a required column outside lists and maps", field_id));
  }
  const TypeId type = field->type->id();
  if (field->type->is_nested() || type == TypeId::kFloat || type == TypeId::kDouble) {
    return Illegal(fmt::format("identifier field {} cannot be of type {}", field->name, field->type->ToString()));
  }
  return {};
}

/// A partition may bear a column's name only if its values are that column's own.
Status CheckPartitionName(const PartitionField& field, const Schema& schema) {
  const NestedField* column = schema.FindField(field.name);
  const bool same = column != nullptr && column->field_id == field.source_id &&
                    (field.transform.kind == TransformKind::kIdentity || field.transform.kind == TransformKind::kVoid);
  if (column == nullptr || same) return {};
  return Illegal(fmt::format("partition field {} has the name of another column", field.name));
}

}  // namespace

Status CheckSchema(const Schema& schema, int32_t format_version) {
  if (schema.type == nullptr || schema.type->id() != TypeId::kStruct) return Illegal("a schema must be a struct");
  FieldCheck check(format_version);
  K2I_RETURN_IF_ERROR(check.Fields("", *schema.type));
  for (const int32_t field_id : schema.identifier_field_ids) {
    K2I_RETURN_IF_ERROR(CheckIdentifierField(schema, field_id));
  }
  return {};
}

Status CheckPartitionSources(const PartitionSpec& spec, const Schema& schema) {
  for (const PartitionField& field : spec.fields) {
    if (field.transform.kind == TransformKind::kVoid) continue;  // its column may be gone
    const NestedField* source = FindInStructs(*schema.type, field.source_id, false);
    if (source == nullptr) {
      return Illegal(
          fmt::format("partition field {}: no column outside lists and maps has id {}", field.name, field.source_id));
    }
    const auto type = field.transform.ResultType(source->type);
    if (!type.has_value()) return std::unexpected(type.error().With("partition field " + field.name));
  }
  return {};
}

Status CheckNewPartitionSpec(const PartitionSpec& spec, const Schema& schema) {
  std::set<std::string> names, values;
  std::set<int32_t> ids;
  for (const PartitionField& field : spec.fields) {
    if (field.name.empty()) return Illegal("a partition field without a name");
    if (!names.insert(field.name).second) return Illegal(fmt::format("two partition fields are named {}", field.name));
    if (!values.insert(fmt::format("{} {}", field.source_id, field.transform.ToString())).second) {
      return Illegal(fmt::format("partition field {} repeats another one", field.name));
    }
    if (field.field_id != 0 && !ids.insert(field.field_id).second) {
      return Illegal(fmt::format("two partition fields have id {}", field.field_id));
    }
    K2I_RETURN_IF_ERROR(CheckPartitionName(field, schema));
  }
  return CheckPartitionSources(spec, schema);
}

Status CheckSortOrder(const SortOrder& order, const Schema& schema) {
  for (const SortField& field : order.fields) {
    const NestedField* source = schema.FindField(field.source_id);
    if (source == nullptr) return Illegal(fmt::format("sort order: no column has id {}", field.source_id));
    const auto type = field.transform.ResultType(source->type);
    if (!type.has_value()) return std::unexpected(type.error().With("sort order"));
  }
  return {};
}

}  // namespace k2i::iceberg
