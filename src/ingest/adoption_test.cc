// SPDX-License-Identifier: Apache-2.0
#include "ingest/adoption.h"

#include <gtest/gtest.h>

#include "ingest/pipeline_fixture_testing.h"

namespace k2i::ingest {
namespace {

const CommitterOptions kCommitter{.pipeline = "p"};
const kafka::ClusterInfo kCluster{.cluster_id = "c", .topic_ids = {{"events", "id"}}, .partition_counts = {}};

txlog::OpenFlush Complete() {
  txlog::OpenFlush flush{.flush_id = "f", .table = "db.events", .ranges = {{kP0, {Offset{5}, Offset{9}}}}};
  flush.intent = txlog::CommitIntent{.flush_id = "f", .table_uuid = "uuid", .snapshot_id = 42};
  flush.intent->handover = txlog::Handover{
      .manifest = "m", .pipeline = "p", .branch = "main", .cluster_id = "c", .topic_ids = {{"events", "id"}}};
  return flush;
}

iceberg::TableMetadata Table() {
  iceberg::TableMetadata table;
  table.table_uuid = "uuid";
  return table;
}

progress::Progress BoundaryAt(int64_t next) {
  progress::Progress boundary;
  boundary.Set(kP0, Offset{next});
  return boundary;
}

TEST(IsNextTest, OnlyWhereTheRangesJoinTheBoundary) {
  EXPECT_TRUE(IsNext(Complete(), Table(), BoundaryAt(5), kCommitter, kCluster));
  EXPECT_TRUE(IsNext(Complete(), Table(), {}, kCommitter, kCluster));
  for (const int64_t next : {0, 4, 6, 9, 10}) {
    EXPECT_FALSE(IsNext(Complete(), Table(), BoundaryAt(next), kCommitter, kCluster)) << next;
  }
  auto two = Complete();
  two.ranges[kP1] = {Offset{0}, Offset{3}};
  auto boundary = BoundaryAt(5);
  EXPECT_TRUE(IsNext(two, Table(), boundary, kCommitter, kCluster));
  boundary.Set(kP1, Offset{1});
  EXPECT_FALSE(IsNext(two, Table(), boundary, kCommitter, kCluster));
}

TEST(IsNextTest, OnlyWhatIsCompleteAndSaysWhoseItIs) {
  auto no_intent = Complete();
  no_intent.intent.reset();
  EXPECT_FALSE(IsNext(no_intent, Table(), BoundaryAt(5), kCommitter, kCluster));
  auto of_an_old_version = Complete();
  of_an_old_version.intent->handover.reset();
  EXPECT_FALSE(IsNext(of_an_old_version, Table(), BoundaryAt(5), kCommitter, kCluster));
}

TEST(IsNextTest, OnlyInTheSameTableOfTheSameLog) {
  auto recreated = Table();
  recreated.table_uuid = "another";
  EXPECT_FALSE(IsNext(Complete(), recreated, BoundaryAt(5), kCommitter, kCluster));
  EXPECT_FALSE(IsNext(Complete(), Table(), BoundaryAt(5), {.pipeline = "q"}, kCluster));
  EXPECT_FALSE(IsNext(Complete(), Table(), BoundaryAt(5), {.pipeline = "p", .branch = "other"}, kCluster));
  auto cluster = kCluster;
  cluster.cluster_id = "another";
  EXPECT_FALSE(IsNext(Complete(), Table(), BoundaryAt(5), kCommitter, cluster));
  // `k2i offsets adopt` has taken a topic over that was made anew: its offsets are those of other records.
  auto remade = kCluster;
  remade.topic_ids["events"] = "another";
  EXPECT_FALSE(IsNext(Complete(), Table(), BoundaryAt(5), kCommitter, remade));
}

/// Processes that die with an intent in their log, and those that come after.
class AdoptionTest : public PipelineTest {
 protected:
  /// Lives until its first commit of the main table is asked for, and does nothing any more from then on.
  void DieBeforeTheCommit() { Die(/*landed=*/false); }
  /// The same, but the request has reached the catalog.
  void DieBeforeTheReply() { Die(/*landed=*/true); }

