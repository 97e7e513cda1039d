// SPDX-License-Identifier: Apache-2.0
#include "maintenance/maintained_table_testing.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "datafile/live_row_reader.h"
#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/update/append.h"
#include "maintenance/reachability.h"

namespace k2i::maintenance {

using datafile::Must;
using iceberg::Type;
using iceberg::TypeId;

iceberg::CreateTableRequest MaintainedTable::Request(bool partitioned, int32_t format_version) {
  iceberg::CreateTableRequest request;
  request.schema.type =
      Type::Struct({{1, "n", Type::Primitive(TypeId::kLong), false}, {2, "part", Type::Primitive(TypeId::kInt)}});
  if (partitioned) request.spec.fields = {{2, 1000, "part", {}}};
  request.format_version = format_version;
  return request;
}

void MaintainedTable::Create(iceberg::CreateTableRequest request) {
  ASSERT_TRUE(catalog_.CreateTable(kTable, request).has_value());
}

std::vector<iceberg::DataFile> MaintainedTable::Write(int64_t count, int parts) {
  const auto table = Metadata();
  datafile::WriterOptions options{.format_version = table.format_version,
                                  .data_location = table.location + "/data",
                                  .file_name_prefix = "w" + std::to_string(++commits_),
                                  .schema = table.current_schema(),
                                  .spec = table.default_spec(),
                                  .properties = {},
                                  .on_file_started = {},
                                  .on_file_finished = {}};
  auto writer = datafile::RollingWriter::Make(store_, options, arrow::default_memory_pool()).value();
  const auto schema = iceberg::ToArrowSchema(table.current_schema()).value();
  arrow::Int64Builder n;
  arrow::Int32Builder part;
  for (int64_t i = rows_; i < rows_ + count; ++i) {
    Must(n.Append(i));
    Must(i % 7 == 0 ? part.AppendNull() : part.Append(static_cast<int32_t>(i % parts)));
  }
  rows_ += count;
  arrow::ArrayVector columns{n.Finish().ValueOrDie(), part.Finish().ValueOrDie()};
  // Columns that have been added since.
  for (int i = 2; i < schema->num_fields(); ++i) {
    columns.push_back(arrow::MakeArrayOfNull(schema->field(i)->type(), count).ValueOrDie());
  }
  EXPECT_TRUE(writer->Write(arrow::RecordBatchVector{arrow::RecordBatch::Make(schema, count, columns)}).has_value());
  return writer->Finish().value();
}

void MaintainedTable::Apply(const std::vector<iceberg::TableUpdate>& updates) {
  ASSERT_TRUE(catalog_.ForeignCommit(kTable, updates).has_value());
}

void MaintainedTable::Ingest(int64_t count, int parts, const std::string& pipeline) {
  const Offset begin = *progress_.Next({"events", PartitionId{0}});
  progress_.Set({"events", PartitionId{0}}, Offset{begin.value + count});
  const std::string vector = progress::ProgressJson(progress_);
  iceberg::Append append(
      store_, {.snapshot_id = random_.PositiveInt64(),
               .commit_uuid = random_.Uuid(),
               .files = Write(count, parts),
               .summary = {{"k2i.pipeline", pipeline},
                           {"k2i.offsets", vector},
                           {"k2i.ranges",
                            progress::RangesJson({{{"events", PartitionId{0}}, {begin, Offset{begin.value + count}}}})},
                           {"k2i.watermark-ms", "77"}}});
  const auto snapshot = append.Prepare(Metadata(), clock_.wall_ms()).value();
  const iceberg::SnapshotRef tag{.snapshot_id = snapshot.snapshot_id, .kind = iceberg::SnapshotRef::Kind::kTag};
  Apply({iceberg::update::AddSnapshot{snapshot},
         iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}},
         iceberg::update::SetSnapshotRef{progress::TagName(pipeline), tag},
         iceberg::update::SetProperties{{{progress::PropertyName(pipeline), vector}}}});
}

void MaintainedTable::AppendForeign(int64_t count, int parts) {
  iceberg::Append append(store_, {.snapshot_id = random_.PositiveInt64(),
                                  .commit_uuid = random_.Uuid(),
                                  .files = Write(count, parts),
                                  .summary = {}});
  const auto snapshot = append.Prepare(Metadata(), clock_.wall_ms()).value();
  Apply({iceberg::update::AddSnapshot{snapshot},
         iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}});
}

