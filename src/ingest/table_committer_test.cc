// SPDX-License-Identifier: Apache-2.0
#include "ingest/table_committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "io/memory_object_store_testing.h"
#include "progress/lease.h"

namespace k2i::ingest {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;

const TopicPartition kP0{"events", PartitionId{0}};
const TopicPartition kP1{"events", PartitionId{1}};
const iceberg::TableIdentifier kTable{{"analytics"}, "events"};

class TableCommitterTest : public testing::Test {
 protected:
  void SetUp() override {
    iceberg::CreateTableRequest request;
    request.schema.type = Type::Struct({NestedField{.name = "id", .type = Type::Primitive(TypeId::kLong)}});
    table_ = catalog_.CreateTable(kTable, request).value();
  }

  TableCommitter MakeCommitter() {
    CommitterOptions options{.pipeline = "p",
                             .version = "test",
                             .property_mirror = property_mirror_,
                             .lease_for = lease_for_,
                             .lease_holder = "me",
                             .snapshots_in_use = [this] { return in_use_; }};
    TableCommitter::Parts parts{catalog_, store_, clock_, random_, metrics_, health_};
    return TableCommitter(parts, options, table_, [this](const CommitIntentRecord& intent) -> Status {
      intents_.push_back(intent);
      return {};
    });
  }

  CommitRequest Request(OffsetRanges ranges, int64_t rows = 10) {
    iceberg::DataFile file;
    file.file_path = "mem://events/data/" + std::to_string(++files_) + ".parquet";
    file.record_count = rows;
    file.file_size_in_bytes = 100;
    return {.flush_id = "flush-" + std::to_string(files_),
            .files = {file},
            .ranges = std::move(ranges),
            .watermark_ms = 77};
  }

  Result<CommitOutcome> Commit(OffsetRanges ranges) {
    auto committer = MakeCommitter();
    return committer.Commit(Request(std::move(ranges)), cluster_, stop_.get_token());
  }

  std::shared_ptr<const iceberg::TableMetadata> Metadata() { return catalog_.LoadTable(kTable)->metadata; }