  std::vector<std::string> DataFiles() {
    std::vector<std::string> files;
    for (const auto& location : store_.locations()) {
      if (location.ends_with(".parquet")) files.push_back(location);
    }
    return files;
  }
  /// The snapshot that has the flush.
  const iceberg::Snapshot* SnapshotOf(const iceberg::TableMetadata& table, const std::string& flush_id) {
    for (const auto& snapshot : table.snapshots) {
      const auto found = snapshot.summary.find("k2i.flush-id");
      if (found != snapshot.summary.end() && found->second == flush_id) return &snapshot;
    }
    return nullptr;
  }
  txlog::OpenFlush OpenFlushOf(const iceberg::TableIdentifier& table) {
    const auto state = RecoveredState();
    for (const auto& [id, flush] : state.flushes) {
      if (flush.table == table.ToString()) return flush;
    }
    return {};
  }
  /// Another process commits the flush's rows, in a snapshot with a manifest list of its own.
  void LandByAnother(const txlog::OpenFlush& flush, int64_t snapshot_id) {
    const auto upload = ReadUpload(store_, clock_, *Table(), flush).value();
    iceberg::Append append(store_, {.snapshot_id = snapshot_id, .commit_uuid = random_.Uuid(), .files = upload.files});
    auto snapshot = append.Prepare(*Table(), 1).value();
    progress::Progress next;
    next.Set(kP0, Offset{100});
    snapshot.summary.merge(std::map<std::string, std::string>{
        {"k2i.pipeline", "p"}, {"k2i.flush-id", upload.flush_id}, {"k2i.offsets", progress::ProgressJson(next)}});
    EXPECT_TRUE(catalog_
                    .ForeignCommit(kTable, {iceberg::update::AddSnapshot{std::move(snapshot)},
                                            iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot_id}}})
                    .has_value());
  }
  txlog::RecoveryState RecoveredState() { return txlog::Log::Open(log_storage_, {}, clock_).value().state; }

 private:
  void Die(bool landed) {
    bool dead = false;
    const auto alive = [&dead](Component component) -> Status {
      if (dead) return Fail(ErrorCode::kPermissionDenied, "the process is no more", component);
      return {};
    };
    // Letters are committed before.
    int before_ours = letters_expected_ ? 1 : 0;
    const auto die = [&]() -> Status {
      if (before_ours-- > 0) return {};
      dead = true;
      return alive(Component::kCatalog);
    };
    (landed ? catalog_.after_commit : catalog_.before_commit) = die;
    catalog_.before_load = [&] { return alive(Component::kCatalog); };
    store_.set_fault_hook([&](const io::StoreCall&) { return alive(Component::kStorage); });
    log_storage_.fault = [&](std::string_view) { return alive(Component::kTransactionLog); };
    EXPECT_FALSE(Live(Options(), StopAfter(1000)).has_value());
    EXPECT_TRUE(dead);
    catalog_.before_commit = catalog_.after_commit = catalog_.before_load = nullptr;
    store_.set_fault_hook({});
    log_storage_.fault = nullptr;
  }

 protected:
  bool letters_expected_ = false;
  std::map<std::string, txlog::MemoryLogStorage::File> other_log_;
};

