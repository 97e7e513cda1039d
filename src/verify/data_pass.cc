// SPDX-License-Identifier: Apache-2.0
#include "verify/data_pass.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "datafile/data_file_reader.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::verify {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;

/// The column that had that name in any of the table's schemas, the newest first: a rename keeps the id, and files keep
/// what a drop hides.
const NestedField* FindEver(const iceberg::TableMetadata& table, const std::string& name) {
  if (const NestedField* field = table.current_schema().FindField(name)) return field;
  for (const auto& schema : table.schemas | std::views::reverse) {
    if (const NestedField* field = schema.FindField(name)) return field;
  }
  return nullptr;
}

/// The column as it may be read: one that others have made required may be missing in old files.
std::optional<NestedField> Column(const iceberg::TableMetadata& table, const std::string& name,
                                  std::initializer_list<TypeId> types) {
  const NestedField* field = name.empty() ? nullptr : FindEver(table, name);
  if (field == nullptr || std::ranges::find(types, field->type->id()) == types.end()) return std::nullopt;
  NestedField column = *field;
  column.optional = true;
  return column;
}

/// Columns 0 … count-1 of `rows`, from `first` on.
std::shared_ptr<arrow::RecordBatch> Slice(const arrow::RecordBatch& rows, int first, int count) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = first; i < first + count; ++i) {
    fields.push_back(rows.schema()->field(i));
    columns.push_back(rows.column(i));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns));
}

int64_t IntegerAt(const arrow::Array& array, int64_t row) {
  if (array.type_id() == arrow::Type::INT32) return static_cast<const arrow::Int32Array&>(array).Value(row);
  return static_cast<const arrow::Int64Array&>(array).Value(row);
}

}  // namespace

std::optional<PositionColumns> PositionColumns::Find(const iceberg::TableMetadata& table, const Options& options,
                                                     const progress::Progress& committed, Findings& findings) {
  const auto impossible = [&](const std::string& why) {
    findings.Unchecked("positions", {}, "positions of rows cannot be checked: " + why);
    return std::nullopt;
  };
  PositionColumns found;
  const auto offset = Column(table, options.offset_column, {TypeId::kLong});
  if (!offset) return impossible("there is no column of the Kafka offset");
  found.offset = *offset;
  found.topic = Column(table, options.topic_column, {TypeId::kString});
  if (!found.topic) {
    if (committed.topics.size() != 1) return impossible("there is no column of the Kafka topic, and several topics");
    found.only_topic = committed.topics.begin()->first;
  }
  found.partition = Column(table, options.partition_column, {TypeId::kInt, TypeId::kLong});
  if (!found.partition) {
    const auto vector = committed.Vector();
    if (vector.size() != 1) return impossible("there is no column of the Kafka partition, and several partitions");
    found.only_partition = vector.begin()->first.partition.value;
  }
  return found;
}

iceberg::Schema DataPass::ColumnsToRead() const {
  std::vector<NestedField> fields;
  if (positions_ != nullptr) {
    fields.push_back(columns_->offset);
    if (columns_->topic) fields.push_back(*columns_->topic);
    if (columns_->partition) fields.push_back(*columns_->partition);
  }
  if (sums_ != nullptr) fields.insert(fields.end(), sums_->columns().fields().begin(), sums_->columns().fields().end());
  return {.type = iceberg::Type::Struct(std::move(fields))};
}

Result<bool> DataPass::Run(const std::vector<iceberg::ManifestEntry>& files) {
  const iceberg::Schema columns = ColumnsToRead();
  int64_t unsupported = 0;
  Error why;
  bool whole = true;
  for (size_t i = 0; i < files.size(); ++i) {
    if (options_.on_progress) options_.on_progress(i, files.size());
    const Status read = ReadFile(files[i], columns);
    if (read) continue;
    whole = false;
    const Error& error = read.error();
    if (error.code == ErrorCode::kNotSupported) {
      ++unsupported;
      why = error;
    } else if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorruption) {
      findings_.Problem("unreadable", {files[i].snapshot_id}, "data file cannot be read: " + error.message);
    } else {
      return std::unexpected(error);
    }
  }
  if (unsupported > 0) {
    findings_.Unchecked("unreadable", {},
                        fmt::format("{} data files cannot be read by K2I, such as {}", unsupported, why.message));
  }
  return whole;
}

Status DataPass::ReadFile(const iceberg::ManifestEntry& file, const iceberg::Schema& columns) {
  const auto& said = file.data_file;
  K2I_ASSIGN_OR_RETURN(const auto reader,
                       datafile::DataFileReader::Open(store_, said, columns, pool_, {.table = &table_}));
  if (reader->row_count() != said.record_count) {
    findings_.Problem("row-count", {file.snapshot_id},
                      fmt::format("data file {} has {} rows, but its manifest says {}", said.file_path,
                                  reader->row_count(), said.record_count));
  }
  if (reader->size_bytes() != said.file_size_in_bytes) {
    findings_.Problem("file-size", {file.snapshot_id},
                      fmt::format("data file {} has {} bytes, but its manifest says {}", said.file_path,
                                  reader->size_bytes(), said.file_size_in_bytes));
  }
  if (columns.fields().empty()) return {};
  if (positions_ != nullptr) positions_->StartFile(file);
  return reader->ForEach([&](const arrow::RecordBatch& rows) -> Status {
    if (positions_ != nullptr) K2I_RETURN_IF_ERROR(AddPositions(rows));
    return sums_ != nullptr ? AddSums(rows) : Status{};
  });
}

Status DataPass::AddPositions(const arrow::RecordBatch& rows) {
  int column = 0;
  const auto& offsets = static_cast<const arrow::Int64Array&>(*rows.column(column++));
  const auto* topics = columns_->topic ? static_cast<const arrow::StringArray*>(rows.column(column++).get()) : nullptr;
  const arrow::Array* partitions = columns_->partition ? rows.column(column).get() : nullptr;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const bool foreign = offsets.IsNull(row) || (topics != nullptr && topics->IsNull(row)) ||
                         (partitions != nullptr && partitions->IsNull(row));
    if (foreign) {
      positions_->AddForeign();
      continue;
    }
    const int64_t partition = partitions == nullptr ? columns_->only_partition : IntegerAt(*partitions, row);
    positions_->Add(topics == nullptr ? std::string_view(columns_->only_topic) : topics->GetView(row),
                    static_cast<int32_t>(partition), offsets.Value(row));
  }
  return {};
}

Status DataPass::AddSums(const arrow::RecordBatch& rows) {
  const auto count = static_cast<int>(sums_->columns().fields().size());
  return sums_->Add(*Slice(rows, rows.num_columns() - count, count), pool_);
}

}  // namespace k2i::verify