  ManualClock clock_;
  Random random_{1};
  io::MemoryObjectStore store_;
  iceberg::MemoryCatalog catalog_{clock_, random_};
  MetricsRegistry registry_;
  IngestMetrics metrics_{registry_, "analytics.events"};
  ComponentHealth health_{metrics_};
  kafka::ClusterInfo cluster_{"cluster-a", {{"events", "topic-id"}}, {{"events", 2}}};
  std::stop_source stop_;
  bool property_mirror_ = true;
  Duration lease_for_{0};
  std::vector<int64_t> in_use_;
  iceberg::LoadedTable table_;
  std::vector<CommitIntentRecord> intents_;
  int files_ = 0;
};

TEST_F(TableCommitterTest, LeasesWhatIsInUseAndWhatItCommits) {
  const auto leases = [this] {
    std::map<std::string, int64_t> until;  // by holder and snapshot
    const std::vector<progress::Lease> found = progress::ReadLeases(*Metadata()).value();
    for (const auto& lease : found) until[lease.id] = lease.until_ms;
    return until;
  };
  const auto mine = [](int64_t snapshot) { return "me-" + std::to_string(snapshot); };
  EXPECT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}}).has_value());
  EXPECT_TRUE(leases().empty());
  lease_for_ = std::chrono::seconds(100);
  const int64_t first = Commit({{kP0, {Offset{10}, Offset{20}}}})->snapshot_id;
  const int64_t until = clock_.wall_ms() + 100'000;
  EXPECT_EQ(leases(), (std::map<std::string, int64_t>{{mine(first), until}}));

  in_use_ = {first, 4711};  // the latter is in the table no more
  clock_.Advance(std::chrono::seconds(60));
  const int64_t second = Commit({{kP0, {Offset{20}, Offset{30}}}})->snapshot_id;
  EXPECT_EQ(leases(), (std::map<std::string, int64_t>{{mine(first), until + 60'000}, {mine(second), until + 60'000}}));

  in_use_ = {};
  const progress::Lease over{"gone", second, clock_.wall_ms() - 1}, other{"other", second, clock_.wall_ms() + 1000};
  auto table = catalog_.LoadTable(kTable).value();
  iceberg::update::SetProperties others;
  for (const auto& lease : {over, other}) {
    others.updates[progress::LeasePropertyName(lease.id)] = progress::LeaseJson(lease);
  }
  ASSERT_TRUE(catalog_.CommitTable(table, {}, {others}, "").has_value());
  const int64_t third = Commit({{kP0, {Offset{30}, Offset{40}}}})->snapshot_id;
  EXPECT_EQ(leases(), (std::map<std::string, int64_t>{{mine(third), until + 60'000}, {"other", other.until_ms}}));
}

TEST_F(TableCommitterTest, OneRequestMovesBranchTagAndProperty) {
  const auto outcome = Commit({{kP0, {Offset{0}, Offset{10}}}}).value();
  EXPECT_TRUE(outcome.committed);
  const auto table = Metadata();
  EXPECT_EQ(catalog_.commits(), 1);
  ASSERT_NE(table->FindRef("main"), nullptr);
  EXPECT_EQ(table->FindRef("main")->snapshot_id, outcome.snapshot_id);
  EXPECT_EQ(table->FindRef("k2i-p")->snapshot_id, outcome.snapshot_id);
  EXPECT_EQ(progress::ParseProgress(table->properties.at("k2i.p.offsets")).value(), outcome.progress);
  const auto& summary = table->FindRef("main")->summary;
  EXPECT_EQ(summary.at("k2i.pipeline"), "p");
  EXPECT_EQ(summary.at("k2i.offsets"),
            R"({"cluster":"cluster-a","topics":{"events":{"id":"topic-id","next":{"0":10}}},"v":1})");
  EXPECT_EQ(summary.at("k2i.ranges"), R"({"events":{"0":[0,10]}})");
  EXPECT_EQ(summary.at("k2i.watermark-ms"), "77");
  EXPECT_EQ(summary.at("added-records"), "10");
  ASSERT_EQ(intents_.size(), 1u);
  EXPECT_EQ(intents_[0].snapshot_id, outcome.snapshot_id);
  EXPECT_EQ(intents_[0].base_snapshot_id, std::nullopt);
}

TEST_F(TableCommitterTest, CarriesOtherPartitionsForward) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  const auto outcome = Commit({{kP1, {Offset{5}, Offset{7}}}}).value();
  EXPECT_EQ(outcome.progress.Next(kP0), Offset{10});
  EXPECT_EQ(outcome.progress.Next(kP1), Offset{7});
}

TEST_F(TableCommitterTest, ConflictRebasesOnTheNewBaseWithTheSameManifest) {
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    // Between load and commit somebody else appends.
    iceberg::Append foreign(store_, {.snapshot_id = 4711, .commit_uuid = "foreign"});
    const auto snapshot = foreign.Prepare(*Metadata(), clock_.wall_ms()).value();
    K2I_RETURN_IF_ERROR(catalog_.ForeignCommit(
        kTable,
        {iceberg::update::AddSnapshot{snapshot}, iceberg::update::SetSnapshotRef{"main", {.snapshot_id = 4711}}}));
    return {};
  };
  const auto outcome = Commit({{kP0, {Offset{0}, Offset{10}}}}).value();
  EXPECT_TRUE(outcome.committed);
  const auto table = Metadata();
  EXPECT_EQ(table->FindRef("main")->snapshot_id, outcome.snapshot_id);
  EXPECT_EQ(table->FindRef("main")->parent_snapshot_id, 4711);
  EXPECT_EQ(metrics_.conflicts.value(), 1);
  EXPECT_EQ(intents_.size(), 2u);
  EXPECT_EQ(intents_[1].snapshot_id, intents_[0].snapshot_id);
  EXPECT_EQ(intents_[1].base_snapshot_id, 4711);
  // The list for the base that had moved is gone.
  EXPECT_TRUE(store_.Stat(table->FindRef("main")->manifest_list));
  const auto lists = [](const std::string& each) { return each.find("/snap-") != each.npos; };
  EXPECT_EQ(std::ranges::count_if(store_.locations(), lists), 2);
}

TEST_F(TableCommitterTest, WhoLosesOftenComesBackAsSoonAsTheFirstTime) {
  int64_t losses = 0;
  catalog_.before_commit = [&]() -> Status {
    if (losses == 20) return {};
    const int64_t id = 100 + ++losses;
    iceberg::Append foreign(store_, {.snapshot_id = id, .commit_uuid = "foreign" + std::to_string(id)});
    const auto snapshot = foreign.Prepare(*Metadata(), clock_.wall_ms()).value();
    K2I_RETURN_IF_ERROR(catalog_.ForeignCommit(kTable, {iceberg::update::AddSnapshot{snapshot},
                                                        iceberg::update::SetSnapshotRef{"main", {.snapshot_id = id}}}));
    return {};
  };
  EXPECT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  EXPECT_EQ(metrics_.conflicts.value(), 20);
  EXPECT_EQ(metrics_.commit_retries.value(), 20);
  EXPECT_LE(clock_.monotonic(), 20 * std::chrono::milliseconds(160));
}

// Found by the simulator (seed 4780).
TEST_F(TableCommitterTest, AMirrorThatIsSwitchedOffIsTakenAway) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  property_mirror_ = false;
  ASSERT_TRUE(Commit({{kP0, {Offset{10}, Offset{20}}}})->committed);
  EXPECT_FALSE(Metadata()->properties.contains("k2i.p.offsets"));
}

