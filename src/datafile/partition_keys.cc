// SPDX-License-Identifier: Apache-2.0
#include "datafile/partition_keys.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <optional>
#include <string>
#include <unordered_map>

#include "datafile/arrow_status.h"
#include "datafile/source_values.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::NestedField;
using iceberg::PartitionTuple;
using iceberg::Type;
using iceberg::TypeId;

/// Appends the way to field `id` below the struct `type`; nullptr when it is not there or inside a list or map.
iceberg::TypePtr FindPosition(const Type& type, int32_t id, std::vector<int>& position) {
  for (int i = 0; const NestedField& field : type.fields()) {
    position.push_back(i++);
    if (field.field_id == id) return field.type;
    if (field.type->id() == TypeId::kStruct) {
      if (auto found = FindPosition(*field.type, id, position)) return found;
    }
    position.pop_back();
  }
  return nullptr;
}

/// Length-prefixed, so that neighbours in a tuple cannot run into each other.
void AppendKey(const Type& type, const Literal& value, std::string& key) {
  if (is_null(value)) {
    key.append("n");
    return;
  }
  const std::string bytes = iceberg::SerializeLiteral(type, value);
  key.append(std::to_string(bytes.size())).append(":").append(bytes);
}

/// Partition values of one field.
struct FieldKeys {
  std::vector<int32_t> index;
  std::vector<Literal> values;
};

Result<FieldKeys> ComputeFieldKeys(const PartitionSource& source, const arrow::RecordBatch& rows,
                                   arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto array, SourceArray(rows, source, pool));
  K2I_ASSIGN_OR_RETURN(SourceGroups groups, GroupSourceValues(*array, *source.type, source.transform));
  FieldKeys keys;
  std::unordered_map<std::string, int32_t> numbers;
  std::vector<int32_t> value_of_group;
  for (const Literal& sample : groups.samples) {
    Literal value = source.transform.Apply(*source.type, sample);
    std::string key;
    AppendKey(*source.result_type, value, key);
    const auto [found, inserted] = numbers.try_emplace(std::move(key), static_cast<int32_t>(keys.values.size()));
    if (inserted) keys.values.push_back(std::move(value));
    value_of_group.push_back(found->second);
  }
  keys.index = std::move(groups.index);
  for (int32_t& index : keys.index) index = value_of_group[static_cast<size_t>(index)];
  return keys;
}

/// Widens the tuples of `keys` by one field.
void Combine(const FieldKeys& field, PartitionKeys& keys) {
  std::unordered_map<int64_t, int32_t> numbers;
  std::vector<PartitionTuple> tuples;
  int64_t last_pair = -1;
  int32_t last_number = 0;
  for (size_t row = 0; row < keys.index.size(); ++row) {
    const auto before = static_cast<size_t>(keys.index[row]);
    const auto value = static_cast<size_t>(field.index[row]);
    const auto pair = static_cast<int64_t>(before * field.values.size() + value);
    if (pair != last_pair) {
      const auto [found, inserted] = numbers.try_emplace(pair, static_cast<int32_t>(tuples.size()));
      if (inserted) tuples.emplace_back(keys.tuples[before]).push_back(field.values[value]);
      last_pair = pair;
      last_number = found->second;
    }
    keys.index[row] = last_number;
  }
  keys.tuples = std::move(tuples);
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> SourceArray(const arrow::RecordBatch& rows, const PartitionSource& source,
                                                  arrow::MemoryPool* pool) {
  std::shared_ptr<arrow::Array> values = rows.column(source.position.front());
  for (size_t depth = 1; depth < source.position.size(); ++depth) {
    const auto& parent = static_cast<const arrow::StructArray&>(*values);
    K2I_ASSIGN_OR_RETURN(values, FromArrow(parent.GetFlattenedField(source.position[depth], pool)));
  }
  return values;
}

Result<std::vector<PartitionSource>> PartitionSources(const iceberg::PartitionSpec& spec,
                                                      const iceberg::Schema& schema) {
  std::vector<PartitionSource> sources;
  for (const iceberg::PartitionField& field : spec.fields) {
    PartitionSource& source = sources.emplace_back(PartitionSource{.transform = field.transform});
    source.type = FindPosition(*schema.type, field.source_id, source.position);
    if (source.type == nullptr && field.transform.kind == iceberg::TransformKind::kVoid) {
      // A dropped column's field: null in every row, whatever column is looked at.
      source.position = {0};
      source.type = iceberg::Type::Primitive(TypeId::kInt);
    }
    if (source.type == nullptr) {
      return Fail(ErrorCode::kInvalidArgument, "partition field " + field.name + ": there is no column with field id " +
                                                   std::to_string(field.source_id) + " outside lists and maps");
    }
    auto result_type = field.transform.ResultType(source.type);
    if (!result_type.has_value()) return std::unexpected(result_type.error().With("partition field " + field.name));
    source.result_type = *std::move(result_type);
  }
  return sources;
}

Result<PartitionKeys> ComputePartitionKeys(const std::vector<PartitionSource>& sources, const arrow::RecordBatch& rows,
                                           arrow::MemoryPool* pool) {
  PartitionKeys keys;
  keys.index.assign(static_cast<size_t>(rows.num_rows()), 0);
  keys.tuples.emplace_back();
  for (const PartitionSource& source : sources) {
    K2I_ASSIGN_OR_RETURN(FieldKeys field, ComputeFieldKeys(source, rows, pool));
    Combine(field, keys);
  }
  return keys;
}

std::string TupleKey(const std::vector<PartitionSource>& sources, const PartitionTuple& tuple) {
  std::string key;
  for (size_t i = 0; i < tuple.size(); ++i) AppendKey(*sources[i].result_type, tuple[i], key);
  return key;
}

}  // namespace k2i::datafile
