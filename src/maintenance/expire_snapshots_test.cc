// SPDX-License-Identifier: Apache-2.0
#include "maintenance/expire_snapshots.h"

#include <gmock/gmock.h>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "maintenance/history_testing.h"
#include "progress/lease.h"

namespace k2i::maintenance {
namespace {

using iceberg::SnapshotRef;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ExpireSnapshotsTest : public testing::Test {
 protected:
  Result<ExpiryReport> Expire(ExpiryOptions options = {}) {
    if (!options.wishes.expire_before_ms) options.wishes.expire_before_ms = clock_.wall_ms() + 1;
    return SnapshotExpiry({catalog_, store_, clock_, random_}, std::move(options)).Run(table_.identifier());
  }
  ExpiryReport ExpireWell(ExpiryOptions options = {}) {
    auto report = Expire(std::move(options));
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    if (!report.has_value()) return {};
    EXPECT_FALSE(report->files_error.has_value()) << report->files_error->ToString();
    return *std::move(report);
  }
  void ExpectOnlyReachableFiles() { EXPECT_EQ(table_.Stored(), table_.Reachable()); }
  void Tag(const std::string& name, int64_t snapshot_id) {
    table_.Commit(
        {iceberg::update::SetSnapshotRef{name, {.snapshot_id = snapshot_id, .kind = SnapshotRef::Kind::kTag}}});
  }
  void Lease(const std::string& id, int64_t snapshot, int64_t until_ms) {
    table_.Commit({iceberg::update::SetProperties{
        {{progress::LeasePropertyName(id), progress::LeaseJson({id, snapshot, until_ms})}}}});
  }

  ManualClock clock_;
  Random random_{7};
  io::MemoryObjectStore store_{&clock_};
  iceberg::MemoryCatalog catalog_{clock_, random_};
  TableHistory table_{catalog_, store_, clock_, random_};
};

TEST_F(ExpireSnapshotsTest, AStopIsHeededBetweenTries) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  std::stop_source stop;
  catalog_.before_commit = [&]() -> Status {
    stop.request_stop();
    return Fail(ErrorCode::kCommitConflict, "moved", Component::kCatalog);
  };
  const auto stored = table_.Stored();
  const auto report = Expire({.deletion = {.stop = stop.get_token()}});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(table_.Stored(), stored);
}

TEST_F(ExpireSnapshotsTest, AStopIsHeededWhileManifestsAreRead) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  table_.Change({"b"}, {"c"});
  const auto stored = table_.Stored();
  std::stop_source stop;
  std::vector<int64_t> told;
  const auto reading = [&](int64_t done, int64_t) {
    told.push_back(done);
    if (done == 2) stop.request_stop();
  };
  const auto report = Expire({.deletion = {.threads = 1, .stop = stop.get_token()}, .reading = reading});
  ASSERT_TRUE(report.has_value()) << report.error().ToString();
  ASSERT_TRUE(report->files_error.has_value());
  EXPECT_EQ(report->files_error->code, ErrorCode::kCancelled);
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(report->plan.snapshots.size(), 2u);
  EXPECT_TRUE(report->files.deleted.empty());
  for (const std::string& location : stored) EXPECT_THAT(table_.Stored(), Contains(location));
}

TEST_F(ExpireSnapshotsTest, TellsHowManyManifestsAreRead) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  int64_t last = 0, whole = 0;
  ExpireWell({.reading = [&](int64_t done, int64_t of) {
    EXPECT_EQ(done, last + 1);
    EXPECT_GE(of, whole);
    last = done, whole = of;
  }});
  EXPECT_EQ(last, whole);
  // The lists of both snapshots, and a manifest of each at least.
  EXPECT_GE(whole, 4);
}

TEST_F(ExpireSnapshotsTest, DeletesWhatNoKeptSnapshotReaches) {
  table_.Append({"a", "b"});
  const int64_t tagged = table_.Append({"c"});
  table_.Change({"a"}, {"a2"});
  table_.Change({"b", "c"}, {"bc"});
  table_.Change({"a2"}, {});
  Tag("keep", tagged);
  const auto before = table_.Stored();
  const auto report = ExpireWell();
  ExpectOnlyReachableFiles();
  EXPECT_THAT(report.plan.snapshots, ElementsAre(1, 3, 4));
  EXPECT_EQ(report.snapshots_kept, 2u);
  // a, b and c are the tag's; a2 is nobody's.
  EXPECT_THAT(table_.Stored(), Not(Contains(table_.DataPath("a2"))));
  for (const char* name : {"a", "b", "c", "bc"}) EXPECT_THAT(table_.Stored(), Contains(table_.DataPath(name)));
  EXPECT_EQ(report.files.deleted.at(FileKind::kData), (FileCount{1, 4}));
  EXPECT_EQ(report.files.deleted.at(FileKind::kManifestList).files, 3);
  EXPECT_EQ(Total(report.files.deleted).files, static_cast<int64_t>(before.size() - table_.Stored().size()));
  EXPECT_EQ(report.files.missing + report.files.failed, 0);
}

