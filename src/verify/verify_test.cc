// SPDX-License-Identifier: Apache-2.0
//
// Verify on whole tables: real data files and manifests in a store in memory.
#include "verify/verify.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/update/append.h"
#include "iceberg/update/rewrite.h"
#include "io/memory_object_store_testing.h"
#include "progress/progress.h"
#include "verify/forged_history_testing.h"
#include "verify/report.h"

namespace k2i::verify {
namespace {

using datafile::Must;
using iceberg::Type;
using iceberg::TypeId;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    iceberg::CreateTableRequest request;
    request.schema.type = Type::Struct({{1, "n", Type::Primitive(TypeId::kLong)},
                                        {2, "_kafka_topic", Type::Primitive(TypeId::kString)},
                                        {3, "_kafka_partition", Type::Primitive(TypeId::kInt)},
                                        {4, "_kafka_offset", Type::Primitive(TypeId::kLong)}});
    table_ = *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
    options_ = {.pipeline = "p",
                .deep = true,
                .sums = true,
                .topic_column = "_kafka_topic",
                .partition_column = "_kafka_partition",
                .offset_column = "_kafka_offset",
                .on_progress = {}};
  }

  /// A data file of offsets [begin, end) of partition 0; n is the offset.
  iceberg::DataFile WriteFile(const std::string& name, int64_t begin, int64_t end) {
    datafile::WriterOptions options{.data_location = "s3://b/t/data",
                                    .file_name_prefix = name,
                                    .schema = table_.current_schema(),
                                    .spec = table_.default_spec(),
                                    .properties = {},
                                    .on_file_started = {},
                                    .on_file_finished = {}};
    auto writer = datafile::RollingWriter::Make(store_, options, arrow::default_memory_pool()).value();
    arrow::Int64Builder n, offset;
    arrow::StringBuilder topic;
    arrow::Int32Builder partition;
    for (int64_t i = begin; i < end; ++i) {
      Must(n.Append(i));
      Must(topic.Append("events"));
      Must(partition.Append(0));
      Must(offset.Append(i));
    }
    const auto batch = arrow::RecordBatch::Make(iceberg::ToArrowSchema(table_.current_schema()).value(), end - begin,
                                                {n.Finish().ValueOrDie(), topic.Finish().ValueOrDie(),
                                                 partition.Finish().ValueOrDie(), offset.Finish().ValueOrDie()});
    EXPECT_TRUE(writer->Write(arrow::RecordBatchVector{batch}).has_value());
    return writer->Finish().value().at(0);
  }

