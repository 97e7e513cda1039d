// SPDX-License-Identifier: Apache-2.0
#include "maintenance/clean_orphans.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/clock_testing.h"
#include "iceberg/catalog/sql/sql_catalog.h"
#include "iceberg/catalog/sql/sqlite.h"
#include "maintenance/expire_snapshots.h"
#include "maintenance/history_testing.h"

namespace k2i::maintenance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// Does not say where the table's metadata file is, as the REST protocol allows.
class SilentCatalog final : public iceberg::Catalog {
 public:
  explicit SilentCatalog(iceberg::Catalog& catalog) : catalog_(catalog) {}
  Status Ping() override { return catalog_.Ping(); }
  Status EnsureNamespace(const std::vector<std::string>& levels) override { return catalog_.EnsureNamespace(levels); }
  Result<iceberg::LoadedTable> LoadTable(const iceberg::TableIdentifier& table) override {
    auto loaded = catalog_.LoadTable(table);
    if (loaded.has_value()) loaded->metadata_location.clear();
    return loaded;
  }
  Result<iceberg::LoadedTable> CreateTable(const iceberg::TableIdentifier& table,
                                           const iceberg::CreateTableRequest& request) override {
    return catalog_.CreateTable(table, request);
  }
  Result<iceberg::LoadedTable> CommitTable(const iceberg::LoadedTable& base,
                                           const std::vector<iceberg::TableRequirement>& requirements,
                                           const std::vector<iceberg::TableUpdate>& updates,
                                           const std::string& key) override {
    return catalog_.CommitTable(base, requirements, updates, key);
  }
  Result<std::vector<iceberg::TableIdentifier>> ListTables() override { return catalog_.ListTables(); }
  Status DropTable(const iceberg::TableIdentifier& table) override { return catalog_.DropTable(table); }

 private:
  iceberg::Catalog& catalog_;
};