TEST_F(ExpireSnapshotsTest, NoMoreThanAskedForAndTheOldestFirst) {
  for (const char* name : {"a", "b", "c", "d"}) table_.Append({name});
  const ExpiryOptions options{.most_snapshots = 2};
  const auto report = ExpireWell(options);
  ExpectOnlyReachableFiles();
  EXPECT_THAT(report.plan.snapshots, ElementsAre(1, 2));
  EXPECT_EQ(report.snapshots_kept, 2u);
  EXPECT_EQ(report.snapshots_left, 1u);
  EXPECT_EQ(ExpireWell(options).snapshots_left, 0u);
}

TEST_F(ExpireSnapshotsTest, ALateRequestDoesNotMakeItMoreThanAskedFor) {
  for (const char* name : {"a", "b", "c", "d"}) table_.Append({name});
  bool sent = false;
  catalog_.before_commit = [&]() -> Status {
    sent = true;
    return Fail(ErrorCode::kCommitStateUnknown, "no answer", Component::kCatalog);
  };
  int loads = 0;
  catalog_.before_load = [&]() -> Status {
    if (!sent || ++loads != 2) return {};  // the first looks whether it has arrived
    catalog_.before_commit = nullptr;
    EXPECT_TRUE(catalog_.ForeignCommit(table_.identifier(), {iceberg::update::RemoveSnapshots{{1, 2}}}).has_value());
    return {};
  };
  const auto report = ExpireWell({.most_snapshots = 2});
  catalog_.before_load = nullptr;
  EXPECT_GE(loads, 2);
  EXPECT_EQ(report.snapshots_left, 1u);
  EXPECT_EQ(catalog_.LoadTable(table_.identifier())->metadata->snapshots.size(), 2u);
}

TEST_F(ExpireSnapshotsTest, AppendsAloneLoseNoDataFile) {
  for (const char* name : {"a", "b", "c"}) table_.Append({name});
  const auto report = ExpireWell();
  ExpectOnlyReachableFiles();
  EXPECT_EQ(report.files.deleted.size(), 1u);
  EXPECT_EQ(report.files.deleted.at(FileKind::kManifestList).files, 2);
}

TEST_F(ExpireSnapshotsTest, AFileThatWasAddedAgainStays) {
  table_.Append({"a"});
  table_.Change({"a"}, {});
  table_.Append({"a"});
  ExpireWell();
  ExpectOnlyReachableFiles();
  EXPECT_THAT(table_.Stored(), Contains(table_.DataPath("a")));
}

TEST_F(ExpireSnapshotsTest, FilesOfAbandonedBranchesGo) {
  table_.Append({"a"});
  table_.Change({}, {"staged"}, "side");
  table_.Commit({iceberg::update::RemoveSnapshotRef{"side"}});
  table_.Append({"b"});
  ExpireWell();
  ExpectOnlyReachableFiles();
  EXPECT_THAT(table_.Stored(), Not(Contains(table_.DataPath("staged"))));
}

TEST_F(ExpireSnapshotsTest, ADryRunCountsTheSameAndChangesNothing) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  const auto files = table_.Stored();
  const int commits = catalog_.commits();
  const auto planned = ExpireWell({.deletion = {.dry_run = true}});
  EXPECT_EQ(table_.Stored(), files);
  EXPECT_EQ(catalog_.commits(), commits);
  const auto done = ExpireWell();
  EXPECT_EQ(planned.plan.snapshots, done.plan.snapshots);
  EXPECT_EQ(planned.files.deleted, done.files.deleted);
  EXPECT_EQ(planned.snapshots_kept, done.snapshots_kept);
  auto listed = planned.files.listed;
  std::ranges::sort(listed);
  std::vector<std::string> gone;
  std::ranges::set_difference(files, table_.Stored(), std::back_inserter(gone));
  EXPECT_EQ(listed, gone);
  EXPECT_TRUE(ExpireWell().plan.empty());
}

TEST_F(ExpireSnapshotsTest, StatisticsGoWithTheirSnapshot) {
  store_.Overwrite("s3://b/wh/db/t/metadata/1.stats", "12345");
  table_.Append({"a"});
  table_.Append({"b"});
  auto metadata = table_.Metadata();
  metadata.other["statistics"] = R"([{"snapshot-id":1,"statistics-path":"s3a://b/wh/db/t/metadata/1.stats"},)"
                                 R"({"snapshot-id":2,"statistics-path":"s3://b/wh/db/t/metadata/2.stats"}])";
  iceberg::TableMetadata after = metadata;
  after.other["statistics"] = R"([{"snapshot-id":2,"statistics-path":"s3://b/wh/db/t/metadata/2.stats"}])";
  const auto found = FindExpiredFiles(store_, metadata, {}, after, after.snapshots, {.threads = 2});
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->files.size(), 1u);
  EXPECT_EQ(found->files[0].location, "s3a://b/wh/db/t/metadata/1.stats");
}