  void Append(int64_t id, std::vector<iceberg::DataFile> files, std::map<std::string, std::string> summary) {
    iceberg::Append append(
        store_,
        {.snapshot_id = id, .commit_uuid = "u" + std::to_string(id), .files = std::move(files), .summary = summary});
    const auto snapshot = append.Prepare(table_, 5'000).value();
    std::vector<iceberg::TableUpdate> updates = {iceberg::update::AddSnapshot{snapshot},
                                                 iceberg::update::SetSnapshotRef{"main", {.snapshot_id = id}}};
    if (summary.contains("k2i.offsets")) {
      updates.push_back(
          iceberg::update::SetSnapshotRef{"k2i-p", {.snapshot_id = id, .kind = iceberg::SnapshotRef::Kind::kTag}});
      updates.push_back(iceberg::update::SetProperties{{{"k2i.p.offsets", summary["k2i.offsets"]}}});
    }
    table_ = *ApplyUpdates(table_, "", updates, snapshot.timestamp_ms);
  }
  void Commit(int64_t id, int64_t begin, int64_t end) {
    progress::Progress progress{"c", {{"events", {"t", {{0, end}}}}}};
    files_.push_back(WriteFile("f" + std::to_string(id), begin, end));
    Append(id, {files_.back()},
           {{"k2i.pipeline", "p"},
            {"k2i.offsets", progress::ProgressJson(progress)},
            {"k2i.ranges", progress::RangesJson({{kEvents0, Range(begin, end)}})}});
  }

  /// A compaction of K2I's: all files that have been committed become `file`.
  void Compact(int64_t id, const iceberg::DataFile& file, int64_t next) {
    const progress::Progress progress{"c", {{"events", {"t", {{0, next}}}}}};
    const std::string vector = progress::ProgressJson(progress);
    iceberg::Rewrite rewrite(store_,
                             {.snapshot_id = id,
                              .commit_uuid = "u" + std::to_string(id),
                              .planned_sequence_number = table_.last_sequence_number,
                              .removed = files_,
                              .added = {{file, table_.last_sequence_number}},
                              .summary = {{"k2i.pipeline", "p"}, {"k2i.offsets", vector}, {"k2i.ranges", "{}"}}});
    const auto snapshot = rewrite.Prepare(table_, 5'000)->snapshot.value();
    const iceberg::SnapshotRef tag{.snapshot_id = id, .kind = iceberg::SnapshotRef::Kind::kTag};
    const std::vector<iceberg::TableUpdate> updates = {iceberg::update::AddSnapshot{snapshot},
                                                       iceberg::update::SetSnapshotRef{"main", {.snapshot_id = id}},
                                                       iceberg::update::SetSnapshotRef{"k2i-p", tag}};
    table_ = *ApplyUpdates(table_, "", updates, snapshot.timestamp_ms);
    files_ = {file};
  }

  Result<Report> Check() {
    return Verify(store_,
                  {.identifier = {{"db"}, "t"},
                   .metadata_location = "",
                   .metadata = std::make_shared<const iceberg::TableMetadata>(table_),
                   .config = {}},
                  options_, arrow::default_memory_pool());
  }
  std::vector<std::string> Kinds(Severity severity = Severity::kProblem) {
    const auto report = Check();
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return ForgedTable::Kinds(report->findings, severity);
  }

  io::MemoryObjectStore store_;
  iceberg::TableMetadata table_;
  std::vector<iceberg::DataFile> files_;
  Options options_;
};

TEST_F(VerifyTest, ProvesATableAndAddsItUp) {
  Commit(1, 0, 100);
  Commit(2, 100, 250);
  const auto report = Check();
  ASSERT_TRUE(report.has_value()) << report.error().ToString();
  EXPECT_THAT(report->findings.all(), IsEmpty());
  EXPECT_TRUE(report->proven());
  const auto json = nlohmann::json::parse(ReportJson(*report));
  EXPECT_EQ(json["proven"], true);
  EXPECT_EQ(json["files"]["rows"], 250);
  EXPECT_EQ(json["deep"]["rows"], 250);
  EXPECT_EQ(json["snapshots"]["ours"], 2);
  EXPECT_EQ(json["partitions"][0]["from"], 0);
  EXPECT_EQ(json["partitions"][0]["next"], 250);
  EXPECT_EQ(json["sums"][0]["column"], "n");
  EXPECT_EQ(json["sums"][0]["count"], 250);
  EXPECT_EQ(json["sums"][0]["sum"], "31125");
  EXPECT_THAT(ReportText(*report), HasSubstr("proven"));
  EXPECT_THAT(ReportText(*report), testing::Not(HasSubstr("✗")));
}

TEST_F(VerifyTest, ACompactedTableIsProven) {
  Commit(1, 0, 100);
  Commit(2, 100, 250);
  Compact(3, WriteFile("compacted", 0, 250), 250);
  Commit(4, 250, 260);
  const auto report = Check();
  ASSERT_TRUE(report.has_value()) << report.error().ToString();
  EXPECT_THAT(report->findings.all(), IsEmpty());
  EXPECT_EQ(report->our_snapshots, 4);
  EXPECT_EQ(report->data_files, 2);
  EXPECT_EQ(report->deep->rows, 260);
}

TEST_F(VerifyTest, ACompactionThatLosesOrDoublesRowsIsFound) {
  Commit(1, 0, 100);
  Commit(2, 100, 250);
  Compact(3, WriteFile("lost", 0, 249), 250);
  EXPECT_THAT(Kinds(), ElementsAre("counters/3", "missing-rows/2"));
  Compact(4, WriteFile("moved", 1, 250), 250);
  // As many rows as before, but not the same ones.
  EXPECT_THAT(Kinds(), ElementsAre("counters/3", "missing-rows/1"));
  Compact(5, WriteFile("whole", 0, 250), 249);
  EXPECT_THAT(Kinds(), Contains("overlap/5/0"));
}

TEST_F(VerifyTest, AFileAppendedTwiceIsFoundByReferenceAndByPosition) {
  Commit(1, 0, 100);
  Commit(2, 100, 250);
  Append(3, {files_[0]}, {});
  EXPECT_THAT(Kinds(), ElementsAre("double-reference/3", "repeated-position/3/0"));
  EXPECT_THAT(ReportText(*Check()), HasSubstr("✗ snapshot 3: data file"));
}

TEST_F(VerifyTest, CopiedRowsAreFoundByPositionAlone) {
  Commit(1, 0, 100);
  Append(2, {WriteFile("copy", 40, 60)}, {});
  EXPECT_THAT(Kinds(), ElementsAre("repeated-position/2/0"));
  options_.deep = false;
  EXPECT_THAT(Kinds(), IsEmpty());
  EXPECT_THAT(Kinds(Severity::kNote), ElementsAre("foreign/2"));
}

TEST_F(VerifyTest, FootersAreHeldAgainstTheManifests) {
  Commit(1, 0, 100);
  const std::string other = store_.Read(WriteFile("other", 0, 99).file_path).value();
  store_.Overwrite(files_[0].file_path, other);
  EXPECT_THAT(Kinds(), Contains("row-count/1"));
  EXPECT_THAT(Kinds(), Contains("file-size/1"));
  EXPECT_THAT(Kinds(), Contains("missing-rows/1"));
  store_.Overwrite(files_[0].file_path, "PAR1");
  EXPECT_THAT(Kinds(), Contains("unreadable/1"));
  ASSERT_TRUE(store_.Delete(files_[0].file_path).has_value());
  EXPECT_THAT(Kinds(), Contains("unreadable/1"));
  EXPECT_FALSE(Check()->sums.has_value());
}

TEST_F(VerifyTest, AStoreThatIsAwayIsAnErrorNotAProblem) {
  Commit(1, 0, 100);
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (!call.location.ends_with(".parquet")) return {};
    return Fail(ErrorCode::kUnavailable, "away", Component::kStorage);
  });
  const auto report = Check();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
}