// Found by the simulator (seed 20038): another engine commits and expires what we have just loaded.
TEST_F(TableCommitterTest, ABaseThatIsExpiredMeanwhileIsAConflict) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  bool raced = false;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kRead || std::exchange(raced, true)) return {};
    const auto base = Metadata();
    iceberg::Append foreign(store_, {.snapshot_id = 4711, .commit_uuid = "foreign"});
    const auto snapshot = foreign.Prepare(*base, clock_.wall_ms()).value();
    K2I_RETURN_IF_ERROR(catalog_.ForeignCommit(
        kTable,
        {iceberg::update::AddSnapshot{snapshot}, iceberg::update::SetSnapshotRef{"main", {.snapshot_id = 4711}}}));
    return store_.Delete(base->FindRef("main")->manifest_list);
  });
  const auto outcome = Commit({{kP0, {Offset{10}, Offset{20}}}});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().ToString();
  EXPECT_TRUE(outcome->committed);
  EXPECT_EQ(Metadata()->FindRef("main")->parent_snapshot_id, 4711);
}

TEST_F(TableCommitterTest, AMissingManifestListOfTheNewestSnapshotIsAnError) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  ASSERT_TRUE(store_.Delete(Metadata()->FindRef("main")->manifest_list).has_value());
  EXPECT_EQ(Commit({{kP0, {Offset{10}, Offset{20}}}}).error().code, ErrorCode::kNotFound);
}

TEST_F(TableCommitterTest, LostReplyIsResolvedByReading) {
  int replies = 0;
  catalog_.after_commit = [&]() -> Status {
    if (++replies == 1) return Fail(ErrorCode::kCommitStateUnknown, "connection reset", Component::kCatalog);
    return {};
  };
  const auto outcome = Commit({{kP0, {Offset{0}, Offset{10}}}}).value();
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(Metadata()->snapshots.size(), 1u);
  EXPECT_EQ(catalog_.commits(), 1);
  EXPECT_EQ(outcome.progress.Next(kP0), Offset{10});
}

TEST_F(TableCommitterTest, LostRequestIsSentAgain) {
  int requests = 0;
  catalog_.before_commit = [&]() -> Status {
    if (++requests == 1) return Fail(ErrorCode::kCommitStateUnknown, "connection reset", Component::kCatalog);
    return {};
  };
  EXPECT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  EXPECT_EQ(Metadata()->snapshots.size(), 1u);
}

TEST_F(TableCommitterTest, OutageIsWaitedFor) {
  int requests = 0;
  catalog_.before_commit = [&]() -> Status {
    if (++requests < 20) return Fail(ErrorCode::kUnavailable, "connection refused", Component::kCatalog);
    return {};
  };
  EXPECT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  EXPECT_EQ(health_.Report().at("catalog"), std::nullopt);
}

TEST_F(TableCommitterTest, FilesThatOrphanCleanUpMayTakeByNowAreNotCommitted) {
  for (const auto code : {ErrorCode::kUnavailable, ErrorCode::kCommitStateUnknown}) {
    SCOPED_TRACE(ToString(code));
    const auto before = store_.locations();
    auto request = Request({{kP0, {Offset{0}, Offset{10}}}});
    request.written_since = iceberg::WrittenSince::Now(clock_);
    clock_.Advance(std::chrono::hours(11));
    bool away = true;
    catalog_.before_commit = [&]() -> Status {
      if (!std::exchange(away, false)) return {};
      clock_.Advance(std::chrono::minutes(61));
      return Fail(code, "down", Component::kCatalog);
    };
    const auto outcome = MakeCommitter().Commit(request, cluster_, {}).value();
    EXPECT_FALSE(outcome.committed);
    EXPECT_TRUE(outcome.too_old);
    // The request may have got through: then the files stay, and what is written for them.
    EXPECT_EQ(outcome.files_unreferenced, code == ErrorCode::kUnavailable);
    EXPECT_EQ(store_.locations() == before, code == ErrorCode::kUnavailable);
    EXPECT_TRUE(Metadata()->snapshots.empty());
  }
}

TEST_F(TableCommitterTest, TheirAgeIsLookedAtOnceNothingMoreIsWaitedFor) {
  TableCommitter committer({catalog_, store_, clock_, random_, metrics_, health_}, {.pipeline = "p"}, table_,
                           [&](const CommitIntentRecord&) -> Status {
                             clock_.Advance(std::chrono::hours(13));  // for room under the log
                             return {};
                           });
  EXPECT_TRUE(committer.Commit(Request({{kP0, {Offset{0}, Offset{10}}}}), cluster_, {})->too_old);
  EXPECT_TRUE(Metadata()->snapshots.empty());
}

