// SPDX-License-Identifier: Apache-2.0
//
// Compaction beside writers, and with a catalog and a store that fail.
#include <arrow/api.h>

#include "datafile/delete_files_testing.h"
#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class CompactionFaultsTest : public MaintainedTable {};

TEST_F(CompactionFaultsTest, OthersMayAppendMeanwhile) {
  Create(Request());
  IngestFive();
  int raced = 0;
  catalog_.before_commit = [&]() -> Status {
    if (raced++ < 2) Ingest(10);
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.conflicts, 2);
  EXPECT_EQ(report_.replans, 0);
  EXPECT_THAT(Files().data, SizeIs(3));
  EXPECT_THAT(Rows(), SizeIs(520));
  // The vector is that of the newest base, and of those before nothing is left.
  EXPECT_THAT(Unreached(), IsEmpty());
  EXPECT_EQ(Metadata().FindRef("main")->summary.at("k2i.offsets"), progress::ProgressJson(progress_));
}

TEST_F(CompactionFaultsTest, APlanWhoseFilesOthersReplacedIsMadeAnew) {
  Create(Request());
  IngestFive();
  const auto before = Rows();
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    // Another process compacts two of them.
    auto others = Options();
    others.policy.max_files = 5;
    CompactionReport report;
    EXPECT_TRUE(
        Compaction({catalog_, store_, clock_, random_, arrow::default_memory_pool()}, others).Run(kTable, {}, report));
    EXPECT_EQ(report.commits, 1);
    Ingest(10);
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.replans, 1);
  EXPECT_EQ(report_.commits, 1);
  EXPECT_THAT(Files().data, SizeIs(1));
  EXPECT_THAT(Rows(), SizeIs(510));
  // What the stale plan had written is gone.
  EXPECT_EQ(store_.live_files(".parquet"), 5u + 1u + 1u + 1u);
}

TEST_F(CompactionFaultsTest, FilesThatOthersReplacedAndDeletedAreNotMissed) {
  Create(Request());
  IngestFive();
  const auto inputs = Files().data;
  bool raced = false;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kRead || call.location != inputs[2].data_file.file_path) return {};
    if (std::exchange(raced, true)) return {};
    CompactionReport report;
    EXPECT_TRUE(Compaction({catalog_, store_, clock_, random_, arrow::default_memory_pool()}, Options())
                    .Run(kTable, {}, report));
    for (const auto& each : inputs) EXPECT_TRUE(store_.Delete(each.data_file.file_path));
    return Fail(ErrorCode::kNotFound, "gone");
  });
  const auto compacted = Compact(Options());
  store_.set_fault_hook({});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().ToString();
  EXPECT_EQ(report_.replans, 1);
  EXPECT_THAT(Rows(), SizeIs(500));
  // One that is simply missing is told.
  for (int i = 0; i < 2; ++i) Ingest(10);
  ASSERT_TRUE(store_.Delete(Files().data[0].data_file.file_path));
  EXPECT_EQ(Compact(Options()).error().code, ErrorCode::kNotFound);
}

TEST_F(CompactionFaultsTest, ALostReplyIsFoundInTheHistory) {
  Create(Request());
  IngestFive();
  bool lost = false;
  catalog_.after_commit = [&]() -> Status {
    if (std::exchange(lost, true)) return {};
    return Fail(ErrorCode::kCommitStateUnknown, "reply lost");
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 1);
  EXPECT_EQ(catalog_.commits(), 6);
  EXPECT_THAT(Files().data, SizeIs(1));
  EXPECT_THAT(Rows(), SizeIs(500));
}

TEST_F(CompactionFaultsTest, ALostRequestIsSentAgain) {
  Create(Request());
  IngestFive();
  int lost = 0, unreachable = 0;
  catalog_.before_commit = [&]() -> Status {
    return lost++ == 0 ? Status(Fail(ErrorCode::kCommitStateUnknown, "no answer")) : Status();
  };
  catalog_.before_load = [&]() -> Status {
    if (lost == 1 && unreachable++ < 3) return Fail(ErrorCode::kUnavailable, "down");
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 1);
  EXPECT_GE(unreachable, 3);
  EXPECT_THAT(Rows(), SizeIs(500));
}

TEST_F(CompactionFaultsTest, WhileTheOutcomeIsUnknownNothingIsDeleted) {
  Create(Request());
  IngestFive();
  bool sent = false;
  catalog_.after_commit = [&]() -> Status {
    sent = true;
    return Fail(ErrorCode::kCommitStateUnknown, "reply lost");
  };
  catalog_.before_load = [&]() -> Status { return sent ? Status(Fail(ErrorCode::kUnavailable, "down")) : Status(); };
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCommitStateUnknown);
  catalog_.before_load = {};
  EXPECT_THAT(Rows(), SizeIs(500));  // it was committed, and all its files are there
  EXPECT_THAT(Files().data, SizeIs(1));
}