TEST_F(VerifyTest, SaysWhatItCannotCheck) {
  Commit(1, 0, 100);
  Commit(2, 100, 250);
  options_.offset_column = "";
  EXPECT_THAT(Kinds(Severity::kUnchecked), ElementsAre("positions"));
  options_.offset_column = "_kafka_offset";
  erase_if(table_.snapshots, [](const auto& snapshot) { return snapshot.snapshot_id == 1; });
  EXPECT_THAT(Kinds(Severity::kUnchecked), ElementsAre("history/2"));
  EXPECT_THAT(Kinds(), IsEmpty());
}

TEST_F(VerifyTest, OneTopicAndPartitionNeedNoColumnsOfTheirOwn) {
  Commit(1, 0, 100);
  options_.topic_column = options_.partition_column = "";
  EXPECT_THAT(Kinds(Severity::kUnchecked), IsEmpty());
  EXPECT_EQ(Check()->deep->rows, 100);
}

TEST_F(VerifyTest, RenamedAndDroppedColumnsAreFoundByTheirIds) {
  Commit(1, 0, 100);
  iceberg::Schema renamed{.schema_id = 1,
                          .type = Type::Struct({{1, "n", Type::Primitive(TypeId::kLong)},
                                                {2, "topic", Type::Primitive(TypeId::kString)},
                                                {4, "position", Type::Primitive(TypeId::kLong)}})};
  table_.schemas.push_back(renamed);
  table_.current_schema_id = 1;
  EXPECT_THAT(Kinds(), IsEmpty());
  EXPECT_EQ(Check()->deep->rows, 100);
}

TEST_F(VerifyTest, ATableOfOthersIsAnErrorThatNamesThePipelines) {
  EXPECT_THAT(Kinds(Severity::kNote), ElementsAre("empty"));
  Commit(1, 0, 100);
  options_.pipeline = "wrong";
  const auto report = Check();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(report.error().message, HasSubstr("there are snapshots of p"));
}

}  // namespace
}  // namespace k2i::verify