class CleanOrphansTest : public testing::Test {
 protected:
  CleanOrphansTest() : folder_(testing::TempDir() + "clean_orphans_" + Random(Random::SystemSeed()).Uuid()) {
    catalog_ = *iceberg::SqlCatalog::Open({.warehouse = "s3://b/wh"}, *iceberg::Sqlite::Open(folder_ + "/c.db", 10'000),
                                          store_, clock_, random_);
    table_ = std::make_unique<TableHistory>(*catalog_, store_, clock_, random_);
  }
  ~CleanOrphansTest() override {
    table_.reset();
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  Result<OrphanReport> Clean(OrphanOptions options = {}) {
    if (options.older_than_ms == 0) options.older_than_ms = clock_.wall_ms() - kDayMs;
    if (options.warehouse.empty()) options.warehouse = "s3://b/wh";
    return OrphanCleaning({*catalog_, store_, clock_}, std::move(options)).Run(table_->identifier());
  }
  OrphanReport CleanWell(OrphanOptions options = {}) {
    auto report = Clean(std::move(options));
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    if (!report.has_value()) return {};
    EXPECT_FALSE(report->stopped.has_value()) << report->stopped->ToString();
    return *std::move(report);
  }
  std::set<std::string> All() {
    const auto locations = store_.locations();
    return {locations.begin(), locations.end()};
  }
  void Days(int days) { clock_.Advance(std::chrono::hours(24 * days)); }

  ManualClock clock_;
  Random random_{7};
  io::MemoryObjectStore store_{&clock_};
  const std::string folder_;
  std::unique_ptr<iceberg::SqlCatalog> catalog_;
  std::unique_ptr<TableHistory> table_;
};

TEST_F(CleanOrphansTest, DeletesOldFilesThatNothingRefersToAndNoOther) {
  table_->Append({"a", "b"});
  table_->Change({"a"}, {"c"});
  const auto live = All();
  store_.Overwrite("s3://b/wh/db/t/data/crashed.parquet", "1234");
  store_.Overwrite("s3://b/wh/db/t/metadata/00007-lost.metadata.json", "{}");
  store_.Overwrite("s3://b/wh/db/other/data/x.parquet", "not ours");
  Days(2);
  store_.Overwrite("s3://b/wh/db/t/data/in-flight.parquet", "12");
  const auto planned = CleanWell({.deletion = {.dry_run = true}});
  EXPECT_EQ(All().size(), live.size() + 4);
  const auto report = CleanWell();
  EXPECT_EQ(planned.files.deleted, report.files.deleted);
  EXPECT_THAT(planned.files.listed,
              ElementsAre("s3://b/wh/db/t/data/crashed.parquet", "s3://b/wh/db/t/metadata/00007-lost.metadata.json"));
  auto expected = live;
  expected.insert({"s3://b/wh/db/t/data/in-flight.parquet", "s3://b/wh/db/other/data/x.parquet"});
  EXPECT_EQ(All(), expected);
  EXPECT_EQ(report.files.deleted.at(FileKind::kData), (FileCount{1, 4}));
  EXPECT_EQ(report.files.deleted.at(FileKind::kMetadata), (FileCount{1, 2}));
  EXPECT_EQ(report.listed_files, static_cast<int64_t>(live.size()) + 3);
  EXPECT_TRUE(CleanWell().files.deleted.empty());
  EXPECT_EQ(Total(CleanWell({.older_than_ms = clock_.wall_ms() + 1, .force = true}).files.deleted).files, 0);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Total(CleanWell({.older_than_ms = clock_.wall_ms(), .force = true}).files.deleted).files, 1);
  EXPECT_EQ(Clean({.older_than_ms = clock_.wall_ms()}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(CleanOrphansTest, ProgressGoesOnFromBatchToBatch) {
  table_->Append({"a"});
  for (const char* name : {"1", "2", "3", "4", "5"}) store_.Overwrite(std::string("s3://b/wh/db/t/data/") + name, "x");
  Days(2);
  std::vector<std::pair<int64_t, int64_t>> told;
  const auto note = [&](int64_t done, int64_t of) { told.emplace_back(done, of); };
  CleanWell({.deletion = {.threads = 1, .progress = note}, .batch_files = 2});
  EXPECT_THAT(told, ElementsAre(Pair(1, 2), Pair(2, 2), Pair(3, 4), Pair(4, 4), Pair(5, 5)));
}

TEST_F(CleanOrphansTest, AStopIsHeededWhileManifestsAreRead) {
  table_->Append({"a"});
  table_->Append({"b"});
  store_.Overwrite("s3://b/wh/db/t/data/lost.parquet", "1234");
  Days(2);
  const auto before = All();
  std::stop_source stop;
  int64_t read = 0;
  const auto cleaned = Clean({.deletion = {.threads = 1, .stop = stop.get_token()},
                              .reading =
                                  [&](int64_t done, int64_t) {
                                    read = done;
                                    stop.request_stop();
                                  },
                              .listing = [](int64_t) { ADD_FAILURE() << "listed"; }});
  ASSERT_FALSE(cleaned.has_value());
  EXPECT_EQ(cleaned.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(read, 1);
  EXPECT_EQ(All(), before);
}

TEST_F(CleanOrphansTest, TellsOfWhatItReadsAndLists) {
  table_->Append({"a"});
  table_->Append({"b"});
  store_.Overwrite("s3://b/wh/db/t/data/lost.parquet", "1234");
  Days(2);
  const auto files = static_cast<int64_t>(All().size());
  int64_t read = 0, to_read = 0, listed = 0;
  const auto report = CleanWell({.reading =
                                     [&](int64_t done, int64_t of) {
                                       EXPECT_EQ(listed, 0);
                                       read = done, to_read = of;
                                     },
                                 .listing = [&](int64_t count) { EXPECT_EQ(count, ++listed); }});
  EXPECT_EQ(read, 4);  // two lists, two manifests
  EXPECT_EQ(to_read, 4);
  EXPECT_EQ(listed, files);
  EXPECT_EQ(Total(report.files.deleted).files, 1);
}

TEST_F(CleanOrphansTest, AStopAmidTheLastFilesIsTold) {
  table_->Append({"a"});
  for (const char* name : {"1", "2", "3"}) store_.Overwrite(std::string("s3://b/wh/db/t/data/") + name, "x");
  Days(2);
  std::stop_source stop;
  const auto report =
      Clean({.deletion = {
                 .threads = 1, .progress = [&](int64_t, int64_t) { stop.request_stop(); }, .stop = stop.get_token()}});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->files.not_tried, 2);
  ASSERT_TRUE(report->stopped.has_value());
  EXPECT_EQ(report->stopped->code, ErrorCode::kCancelled);
  EXPECT_EQ(Total(CleanWell().files.deleted).files, 2);
}

TEST_F(CleanOrphansTest, FindsWhatAnExpiryCouldNotDelete) {
  table_->Append({"a"});
  table_->Change({"a"}, {"b"});
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kDelete) return {};
    return Fail(ErrorCode::kUnavailable, "down", Component::kStorage);
  });
  ExpiryOptions options;
  options.wishes.expire_before_ms = clock_.wall_ms();
  const auto expired = SnapshotExpiry({*catalog_, store_, clock_, random_}, options).Run(table_->identifier());
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->files.failed, 3);
  store_.set_fault_hook({});
  Days(2);
  EXPECT_EQ(Total(CleanWell().files.deleted).files, 3);
  EXPECT_EQ(table_->Stored(), table_->Reachable());
}