TEST_F(CompactionFaultsTest, WhatOrphanCleanUpMayTakeByNowIsWrittenAnew) {
  Create(Request());
  IngestFive();
  std::vector<std::string> old;
  bool slept = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(slept, true)) return {};
    for (const auto& location : Unreached()) {
      if (location.ends_with(".parquet")) old.push_back(location);
    }
    clock_.Advance(std::chrono::hours(25));  // the machine has slept, and others have not
    Ingest(10);
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.replans, 1);
  EXPECT_EQ(report_.commits, 1);
  EXPECT_THAT(Rows(), SizeIs(510));
  ASSERT_THAT(old, SizeIs(1));
  EXPECT_FALSE(store_.Exists(old.front()));
  EXPECT_THAT(Unreached(), IsEmpty());
}

TEST_F(CompactionFaultsTest, ASlowRunCommitsBeforeWhatItWroteIsTooOld) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 5; ++i) Ingest(90, 3);
  const auto before = Rows();
  auto options = Options();
  options.on_progress = [&, read = int64_t{0}](const CompactionProgress& progress) mutable {
    if (std::exchange(read, progress.bytes_done) != progress.bytes_done) clock_.Advance(std::chrono::minutes(40));
  };
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.replans, 0);
  EXPECT_GT(report_.commits, 1);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionFaultsTest, ADefiniteRefusalLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  catalog_.before_commit = [] { return Status(Fail(ErrorCode::kPermissionDenied, "no")); };
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store_.locations(), before);
  EXPECT_EQ(report_.commits, 0);
}

TEST_F(CompactionFaultsTest, AFailingStoreLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  for (const auto op : {io::StoreOp::kAppend, io::StoreOp::kClose, io::StoreOp::kRead}) {
    int calls = 0;
    store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
      const bool hit = call.op == op && call.location.ends_with(".parquet") && ++calls > 3;
      return hit ? Status(Fail(ErrorCode::kUnavailable, "down")) : Status();
    });
    const auto compacted = Compact(Options());
    store_.set_fault_hook({});
    if (calls <= 3) continue;
    ASSERT_FALSE(compacted.has_value());
    EXPECT_EQ(compacted.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(store_.locations(), before);
  }
}

TEST_F(CompactionFaultsTest, StopsAndLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  auto options = Options();
  options.on_progress = [&](const CompactionProgress& progress) {
    EXPECT_LE(progress.bytes_done, progress.bytes);
    stop_.request_stop();
  };
  const auto compacted = Compact(options);
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(store_.locations(), before);
}

TEST_F(CompactionFaultsTest, RowsDeletedMeanwhileAreNotBroughtBack) {
  Create(Request());
  IngestFive();
  const auto data = Files().data;
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    AddDeletes({datafile::WritePositionDeletes(store_, "s3://d", "p", {{data[2].data_file.file_path, 5}})});
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.replans, 1);
  EXPECT_EQ(report_.rows_deleted, 1);
  EXPECT_THAT(Rows(), SizeIs(499));
  EXPECT_THAT(Files().deletes, IsEmpty());
}

/// What a run that was killed has committed stays so; the next reads the rest alone.
TEST_F(CompactionFaultsTest, ARunGoesOnWhereAnotherWasKilled) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 3; ++i) Ingest(100, 6);
  const auto before = Rows();
  auto options = Options();
  options.commit_bytes = 1;
  int commits = 0;
  catalog_.before_commit = [&]() -> Status {
    if (commits++ < 4) return {};
    stop_.request_stop();
    return Fail(ErrorCode::kUnavailable, "away");
  };
  ASSERT_FALSE(Compact(options));
  const auto first = report_;
  EXPECT_EQ(first.commits, 4);
  EXPECT_EQ(first.groups.size(), 7u);
  catalog_.before_commit = {};
  stop_ = {};
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.commits, 3);
  EXPECT_EQ(report_.bytes_read, first.live_bytes_before - first.bytes_removed);
  EXPECT_EQ(report_.live_files_after, 7);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionFaultsTest, ADamagedFileStopsTheRun) {
  Create(Request());
  IngestFive();
  store_.Overwrite(Files().data[2].data_file.file_path, "garbage");
  const auto before = store_.locations();
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(store_.locations(), before);
}

}  // namespace
}  // namespace k2i::maintenance