TEST_F(ExpireSnapshotsTest, OtherSpellingsOfAKeptFileSaveIt) {
  table_.Append({"a"});
  table_.Change({"a"}, {});
  auto before = table_.Metadata();
  const auto removed = before.snapshots[0];
  iceberg::TableMetadata now = before;
  now.snapshots = {removed};
  // The same list by another name is kept: nothing may go.
  now.snapshots.Edit(0).manifest_list = "s3a" + removed.manifest_list.substr(2);
  store_.Overwrite(now.snapshots[0].manifest_list, *store_.Read(removed.manifest_list));
  const auto found = FindExpiredFiles(store_, before, {removed}, now, now.snapshots, {.threads = 2});
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->files.empty());
}

TEST_F(ExpireSnapshotsTest, PlansAnewWhenARefHasMoved) {
  table_.Append({"a"});
  table_.Append({"b"});
  int conflicts = 0;
  catalog_.before_commit = [&]() -> Status {
    if (conflicts++ > 0) return {};
    // Others go back to the snapshot that was to go.
    (void)catalog_.ForeignCommit(table_.identifier(), {iceberg::update::SetSnapshotRef{"main", {.snapshot_id = 1}}});
    return {};
  };
  const auto report = ExpireWell();
  catalog_.before_commit = nullptr;
  EXPECT_EQ(conflicts, 2);
  EXPECT_THAT(report.plan.snapshots, ElementsAre(2));
  EXPECT_EQ(table_.Metadata().current_snapshot_id, 1);
  ExpectOnlyReachableFiles();
}

TEST_F(ExpireSnapshotsTest, GivesUpAfterManyConflicts) {
  table_.Append({"a"});
  table_.Append({"b"});
  const auto files = table_.Stored();
  catalog_.before_commit = [] { return Status(Fail(ErrorCode::kCommitConflict, "moved", Component::kCatalog)); };
  EXPECT_EQ(Expire({.most_tries = 3}).error().code, ErrorCode::kCommitConflict);
  catalog_.before_commit = nullptr;
  EXPECT_EQ(table_.Stored(), files);
}

TEST_F(ExpireSnapshotsTest, ALostReplyIsResolvedByReading) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  catalog_.after_commit = [] { return Status(Fail(ErrorCode::kCommitStateUnknown, "lost", Component::kCatalog)); };
  const auto report = ExpireWell();
  catalog_.after_commit = nullptr;
  EXPECT_THAT(report.plan.snapshots, ElementsAre(1));
  ExpectOnlyReachableFiles();
}

TEST_F(ExpireSnapshotsTest, ALostRequestIsSentAgain) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  int calls = 0;
  catalog_.before_commit = [&]() -> Status {
    if (calls++ > 0) return {};
    return Fail(ErrorCode::kCommitStateUnknown, "lost", Component::kCatalog);
  };
  ExpireWell();
  catalog_.before_commit = nullptr;
  EXPECT_EQ(calls, 2);
  ExpectOnlyReachableFiles();
}

TEST_F(ExpireSnapshotsTest, NothingIsDeletedWhileTheOutcomeIsUnknown) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  const auto files = table_.Stored();
  bool out = false;
  catalog_.after_commit = [&] {
    out = true;
    return Status(Fail(ErrorCode::kCommitStateUnknown, "lost", Component::kCatalog));
  };
  catalog_.before_load = [&] {
    return out ? Status(Fail(ErrorCode::kUnavailable, "down", Component::kCatalog)) : Status();
  };
  EXPECT_EQ(Expire().error().code, ErrorCode::kCommitStateUnknown);
  EXPECT_EQ(table_.Stored(), files);
}