TEST_F(AdoptionTest, ACompleteUploadIsCommittedByTheNextStart) {
  Produce(0, 80);
  Produce(1, 40);
  DieBeforeTheCommit();
  const auto files = DataFiles();
  ASSERT_FALSE(files.empty());
  const auto flush = OpenFlushOf(kTable);
  ASSERT_TRUE(flush.intent && flush.intent->handover);
  ASSERT_TRUE(flush.intent->handover->watermark_ms.has_value());

  ASSERT_TRUE(Live(Options(), StopAfter(1)).has_value());
  EXPECT_EQ(DataFiles(), files);
  const auto* snapshot = SnapshotOf(*Table(), flush.flush_id);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->snapshot_id, flush.intent->snapshot_id);
  EXPECT_EQ(snapshot->summary.at("k2i.ranges"), progress::RangesJson(flush.ranges));
  EXPECT_EQ(snapshot->summary.at("k2i.watermark-ms"), "1700000000000");
  EXPECT_TRUE(RecoveredState().flushes.empty());
  EXPECT_EQ(metrics_.commits.value(), 1);

  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "120");
}

TEST_F(AdoptionTest, ItIsTakenOnTopOfWhatOthersHaveCommittedMeanwhile) {
  Produce(0, 100);
  DieBeforeTheCommit();
  iceberg::Append append(store_, {.snapshot_id = 7, .commit_uuid = random_.Uuid()});
  ASSERT_TRUE(catalog_
                  .ForeignCommit(kTable, {iceberg::update::AddSnapshot{append.Prepare(*Table(), 1).value()},
                                          iceberg::update::SetSnapshotRef{"main", {.snapshot_id = 7}}})
                  .has_value());
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(Table()->FindRef("main")->parent_snapshot_id, 7);
  EXPECT_EQ(TotalRecords(), "100");
}

TEST_F(AdoptionTest, WhatOrphanCleanUpMayTakeByNowIsReadAgain) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto old = DataFiles();
  ASSERT_FALSE(old.empty());
  clock_.Advance(std::chrono::hours(13));
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "100");
  for (const auto& file : old) EXPECT_FALSE(store_.Exists(file));
  EXPECT_TRUE(RecoveredState().flushes.empty());
}

TEST_F(AdoptionTest, ARequestThatHadArrivedIsNotMadeTwice) {
  Produce(0, 100);
  DieBeforeTheReply();
  const auto files = DataFiles();
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "100");
  EXPECT_EQ(Table()->snapshots.size(), 1u);
  EXPECT_EQ(DataFiles(), files);
}

TEST_F(AdoptionTest, ARequestThatArrivesDuringTheAdoptionIsTheAdoption) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto flush = OpenFlushOf(kTable);
  // The dead process' request: the same snapshot, with a manifest list of its own.
  bool landed = false;
  catalog_.before_commit = [&]() -> Status {
    if (!std::exchange(landed, true)) LandByAnother(flush, flush.intent->snapshot_id);
    return {};
  };
  const auto files = DataFiles();
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_TRUE(landed);
  EXPECT_EQ(TotalRecords(), "100");
  EXPECT_EQ(Table()->snapshots.size(), 1u);
  EXPECT_EQ(DataFiles(), files);
  EXPECT_TRUE(RecoveredState().flushes.empty());
}

TEST_F(AdoptionTest, WhatAnotherOwnerHasCommittedIsDeletedOnceThatIsSafe) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto files = DataFiles();
  std::swap(other_log_, log_storage_.files);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());  // with a log of its own
  EXPECT_EQ(TotalRecords(), "100");
  std::swap(other_log_, log_storage_.files);

  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_TRUE(store_.Exists(files.front()));  // no commit of ours has moved the branch yet
  Produce(0, 100);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_FALSE(store_.Exists(files.front()));
  EXPECT_EQ(TotalRecords(), "200");
}