TEST_F(TableCommitterTest, AgeIsToldByTheClockThatSaysMore) {
  ManualClock back(clock_.wall_ms() - 24 * 3'600'000), forth(clock_.wall_ms() + 24 * 3'600'000);
  const auto since = iceberg::WrittenSince::Now(clock_);
  EXPECT_EQ(since.Age(clock_), Duration(0));
  EXPECT_EQ(since.Age(forth), std::chrono::hours(24));  // a machine has slept
  back.Advance(std::chrono::hours(1));                  // the wall's clock was set back
  EXPECT_EQ(since.Age(back), std::chrono::hours(1));
  EXPECT_EQ(iceberg::WrittenSince::At(clock_.wall_ms() - 5'000, clock_).Age(clock_), std::chrono::seconds(5));
}

TEST_F(TableCommitterTest, RowsThatAnotherOwnerCommittedAreFencedOff) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  const auto outcome = Commit({{kP0, {Offset{0}, Offset{15}}}}).value();
  EXPECT_FALSE(outcome.committed);
  EXPECT_TRUE(outcome.files_unreferenced);
  EXPECT_EQ(outcome.progress.Next(kP0), Offset{10});
  EXPECT_EQ(Metadata()->snapshots.size(), 1u);
}

TEST_F(TableCommitterTest, ZombieAndNewOwnerNeverBothLand) {
  // The new owner commits between the zombie's load and its commit.
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    K2I_RETURN_IF_ERROR(Commit({{kP0, {Offset{0}, Offset{10}}}}));
    return {};
  };
  const auto zombie = Commit({{kP0, {Offset{0}, Offset{10}}}}).value();
  EXPECT_FALSE(zombie.committed);
  EXPECT_EQ(Metadata()->snapshots.size(), 1u);
}

TEST_F(TableCommitterTest, RolledBackTableStopsTheStream) {
  ASSERT_TRUE(Commit({{kP0, {Offset{0}, Offset{10}}}})->committed);
  const auto outcome = Commit({{kP0, {Offset{12}, Offset{15}}}});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ExitCode(outcome.error()), 3);
}

TEST_F(TableCommitterTest, DroppedAndRecreatedTableStopsTheStream) {
  auto committer = MakeCommitter();
  ASSERT_TRUE(catalog_.DropTable(kTable).has_value());
  EXPECT_EQ(committer.Commit(Request({{kP0, {Offset{0}, Offset{1}}}}), cluster_, {}).error().code,
            ErrorCode::kNotFound);
  SetUp();  // drops nothing: creates the table anew, with another uuid
  auto stale = committer.Commit(Request({{kP0, {Offset{0}, Offset{1}}}}), cluster_, {});
  EXPECT_EQ(stale.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(TableCommitterTest, StoppedWhileUnknownSaysUnknown) {
  catalog_.before_commit = [&]() -> Status {
    stop_.request_stop();
    return Fail(ErrorCode::kCommitStateUnknown, "timeout", Component::kCatalog);
  };
  EXPECT_EQ(Commit({{kP0, {Offset{0}, Offset{1}}}}).error().code, ErrorCode::kCommitStateUnknown);
}

TEST_F(TableCommitterTest, StoppedBeforeAnythingWasSentIsCancelled) {
  catalog_.before_load = [&]() -> Status {
    stop_.request_stop();
    return Fail(ErrorCode::kUnavailable, "refused", Component::kCatalog);
  };
  EXPECT_EQ(Commit({{kP0, {Offset{0}, Offset{1}}}}).error().code, ErrorCode::kCancelled);
}

TEST_F(TableCommitterTest, RejectionAfterAnUnknownTryKeepsTheFiles) {
  int requests = 0;
  catalog_.before_commit = [&]() -> Status {
    if (++requests == 1) return Fail(ErrorCode::kCommitStateUnknown, "timeout", Component::kCatalog);
    return Fail(ErrorCode::kPermissionDenied, "token revoked", Component::kCatalog);
  };
  EXPECT_EQ(Commit({{kP0, {Offset{0}, Offset{1}}}}).error().code, ErrorCode::kCommitStateUnknown);
}

TEST_F(TableCommitterTest, CommitOfOffsetsAlone) {
  auto request = Request({{kP0, {Offset{0}, Offset{3}}}});
  request.files.clear();
  auto committer = MakeCommitter();
  EXPECT_TRUE(committer.Commit(request, cluster_, {})->committed);
  const auto& summary = Metadata()->FindRef("main")->summary;
  EXPECT_EQ(summary.at("total-records"), "0");
  EXPECT_FALSE(summary.contains("added-records"));
}

}  // namespace
}  // namespace k2i::ingest