TEST_F(ExpireSnapshotsTest, ALeaseThatCameDuringTheCommitKeepsTheFiles) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  catalog_.before_commit = [&]() -> Status {
    (void)catalog_.ForeignCommit(
        table_.identifier(),
        {iceberg::update::SetProperties{
            {{progress::LeasePropertyName("q"), progress::LeaseJson({"q", 1, clock_.wall_ms() + 60'000})}}}});
    return {};
  };
  const auto files = table_.Stored();
  const auto report = ExpireWell();
  EXPECT_THAT(report.plan.snapshots, ElementsAre(1));
  EXPECT_EQ(table_.Stored(), files);
}

TEST_F(ExpireSnapshotsTest, LeasesHoldUntilTheyEnd) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  Lease("q", 1, clock_.wall_ms() + 60'000);
  EXPECT_TRUE(ExpireWell().plan.empty());
  clock_.Advance(std::chrono::minutes(2));
  const auto report = ExpireWell();
  EXPECT_THAT(report.plan.snapshots, ElementsAre(1));
  EXPECT_FALSE(table_.Metadata().properties.contains("k2i.lease.q"));
  ExpectOnlyReachableFiles();
}

TEST_F(ExpireSnapshotsTest, FailedDeletionsAreCountedAndNamed) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  const std::string stuck = table_.DataPath("a");
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kDelete || call.location != stuck) return {};
    return Fail(ErrorCode::kPermissionDenied, "no", Component::kStorage);
  });
  const auto report = ExpireWell();
  store_.set_fault_hook({});
  EXPECT_EQ(report.files.failed, 1);
  EXPECT_THAT(report.files.failures, ElementsAre(HasSubstr(stuck)));
  auto expected = table_.Reachable();
  expected.insert(stuck);
  EXPECT_EQ(table_.Stored(), expected);
}

TEST_F(ExpireSnapshotsTest, WhatCannotBeReadIsLeftAndSaid) {
  table_.Append({"a"});
  table_.Change({"a"}, {"b"});
  table_.Append({"c"});
  const auto metadata = table_.Metadata();
  const std::string lost = metadata.snapshots[0].manifest_list;
  ASSERT_TRUE(store_.Delete(lost).has_value());
  auto report = ExpireWell();
  EXPECT_THAT(report.unreadable, ElementsAre(lost));
  // Of a kept snapshot it is another matter: without its list nothing is proven.
  table_.Append({"d"});
  ASSERT_TRUE(store_.Delete(table_.Metadata().snapshots.back().manifest_list).has_value());
  const auto files = table_.Stored();
  const auto failed = Expire();
  ASSERT_TRUE(failed.has_value());
  ASSERT_TRUE(failed->files_error.has_value());
  EXPECT_EQ(failed->files_error->code, ErrorCode::kNotFound);
  EXPECT_EQ(table_.Stored(), files);
}

TEST_F(ExpireSnapshotsTest, GcEnabledFalseIsRespected) {
  table_.Append({"a"});
  table_.Append({"b"});
  table_.Commit({iceberg::update::SetProperties{{{"gc.enabled", "False"}}}});
  const auto refused = Expire();
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(refused.error().message, HasSubstr("gc.enabled"));
  EXPECT_EQ(table_.Metadata().snapshots.size(), 2u);
}

TEST_F(ExpireSnapshotsTest, RandomHistoriesEndWithExactlyWhatIsReachable) {
  for (int round = 0; round < 60; ++round) {
    io::MemoryObjectStore store(&clock_);
    iceberg::MemoryCatalog catalog(clock_, random_);
    TableHistory table(catalog, store, clock_, random_);
    std::map<std::string, std::set<std::string>> live;  // by branch
    int next_file = 0;
    for (int step = 0; step < 25; ++step) {
      const std::string branch = random_.Below(4) == 0 ? "side" : "main";
      if (branch == "side" && !live.contains("side")) live["side"] = live["main"];
      auto& files = live[branch];
      std::vector<std::string> removed, added;
      for (const std::string& file : files) {
        if (random_.Below(4) == 0) removed.push_back(file);
      }
      for (uint64_t n = random_.Below(3); n > 0; --n) added.push_back("f" + std::to_string(next_file++));
      for (const std::string& file : removed) files.erase(file);
      files.insert(added.begin(), added.end());
      const int64_t id = table.Change(removed, added, branch);
      if (random_.Below(8) == 0) {
        table.Commit({iceberg::update::SetSnapshotRef{"t" + std::to_string(random_.Below(3)),
                                                      {.snapshot_id = id, .kind = SnapshotRef::Kind::kTag}}});
      }
      if (random_.Below(6) != 0) continue;
      ExpiryOptions options;
      options.wishes.expire_before_ms = clock_.wall_ms() - static_cast<int64_t>(random_.Below(8'000));
      options.wishes.min_snapshots_to_keep = 1 + static_cast<int32_t>(random_.Below(3));
      options.deletion.threads = 1 + random_.Below(4);
      const auto report = SnapshotExpiry({catalog, store, clock_, random_}, options).Run(table.identifier());
      ASSERT_TRUE(report.has_value() && !report->files_error) << "round " << round;
      ASSERT_EQ(table.Stored(), table.Reachable()) << "round " << round << " step " << step;
    }
  }
}

}  // namespace
}  // namespace k2i::maintenance