TEST_F(CleanOrphansTest, WhatIsCommittedMeanwhileStays) {
  table_->Append({"a"});
  store_.Overwrite("s3://b/wh/db/t/data/late.parquet", "rows");
  store_.Overwrite("s3://b/wh/db/t/data/orphan.parquet", "rows");
  Days(2);
  bool committed = false;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kList || committed) return {};
    committed = true;
    table_->Append({"late.parquet"});  // a file that has been there for long
    return {};
  });
  CleanWell();
  store_.set_fault_hook({});
  EXPECT_TRUE(store_.Exists("s3://b/wh/db/t/data/late.parquet"));
  EXPECT_FALSE(store_.Exists("s3://b/wh/db/t/data/orphan.parquet"));
}

TEST_F(CleanOrphansTest, RefusesAnotherTableBelow) {
  table_->Append({"a"});
  store_.Overwrite("s3://b/wh/db/t/data/orphan.parquet", "rows");
  Days(2);
  TableHistory nested(*catalog_, store_, clock_, random_, "s3a://b/wh/db/t/nested", "nested");
  const auto refused = Clean();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotSupported);
  EXPECT_THAT(refused.error().message, HasSubstr("db.nested"));
  EXPECT_TRUE(store_.Exists("s3://b/wh/db/t/data/orphan.parquet"));
  ASSERT_TRUE(catalog_->DropTable(nested.identifier()).has_value());
  EXPECT_EQ(Total(CleanWell().files.deleted).files, 1);
}

TEST_F(CleanOrphansTest, RefusesWhereAnotherTableCannotBeRead) {
  TableHistory other(*catalog_, store_, clock_, random_, "s3://b/wh/db/u", "u");
  const std::string location = catalog_->LoadTable(other.identifier())->metadata_location;
  ASSERT_TRUE(store_.Delete(location).has_value());
  EXPECT_THAT(Clean().error().message, HasSubstr("--unshared"));
  EXPECT_TRUE(Clean({.unshared = true}).has_value());
}

TEST_F(CleanOrphansTest, GcEnabledFalseIsRespected) {
  table_->Commit({iceberg::update::SetProperties{{{"gc.enabled", "false"}}}});
  EXPECT_EQ(Clean().error().code, ErrorCode::kInvalidConfig);
}

TEST_F(CleanOrphansTest, NeverTakesTheTablesOwnMetadataFileForAnOrphan) {
  table_->Append({"a"});
  Days(2);
  const auto files = All();
  SilentCatalog silent(*catalog_);
  const auto refused =
      OrphanCleaning({silent, store_, clock_}, {.older_than_ms = clock_.wall_ms() - kDayMs}).Run(table_->identifier());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(All(), files);
}

TEST_F(CleanOrphansTest, GoesThroughLongListsInBatches) {
  table_->Append({"a"});
  for (int i = 0; i < 25; ++i) store_.Overwrite("s3://b/wh/db/t/data/o" + std::to_string(i), "x");
  Days(2);
  const auto report = CleanWell({.deletion = {.most_listed = 12}, .batch_files = 10});
  EXPECT_EQ(Total(report.files.deleted), (FileCount{25, 25}));
  EXPECT_EQ(report.files.listed.size(), 12u);
}

TEST_F(CleanOrphansTest, NoMoreThanAskedFor) {
  table_->Append({"a"});
  for (int i = 0; i < 25; ++i) store_.Overwrite("s3://b/wh/db/t/data/o" + std::to_string(i), "x");
  Days(2);
  const auto some = CleanWell({.batch_files = 10, .most_files = 18});
  EXPECT_EQ(Total(some.files.deleted), (FileCount{18, 18}));
  EXPECT_TRUE(some.reached_most_files);
  const auto rest = CleanWell({.batch_files = 10, .most_files = 7});
  EXPECT_EQ(Total(rest.files.deleted), (FileCount{7, 7}));
  EXPECT_FALSE(rest.reached_most_files);
}

TEST_F(CleanOrphansTest, WhatCannotBeDeletedDoesNotKeepTheRest) {
  table_->Append({"a"});
  for (int i = 10; i < 20; ++i) store_.Overwrite("s3://b/wh/db/t/data/o" + std::to_string(i), "x");
  Days(2);
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    const bool locked = call.op == io::StoreOp::kDelete && call.location < "s3://b/wh/db/t/data/o14";
    return locked ? Status(Fail(ErrorCode::kPermissionDenied, "locked", Component::kStorage)) : Status();
  });
  const auto some = CleanWell({.most_files = 3});
  store_.set_fault_hook({});
  EXPECT_EQ(Total(some.files.deleted).files, 3);
  EXPECT_EQ(some.files.failed, 4);
  EXPECT_TRUE(some.reached_most_files);
}

}  // namespace
}  // namespace k2i::maintenance