TEST_F(AdoptionTest, WhatIsNotWholeAnyMoreIsReadAgain) {
  for (const char* gone : {".parquet", "-m0.avro", "shorter"}) {
    SCOPED_TRACE(gone);
    const std::string before = catalog_.LoadTable(kTable) && Table()->FindRef("main") ? TotalRecords() : "0";
    Produce(0, 100);
    DieBeforeTheCommit();
    const auto flush = OpenFlushOf(kTable);
    if (gone == std::string("shorter")) {
      store_.Overwrite(flush.started.front(), "PAR1");
    } else {
      const bool data = gone == std::string(".parquet");
      ASSERT_TRUE(store_.Delete(data ? flush.started.front() : flush.intent->handover->manifest).has_value());
    }
    ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
    EXPECT_EQ(TotalRecords(), std::to_string(std::stoi(before) + 100));
    EXPECT_EQ(SnapshotOf(*Table(), flush.flush_id), nullptr);
    for (const auto& location : flush.started) EXPECT_FALSE(store_.Exists(location));
  }
}

TEST_F(AdoptionTest, AStoreThatIsAwayIsWaitedForAndThenDoneWithout) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto flush = OpenFlushOf(kTable);
  int left = 3;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op == io::StoreOp::kStat && left-- > 0) return Fail(ErrorCode::kUnavailable, "slow down");
    return {};
  });
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_NE(SnapshotOf(*Table(), flush.flush_id), nullptr);

  store_.set_fault_hook({});
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto second = OpenFlushOf(kTable);
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.op == io::StoreOp::kStat) return Fail(ErrorCode::kUnavailable, "slow down");
    return {};
  });
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(SnapshotOf(*Table(), second.flush_id), nullptr);
  EXPECT_EQ(TotalRecords(), "200");
}

TEST_F(AdoptionTest, AStopInBetweenLeavesItToTheNextStart) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto files = DataFiles();
  catalog_.before_commit = [&]() -> Status {
    stop_.request_stop();
    return Fail(ErrorCode::kUnavailable, "connection refused", Component::kCatalog);
  };
  EXPECT_TRUE(Live(Options(), StopAfter(30)).has_value());  // a clean stop: nothing was sent
  catalog_.before_commit = nullptr;
  catalog_.after_commit = [&]() -> Status {
    stop_.request_stop();
    return Fail(ErrorCode::kCommitStateUnknown, "connection reset", Component::kCatalog);
  };
  const auto unknown = Live(Options(), StopAfter(30));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kCommitStateUnknown);
  catalog_.after_commit = nullptr;
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "100");
  EXPECT_EQ(Table()->snapshots.size(), 1u);
  EXPECT_EQ(DataFiles(), files);
}

/// Simulator seed 3365.
TEST_F(AdoptionTest, AStopWhileAnotherIsFasterIsAStop) {
  Produce(0, 100);
  DieBeforeTheCommit();
  const auto flush = OpenFlushOf(kTable);
  catalog_.before_commit = [&]() -> Status {
    if (!stop_.stop_requested()) LandByAnother(flush, flush.intent->snapshot_id + 1);
    stop_.request_stop();
    return {};
  };
  const auto stopped = Live(Options(), StopAfter(30));
  EXPECT_TRUE(stopped.has_value()) << stopped.error().ToString();
  EXPECT_EQ(TotalRecords(), "100");
}

TEST_F(AdoptionTest, ARefusalDoesNotKeepFromStarting) {
  Produce(0, 100);
  DieBeforeTheCommit();
  bool refused = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(refused, true)) return {};
    return Fail(ErrorCode::kPermissionDenied, "not this one", Component::kCatalog);
  };
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "100");
}

TEST_F(AdoptionTest, DeadLettersOfItsRangesAreKeptOnce) {
  letters_expected_ = true;
  Produce(0, 60);
  cluster_.Append("events", 0, "k", "not JSON");
  Produce(0, 60);
  DieBeforeTheCommit();
  EXPECT_EQ(TotalDeadLetters(), "1");
  const auto flush = OpenFlushOf(kTable);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_NE(SnapshotOf(*Table(), flush.flush_id), nullptr);
  EXPECT_EQ(TotalDeadLetters(), "1");
  EXPECT_EQ(TotalRecords(), "120");
}

}  // namespace
}  // namespace k2i::ingest
