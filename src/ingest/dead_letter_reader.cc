// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_reader.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "datafile/data_file_reader.h"
#include "iceberg/scan/scan.h"
#include "record/dead_letter_rows.h"

namespace k2i::ingest {
namespace {

/// The table's own fields of the columns that every dead-letter table has, in the order of DeadLetterSchema.
Result<iceberg::Schema> SelectColumns(const iceberg::Schema& table) {
  const auto wanted = record::DeadLetterSchema();
  const auto differences = iceberg::ExplainMismatch(wanted, table);
  if (!differences.empty()) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("this is no dead-letter table: {}", fmt::join(differences, "; ")), Component::kConfig);
  }
  std::vector<iceberg::NestedField> fields;
  for (const auto& field : wanted.fields()) fields.push_back(*table.FindField(field.name));
  return iceberg::Schema{
      .schema_id = table.schema_id, .type = iceberg::Type::Struct(std::move(fields)), .identifier_field_ids = {}};
}

/// One batch, its columns by name.
class LetterBatch {
 public:
  explicit LetterBatch(const arrow::RecordBatch& rows)
      : topic_(Column<arrow::StringArray>(rows, "topic")),
        partition_(Column<arrow::Int32Array>(rows, "partition")),
        offset_(Column<arrow::Int64Array>(rows, "offset")),
        timestamp_(Column<arrow::TimestampArray>(rows, "timestamp")),
        key_(Column<arrow::BinaryArray>(rows, "key")),
        value_(Column<arrow::BinaryArray>(rows, "value")),
        headers_(Column<arrow::ListArray>(rows, "headers")),
        error_class_(Column<arrow::StringArray>(rows, "error_class")),
        error_(Column<arrow::StringArray>(rows, "error")),
        schema_id_(Column<arrow::Int32Array>(rows, "schema_id")) {}

  bool HasPosition(int64_t row) const { return topic_.IsValid(row) && partition_.IsValid(row) && offset_.IsValid(row); }
  TopicPartition partition(int64_t row) const { return {topic_.GetString(row), PartitionId{partition_.Value(row)}}; }
  Offset offset(int64_t row) const { return Offset{offset_.Value(row)}; }

  Letter Get(int64_t row) const {
    Letter letter{.record = {.partition = partition(row), .offset = offset(row)},
                  .error_class = Bytes(error_class_, row).value_or(""),
                  .schema_id = std::nullopt};
    // Microseconds that came from milliseconds.
    if (timestamp_.IsValid(row)) letter.record.timestamp_ms = timestamp_.Value(row) / 1000;
    letter.record.key = Bytes(key_, row);
    letter.record.value = Bytes(value_, row);
    letter.record.reason = Bytes(error_, row).value_or("");
    if (schema_id_.IsValid(row)) letter.schema_id = schema_id_.Value(row);
    AddHeaders(row, letter.record);
    return letter;
  }

 private:
  template <typename Array>
  static const Array& Column(const arrow::RecordBatch& rows, const std::string& name) {
    return static_cast<const Array&>(*rows.GetColumnByName(name));
  }
  static std::optional<std::string> Bytes(const arrow::BinaryArray& column, int64_t row) {
    return column.IsNull(row) ? std::nullopt : std::optional(column.GetString(row));
  }
  void AddHeaders(int64_t row, record::Rejected& record) const {
    if (headers_.IsNull(row)) return;
    const auto& entries = static_cast<const arrow::StructArray&>(*headers_.values());
    const auto names = std::static_pointer_cast<arrow::StringArray>(entries.field(0));
    const auto values = std::static_pointer_cast<arrow::BinaryArray>(entries.field(1));
    for (int64_t i = headers_.value_offset(row); i < headers_.value_offset(row + 1); ++i) {
      record.headers.emplace_back(names->GetString(i), Bytes(*values, i));
    }
  }

  const arrow::StringArray& topic_;
  const arrow::Int32Array& partition_;
  const arrow::Int64Array& offset_;
  const arrow::TimestampArray& timestamp_;
  const arrow::BinaryArray& key_;
  const arrow::BinaryArray& value_;
  const arrow::ListArray& headers_;
  const arrow::StringArray& error_class_;
  const arrow::StringArray& error_;
  const arrow::Int32Array& schema_id_;
};

}  // namespace

bool LetterFilter::Matches(const TopicPartition& where, Offset offset) const {
  return (!topic || *topic == where.topic) && (!partition || *partition == where.partition.value) &&
         offset.value >= from_offset && (!to_offset || offset.value < *to_offset);
}

PositionColumns LetterPositionColumns() { return {"topic", "partition", "offset"}; }

Status ForEachLetter(io::ObjectStore& store, const iceberg::TableMetadata& table, const std::string& branch,
                     const LetterFilter& filter, arrow::MemoryPool& pool,
                     const std::function<Result<bool>(Letter)>& visit) {
  const iceberg::Snapshot* head = table.FindRef(branch);
  if (head == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(const auto columns, SelectColumns(table.current_schema()));
  K2I_ASSIGN_OR_RETURN(const auto files, iceberg::PlanFiles(store, table, *head));
  if (!files.deletes.empty()) {
    return Fail(ErrorCode::kNotSupported,
                "letters have been deleted from this table by delete files, which are not read here: compact the table "
                "with the engine that wrote them first",
                Component::kCatalog);
  }
  for (const auto& entry : files.data) {
    K2I_ASSIGN_OR_RETURN(auto reader, datafile::DataFileReader::Open(store, entry.data_file, columns, &pool));
    while (true) {
      K2I_ASSIGN_OR_RETURN(const auto rows, reader->Next());
      if (rows == nullptr) break;
      const LetterBatch letters(*rows);
      for (int64_t row = 0; row < rows->num_rows(); ++row) {
        if (!letters.HasPosition(row) || !filter.Matches(letters.partition(row), letters.offset(row))) continue;
        K2I_ASSIGN_OR_RETURN(const bool go_on, visit(letters.Get(row)));
        if (!go_on) return {};
      }
    }
  }
  return {};
}

}  // namespace k2i::ingest
