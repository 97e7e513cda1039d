// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_positions.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "datafile/data_file_reader.h"
#include "iceberg/scan/scan.h"

namespace k2i::ingest {
namespace {

using iceberg::TypeId;

/// The fields to be read, in the order topic (perhaps), partition, offset.
Result<iceberg::Schema> SelectColumns(const iceberg::Schema& schema, const PositionColumns& columns) {
  std::vector<iceberg::NestedField> fields;
  for (const auto& [name, type] : {std::pair{columns.topic, TypeId::kString},
                                   {columns.partition, TypeId::kInt},
                                   {columns.offset, TypeId::kLong}}) {
    if (name.empty() && type == TypeId::kString) continue;
    const auto* field = name.empty() ? nullptr : schema.FindField(name);
    if (field == nullptr || field->type->id() != type) {
      return Fail(ErrorCode::kInvalidConfig,
                  fmt::format("the table has no column {} that says where a row comes from in Kafka; "
                              "[schema.metadata] must name the columns of partition and offset",
                              name.empty() ? "" : "'" + name + "'"),
                  Component::kConfig);
    }
    fields.push_back(*field);
  }
  return iceberg::Schema{
      .schema_id = schema.schema_id, .type = iceberg::Type::Struct(std::move(fields)), .identifier_field_ids = {}};
}

/// Smallest and largest value of a column by the manifest; everything where it does not say.
template <typename T>
std::pair<T, T> Bounds(const iceberg::DataFile& file, const iceberg::NestedField& field) {
  std::pair<T, T> bounds{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  auto read = [&](const std::map<int32_t, std::string>& all, T& bound) {
    const auto it = all.find(field.field_id);
    if (it == all.end()) return;
    const auto literal = iceberg::DeserializeLiteral(*field.type, it->second);
    if (literal && std::holds_alternative<T>(*literal)) bound = std::get<T>(*literal);
  };
  read(file.lower_bounds, bounds.first);
  read(file.upper_bounds, bounds.second);
  return bounds;
}

bool MayHold(const iceberg::DataFile& file, const iceberg::Schema& columns, const OffsetRanges& wanted) {
  const auto& fields = columns.fields();
  const auto [first_partition, last_partition] = Bounds<int32_t>(file, fields[fields.size() - 2]);
  const auto [first_offset, last_offset] = Bounds<int64_t>(file, fields[fields.size() - 1]);
  return std::ranges::any_of(wanted, [&](const auto& each) {
    const auto& [tp, range] = each;
    return tp.partition.value >= first_partition && tp.partition.value <= last_partition &&
           range.begin.value <= last_offset && range.end.value > first_offset;
  });
}

using Visit = std::function<void(const TopicPartition&, int64_t)>;

void VisitBatch(const arrow::RecordBatch& rows, const OffsetRanges& wanted, const Visit& visit) {
  const int last = rows.num_columns() - 1;
  const auto* topics = last == 2 ? static_cast<const arrow::StringArray*>(rows.column(0).get()) : nullptr;
  const auto& partitions = static_cast<const arrow::Int32Array&>(*rows.column(last - 1));
  const auto& offsets = static_cast<const arrow::Int64Array&>(*rows.column(last));
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (partitions.IsNull(row) || offsets.IsNull(row) || (topics != nullptr && topics->IsNull(row))) continue;
    const std::string topic = topics != nullptr ? std::string(topics->GetView(row)) : wanted.begin()->first.topic;
    const auto range = wanted.find({topic, PartitionId{partitions.Value(row)}});
    if (range == wanted.end()) continue;
    const int64_t offset = offsets.Value(row);
    if (offset >= range->second.begin.value && offset < range->second.end.value) visit(range->first, offset);
  }
}

}  // namespace

Status ForEachPosition(io::ObjectStore& store, const iceberg::TableMetadata& table, const std::string& branch,
                       const PositionColumns& columns, const OffsetRanges& wanted, arrow::MemoryPool& pool,
                       const Visit& visit) {
  const iceberg::Snapshot* head = table.FindRef(branch);
  if (head == nullptr || wanted.empty()) return {};
  const bool one_topic = wanted.begin()->first.topic == wanted.rbegin()->first.topic;
  if (columns.topic.empty() && !one_topic) {
    return Fail(ErrorCode::kNotSupported, "several topics are in the table, but no column says which a row is of",
                Component::kConfig);
  }
  K2I_ASSIGN_OR_RETURN(const auto selected, SelectColumns(table.current_schema(), columns));
  K2I_ASSIGN_OR_RETURN(const auto files, iceberg::PlanFiles(store, table, *head));
  for (const auto& entry : files.data) {
    if (!MayHold(entry.data_file, selected, wanted)) continue;
    K2I_ASSIGN_OR_RETURN(auto reader,
                         datafile::DataFileReader::Open(store, entry.data_file, selected, &pool, {.table = &table}));
    K2I_RETURN_IF_ERROR(reader->ForEach([&](const arrow::RecordBatch& rows) -> Status {
      VisitBatch(rows, wanted, visit);
      return {};
    }));
  }
  return {};
}

Result<RowPositions> FindPositions(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                   const std::string& branch, const PositionColumns& columns,
                                   const RowPositions& wanted, arrow::MemoryPool& pool) {
  OffsetRanges ranges;
  for (const auto& [partition, offsets] : wanted) {
    if (!offsets.empty()) ranges[partition] = {Offset{*offsets.begin()}, Offset{*offsets.rbegin() + 1}};
  }
  RowPositions found;
  K2I_RETURN_IF_ERROR(ForEachPosition(store, table, branch, columns, ranges, pool,
                                      [&](const TopicPartition& partition, int64_t offset) {
                                        if (wanted.at(partition).contains(offset)) found[partition].insert(offset);
                                      }));
  return found;
}

}  // namespace k2i::ingest