/// Another engine deletes rows.
void MaintainedTable::AddDeletes(const std::vector<iceberg::DataFile>& deletes) {
  iceberg::RewriteRequest request{
      .snapshot_id = random_.PositiveInt64(), .commit_uuid = random_.Uuid(), .removed = {}, .added = {}, .summary = {}};
  for (const auto& file : deletes) request.added.push_back({file, std::nullopt});
  const auto snapshot = *iceberg::Rewrite(store_, request).Prepare(Metadata(), clock_.wall_ms())->snapshot;
  Apply({iceberg::update::AddSnapshot{snapshot},
         iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}});
}

CompactionOptions MaintainedTable::Options(int64_t target_bytes) {
  CompactionOptions options;
  options.policy.target_bytes = target_bytes;
  options.policy.min_input_files = 2;
  options.replace.version = "test";
  return options;
}

Status MaintainedTable::Compact(const CompactionOptions& options) {
  report_ = {};
  return Compaction({catalog_, store_, clock_, random_, arrow::default_memory_pool()}, options)
      .Run(kTable, stop_.get_token(), report_);
}

iceberg::SnapshotFiles MaintainedTable::Files() {
  const auto table = Metadata();
  return iceberg::PlanFiles(store_, table, *table.FindRef("main")).value();
}

std::vector<std::string> MaintainedTable::Rows() {
  const auto table = Metadata();
  const auto files = Files();
  const auto deletes = iceberg::DeleteIndex::Make(files.deletes, table.partition_specs).value();
  datafile::DeleteLoader loader(store_, table, arrow::default_memory_pool());
  const bool lineage = table.format_version >= 3;
  const auto schema = lineage ? datafile::WithRowLineage(table.current_schema()) : table.current_schema();
  std::vector<std::string> rows;
  for (const auto& entry : files.data) {
    const auto deleted = loader.Load(entry.data_file, deletes.For(entry).value()).value();
    const auto reader =
        datafile::LiveRowReader::Open(store_, entry.data_file, schema, deleted, arrow::default_memory_pool(),
                                      {.sequence_number = entry.sequence_number})
            .value();
    const auto read = reader->ForEach([&](const arrow::RecordBatch& batch) -> Status {
      const auto& n = static_cast<const arrow::Int64Array&>(*batch.column(0));
      const auto& part = static_cast<const arrow::Int32Array&>(*batch.column(1));
      for (int64_t i = 0; i < batch.num_rows(); ++i) {
        rows.push_back(std::to_string(n.Value(i)) + "/" + (part.IsNull(i) ? "null" : std::to_string(part.Value(i))));
        if (table.format_version < 3) continue;
        for (const int column : {batch.num_columns() - 2, batch.num_columns() - 1}) {
          const auto& lineage = static_cast<const arrow::Int64Array&>(*batch.column(column));
          rows.back() += "/" + (lineage.IsNull(i) ? "null" : std::to_string(lineage.Value(i)));
        }
      }
      return {};
    });
    EXPECT_TRUE(read.has_value());
  }
  std::ranges::sort(rows);
  return rows;
}

std::vector<std::string> MaintainedTable::Unreached() {
  std::set<std::string> reached;
  const Status read =
      ReachabilityReader(store_, {.threads = 1}).Read(Metadata(), "", [&](const std::string& location) -> Status {
        reached.insert(location);
        return {};
      });
  EXPECT_TRUE(read.has_value()) << read.error().ToString();
  auto locations = store_.locations();
  std::erase_if(locations, [&](const std::string& each) { return reached.contains(each); });
  return locations;
}

std::vector<int64_t> MaintainedTable::NumbersOf(const iceberg::DataFile& file) {
  const auto table = Metadata();
  std::vector<int64_t> numbers;
  const auto reader =
      datafile::DataFileReader::Open(store_, file, table.current_schema(), arrow::default_memory_pool()).value();
  EXPECT_TRUE(reader
                  ->ForEach([&](const arrow::RecordBatch& batch) -> Status {
                    const auto& n = static_cast<const arrow::Int64Array&>(*batch.column(0));
                    for (int64_t i = 0; i < n.length(); ++i) numbers.push_back(n.Value(i));
                    return {};
                  })
                  .has_value());
  return numbers;
}

}  // namespace k2i::maintenance
