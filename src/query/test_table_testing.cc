// SPDX-License-Identifier: Apache-2.0
#include "query/test_table_testing.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <algorithm>
#include <stdexcept>

#include "datafile/rolling_writer.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/scan/scan.h"
#include "iceberg/update/append.h"
#include "iceberg/update/table_update.h"

namespace k2i::query {

TestTable::TestTable(iceberg::Schema schema, iceberg::PartitionSpec spec, std::string name, int format_version)
    : name_(std::move(name)) {
  iceberg::CreateTableRequest request;
  request.schema = std::move(schema);
  request.spec = std::move(spec);
  request.format_version = format_version;
  table_ = iceberg::NewTableMetadata(request, "s3://b/" + name_, "00000000-0000-4000-8000-000000000001", 1'000).value();
}

void TestTable::Ingest(std::shared_ptr<arrow::RecordBatch> rows, int32_t partition) {
  const TopicPartition where{name_, PartitionId{partition}};
  Offset& end = end_[where];
  record::DecodedRows decoded;
  decoded.runs = {{.partition = where, .first_row = 0, .row_count = rows->num_rows()}};
  const Offset begin = end;
  for (int64_t i = 0; i < rows->num_rows(); ++i) decoded.offsets.push_back(end.value++);
  decoded.rows = std::move(rows);
  hot_.push_back(buffer::MakeSlice(std::move(decoded), {{where, {begin, end}}}, Duration(1), slices_++));
}

void TestTable::Flush(bool retain) {
  datafile::WriterOptions options;
  options.format_version = table_.format_version;
  options.data_location = table_.location + "/data";
  options.file_name_prefix = "flush" + std::to_string(++flushes_);
  options.schema = table_.current_schema();
  options.spec = table_.default_spec();
  options.row_group_rows = row_group_rows;
  auto writer = datafile::RollingWriter::Make(store_, options, arrow::default_memory_pool()).value();
  for (const auto& slice : hot_) {
    const arrow::RecordBatchVector rows{slice->rows};
    if (auto written = writer->Write(rows); !written) throw std::runtime_error(written.error().ToString());
  }
  Commit(writer->Finish().value());
  if (retain) retained_.insert(retained_.end(), hot_.begin(), hot_.end());
  hot_.clear();
  committed_ = end_;
}

void TestTable::Commit(std::vector<iceberg::DataFile> files) {
  iceberg::Append append(store_, {.snapshot_id = 100 + flushes_,
                                  .commit_uuid = "u" + std::to_string(flushes_),
                                  .files = std::move(files),
                                  .summary = {}});
  Add(append.Prepare(table_, 5'000).value());
}

void TestTable::Add(const iceberg::Snapshot& snapshot) {
  const std::vector<iceberg::TableUpdate> updates = {
      iceberg::update::AddSnapshot{snapshot},
      iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}};
  table_ = iceberg::ApplyUpdates(table_, "", updates, snapshot.timestamp_ms).value();
}

void TestTable::CommitDeletes(const std::vector<iceberg::DataFile>& files) {
  iceberg::Snapshot snapshot = *table_.FindRef("main");
  auto manifests = iceberg::ListManifests(store_, snapshot).value();
  snapshot.parent_snapshot_id = snapshot.snapshot_id;
  snapshot.snapshot_id = 100 + ++flushes_;
  snapshot.sequence_number = table_.last_sequence_number + 1;
  const std::string name = table_.location + "/metadata/deletes-" + std::to_string(flushes_);
  snapshot.manifest_list = name + "-list";
  snapshot.first_row_id = table_.next_row_id;
  snapshot.added_rows = 0;
  std::map<int32_t, std::vector<iceberg::ManifestEntry>> by_spec;
  for (const auto& file : files) {
    iceberg::ManifestEntry entry;
    entry.snapshot_id = snapshot.snapshot_id;
    entry.data_file = file;
    by_spec[file.spec_id].push_back(std::move(entry));
  }
  for (const auto& [spec_id, entries] : by_spec) {
    const auto spec = std::ranges::find(table_.partition_specs, spec_id, &iceberg::PartitionSpec::spec_id);
    auto encoded =
        iceberg::EncodeManifest(table_.format_version, table_.current_schema(), *spec, snapshot.snapshot_id, entries)
            .value();
    encoded.summary.manifest_path = name + "-" + std::to_string(spec_id) + ".avro";
    store_.Overwrite(encoded.summary.manifest_path, encoded.bytes);
    manifests.push_back(encoded.summary);
  }
  store_.Overwrite(snapshot.manifest_list,
                   iceberg::EncodeManifestList(table_.format_version, snapshot, manifests).value());
  Add(snapshot);
}

std::vector<iceberg::DataFile> TestTable::DataFiles() {
  auto planned = iceberg::PlanFiles(store_, table_, *table_.FindRef("main")).value();
  std::vector<iceberg::DataFile> files;
  for (auto& entry : planned.data) files.push_back(std::move(entry.data_file));
  return files;
}

void TestTable::Evolve(std::vector<iceberg::NestedField> fields) {
  iceberg::Schema schema = table_.current_schema();
  schema.schema_id = table_.current_schema_id + 1;
  schema.type = iceberg::Type::Struct(std::move(fields));
  table_.schemas.push_back(schema);
  table_.current_schema_id = schema.schema_id;
}

void TestTable::Publish() {
  auto view = std::make_shared<buffer::View>();
  view->table = std::make_shared<const iceberg::TableMetadata>(table_);
  if (const auto* head = table_.FindRef("main")) view->snapshot_id = head->snapshot_id;
  view->committed = committed_;
  view->end = end_;
  view->slices = hot_;
  view->retained = retained_;
  view->assigned = assigned;
  view->index = buffer::SliceIndex(key_column, arrow::default_memory_pool());
  for (const auto& slice : retained_) view->index.Add(*slice);
  for (const auto& slice : hot_) view->index.Add(*slice);
  views_.Publish(std::move(view));
}

buffer::CommittedTable TestTable::committed() const {
  buffer::CommittedTable committed{.table = std::make_shared<const iceberg::TableMetadata>(table_),
                                   .snapshot_id = std::nullopt,
                                   .offsets = committed_};
  if (const auto* head = table_.FindRef("main")) committed.snapshot_id = head->snapshot_id;
  return committed;
}

ServedTable TestTable::served() {
  return {.database = "db", .table = name_, .views = &views_, .store = &store_, .key = key_column};
}

std::shared_ptr<arrow::RecordBatch> Rows(const iceberg::Schema& schema, const std::string& json) {
  const auto arrow_schema = iceberg::ToArrowSchema(schema).value();
  const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(arrow_schema->fields()), json).ValueOrDie();
  const auto batch = arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
  return arrow::RecordBatch::Make(arrow_schema, batch->num_rows(), batch->columns());
}

Result<std::shared_ptr<arrow::Table>> ReadAll(Result<std::unique_ptr<Answer>> answer) {
  if (!answer) return std::unexpected(answer.error());
  arrow::RecordBatchVector batches;
  while (true) {
    K2I_ASSIGN_OR_RETURN(const auto batch, (*answer)->Next());
    if (batch == nullptr) break;
    if (batch->num_rows() == 0) throw std::runtime_error("an empty batch");
    batches.push_back(batch);
  }
  return arrow::Table::FromRecordBatches((*answer)->schema(), batches).ValueOrDie();
}

std::vector<std::string> Lines(const arrow::Table& table) {
  std::vector<std::string> lines(static_cast<size_t>(table.num_rows()));
  for (int c = 0; c < table.num_columns(); ++c) {
    for (int64_t row = 0; row < table.num_rows(); ++row) {
      const auto scalar = table.column(c)->GetScalar(row).ValueOrDie();
      lines[static_cast<size_t>(row)] += (c > 0 ? "|" : "") + (scalar->is_valid ? scalar->ToString() : "NULL");
    }
  }
  return lines;
}

std::vector<std::string> SortedLines(const arrow::Table& table) {
  auto lines = Lines(table);
  std::ranges::sort(lines);
  return lines;
}

}  // namespace k2i::query
