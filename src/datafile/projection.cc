// SPDX-License-Identifier: Apache-2.0
#include "datafile/projection.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>

#include "datafile/arrow_status.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;

std::unexpected<Error> Unlike(const std::string& name, const std::string& what) {
  return Fail(ErrorCode::kCorruption, "column " + name + " " + what, Component::kStorage);
}

/// The file's fields below a nested field, in the order of Iceberg's; empty when the shapes differ.
arrow::FieldVector ChildFields(TypeId wanted, const arrow::DataType& type) {
  const bool list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
  if (wanted == TypeId::kStruct && type.id() == arrow::Type::STRUCT) return type.fields();
  if (wanted == TypeId::kList && list) return type.fields();
  if (wanted == TypeId::kMap && type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    return {map.key_field(), map.item_field()};
  }
  return {};
}

Result<FieldProjection> ProjectField(const NestedField& wanted, const arrow::FieldVector& fields,
                                     std::optional<int> index) {
  FieldProjection projection;
  K2I_ASSIGN_OR_RETURN(projection.type, iceberg::ToArrowType(*wanted.type));
  projection.source = index;
  if (!index) {
    const bool has_default = wanted.initial_default && !iceberg::is_null(*wanted.initial_default);
    if (has_default) {
      return Fail(ErrorCode::kNotSupported, "column " + wanted.name + " is not in the file and has a default value");
    }
    if (!wanted.optional) return Unlike(wanted.name, "is required, but not in the file");
    return projection;
  }
  if (!wanted.type->is_nested()) return projection;
  const arrow::DataType& type = *fields[static_cast<size_t>(*index)]->type();
  const arrow::FieldVector children = ChildFields(wanted.type->id(), type);
  if (children.empty()) return Unlike(wanted.name, "is " + type.ToString() + " in the file");
  if (wanted.type->id() == TypeId::kStruct) {
    K2I_ASSIGN_OR_RETURN(projection.children, ProjectFields(wanted.type->fields(), children));
    return projection;
  }
  for (int i = 0; const NestedField& field : wanted.type->fields()) {
    K2I_ASSIGN_OR_RETURN(projection.children.emplace_back(), ProjectField(field, children, i++));
  }
  return projection;
}

Result<std::shared_ptr<arrow::Array>> Cast(const arrow::Array& source, const std::shared_ptr<arrow::DataType>& type,
                                           arrow::MemoryPool* pool) {
  if (source.type_id() == arrow::Type::EXTENSION) {
    return Cast(*static_cast<const arrow::ExtensionArray&>(source).storage(), type, pool);
  }
  if (source.type()->Equals(*type)) return arrow::MakeArray(source.data());
  auto options = arrow::compute::CastOptions::Safe();
  options.allow_time_truncate = true;  // Spark's INT96 is read as nanoseconds
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  auto cast = arrow::compute::Cast(source, type, options, &context);
  if (!cast.ok()) return Unlike("of " + source.type()->ToString(), "is not " + type->ToString());
  return *std::move(cast);
}

/// All values of `data` (its offset notwithstanding) in the wanted form.
Result<std::shared_ptr<arrow::ArrayData>> ProjectData(const FieldProjection& projection,
                                                      const std::shared_ptr<arrow::ArrayData>& data,
                                                      arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(const auto array, Project(projection, *arrow::MakeArray(data), pool));
  return array->data();
}

/// The children of a struct of `length` rows.
Result<std::vector<std::shared_ptr<arrow::ArrayData>>> ProjectChildren(const FieldProjection& projection,
                                                                       const arrow::ArrayData& data, int64_t length,
                                                                       arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const FieldProjection& child : projection.children) {
    if (child.source) {
      K2I_ASSIGN_OR_RETURN(children.emplace_back(),
                           ProjectData(child, data.child_data[static_cast<size_t>(*child.source)], pool));
    } else {
      K2I_ASSIGN_OR_RETURN(const auto nulls, FromArrow(arrow::MakeArrayOfNull(child.type, length, pool)));
      children.push_back(nulls->data());
    }
  }
  return children;
}

}  // namespace

std::optional<int32_t> FieldIdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return std::nullopt;
  const auto text = field.metadata()->Get("PARQUET:field_id");
  int32_t id = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), id).ec != std::errc()) {
    return std::nullopt;
  }
  return id;
}

Result<std::vector<FieldProjection>> ProjectFields(const std::vector<NestedField>& wanted,
                                                   const arrow::FieldVector& fields,
                                                   const std::map<int32_t, iceberg::Literal>& constants) {
  std::vector<FieldProjection> projections;
  for (const NestedField& field : wanted) {
    std::optional<int> found;
    for (size_t i = 0; i < fields.size() && !found; ++i) {
      if (FieldIdOf(*fields[i]) == field.field_id) found = static_cast<int>(i);
    }
    if (const auto constant = constants.find(field.field_id); !found && constant != constants.end()) {
      K2I_ASSIGN_OR_RETURN(auto type, iceberg::ToArrowType(*field.type));
      projections.push_back({.source = std::nullopt, .constant = constant->second, .type = std::move(type)});
      continue;
    }
    K2I_ASSIGN_OR_RETURN(projections.emplace_back(), ProjectField(field, fields, found));
  }
  return projections;
}

Result<std::shared_ptr<arrow::Array>> Project(const FieldProjection& projection, const arrow::Array& source,
                                              arrow::MemoryPool* pool) {
  if (projection.children.empty()) return Cast(source, projection.type, pool);
  if (source.type_id() == arrow::Type::LARGE_LIST) {
    const auto& list = static_cast<const arrow::LargeListType&>(*source.type());
    K2I_ASSIGN_OR_RETURN(const auto shorter, Cast(source, arrow::list(list.value_field()), pool));
    return Project(projection, *shorter, pool);
  }
  const std::shared_ptr<arrow::ArrayData> data = source.data()->Copy();
  data->type = projection.type;
  if (source.type_id() == arrow::Type::STRUCT) {
    K2I_ASSIGN_OR_RETURN(data->child_data,
                         ProjectChildren(projection, *source.data(), data->offset + data->length, pool));
  } else if (source.type_id() == arrow::Type::MAP) {
    const arrow::ArrayData& entries = *source.data()->child_data[0];
    const auto projected = entries.Copy();
    projected->type = projection.type->field(0)->type();
    K2I_ASSIGN_OR_RETURN(projected->child_data,
                         ProjectChildren(projection, entries, entries.offset + entries.length, pool));
    data->child_data = {projected};
  } else {
    K2I_ASSIGN_OR_RETURN(auto values, ProjectData(projection.children[0], source.data()->child_data[0], pool));
    data->child_data = {std::move(values)};
  }
  return arrow::MakeArray(data);
}

}  // namespace k2i::datafile
