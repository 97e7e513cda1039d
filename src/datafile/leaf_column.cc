// SPDX-License-Identifier: Apache-2.0
#include "datafile/leaf_column.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "datafile/arrow_status.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;

/// What Parquet puts between a field of type `id` and its children.
std::string RepeatedGroup(TypeId id) {
  if (id == TypeId::kList) return ".list";
  if (id == TypeId::kMap) return ".key_value";
  return "";
}

void Collect(const Type& type, const LeafColumn& parent, std::vector<LeafColumn>& leaves) {
  const std::string group = parent.parquet_path + RepeatedGroup(type.id());
  for (int i = 0; const NestedField& field : type.fields()) {
    LeafColumn child = parent;
    child.field_id = field.field_id;
    child.type = field.type;
    child.name = parent.name.empty() ? field.name : parent.name + "." + field.name;
    child.parquet_path = group.empty() ? field.name : group + "." + field.name;
    child.position.push_back(i++);
    child.repeated = parent.repeated || type.id() != TypeId::kStruct;
    if (field.type->is_nested()) {
      Collect(*field.type, child, leaves);
    } else {
      leaves.push_back(std::move(child));
    }
  }
}

arrow::Result<std::shared_ptr<arrow::Array>> Child(const arrow::Array& array, int index, arrow::MemoryPool* pool) {
  switch (array.type_id()) {
    case arrow::Type::STRUCT:
      return static_cast<const arrow::StructArray&>(array).GetFlattenedField(index, pool);
    case arrow::Type::LIST:
      return static_cast<const arrow::ListArray&>(array).Flatten(pool);
    case arrow::Type::MAP: {
      ARROW_ASSIGN_OR_RAISE(auto entries, static_cast<const arrow::MapArray&>(array).Flatten(pool));
      return static_cast<const arrow::StructArray&>(*entries).GetFlattenedField(index, pool);
    }
    default:
      return arrow::Status::TypeError("no child below ", array.type()->ToString());
  }
}

}  // namespace

std::vector<LeafColumn> LeafColumns(const iceberg::Schema& schema) {
  std::vector<LeafColumn> leaves;
  Collect(*schema.type, LeafColumn{}, leaves);
  return leaves;
}

Result<std::shared_ptr<arrow::Array>> LeafValues(const arrow::RecordBatch& rows, const LeafColumn& leaf,
                                                 arrow::MemoryPool* pool) {
  std::shared_ptr<arrow::Array> values = rows.column(leaf.position.front());
  for (size_t depth = 1; depth < leaf.position.size(); ++depth) {
    K2I_ASSIGN_OR_RETURN(values, FromArrow(Child(*values, leaf.position[depth], pool)));
  }
  return values;
}

}  // namespace k2i::datafile
