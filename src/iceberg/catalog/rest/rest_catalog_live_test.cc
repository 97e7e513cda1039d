// SPDX-License-Identifier: Apache-2.0
//
// RestCatalog against a real server (K2I_TEST_REST_URI), whose warehouse is on this machine's disk.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/update/append.h"
#include "io/make_object_store.h"
#include "net/http_client.h"

namespace k2i::iceberg {
namespace {

class RestCatalogLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* uri = std::getenv("K2I_TEST_REST_URI");
    if (!uri) GTEST_SKIP() << "K2I_TEST_REST_URI is not set";
    catalog_ = RestCatalog::Make({.uri = uri}, http_, clock_).value();
    table_ = {{"k2i_live", "level-" + random_.Uuid()}, "events"};
  }
  void TearDown() override {
    if (catalog_) static_cast<void>(catalog_->DropTable(table_));
  }

  LoadedTable Create() {
    CreateTableRequest request;
    request.schema.type = Type::Struct(
        {{10, "id", Type::Primitive(TypeId::kLong), false}, {20, "ts", Type::Primitive(TypeId::kTimestampTz), true}});
    request.spec.fields = {{.source_id = 20, .name = "ts_day", .transform = {TransformKind::kDay}}};
    request.properties = {{"owner", "k2i"}};
    EXPECT_TRUE(catalog_->EnsureNamespace(table_.name_space).has_value());
    return catalog_->CreateTable(table_, request).value();
  }

  Random random_{Random::SystemSeed()};
  SystemClock clock_;
  net::HttpClient http_;
  std::unique_ptr<RestCatalog> catalog_;
  TableIdentifier table_;
};

TEST_F(RestCatalogLiveTest, CreatesLoadsAndDropsATable) {
  ASSERT_TRUE(catalog_->Ping().has_value());
  EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kNotFound);
  const LoadedTable created = Create();
  EXPECT_TRUE(catalog_->EnsureNamespace(table_.name_space).has_value());
  EXPECT_EQ(catalog_->CreateTable(table_, {.schema = created.metadata->current_schema()}).error().code,
            ErrorCode::kAlreadyExists);
  const LoadedTable loaded = catalog_->LoadTable(table_).value();
  EXPECT_EQ(loaded.metadata->table_uuid, created.metadata->table_uuid);
  EXPECT_EQ(loaded.metadata->default_spec().fields.at(0).source_id, 2);
  EXPECT_EQ(loaded.metadata->PropertyOr("owner", ""), "k2i");
  EXPECT_TRUE(catalog_->DropTable(table_).has_value());
  EXPECT_EQ(catalog_->DropTable(table_).error().code, ErrorCode::kNotFound);
}

TEST_F(RestCatalogLiveTest, CommitsASnapshotOnceAndRefusesAMovedBase) {
  const auto store = io::MakeObjectStore({}).value();
  const LoadedTable base = Create();
  DataFile file;
  file.file_path = base.metadata->location + "/data/one.parquet";
  file.record_count = 3;
  file.file_size_in_bytes = 100;
  file.spec_id = base.metadata->default_spec_id;
  file.partition = {Literal(int32_t{19000})};
  const int64_t snapshot_id = random_.PositiveInt64();
  Append append(*store, {.snapshot_id = snapshot_id,
                         .commit_uuid = random_.Uuid(),
                         .files = {file},
                         .summary = {{"k2i.pipeline", "live"}}});
  const Snapshot snapshot = append.Prepare(*base.metadata, clock_.wall_ms()).value();
  const std::vector<TableRequirement> requirements = {requirement::AssertTableUuid{base.metadata->table_uuid},
                                                      requirement::AssertRefSnapshotId{"main", std::nullopt}};
  const std::vector<TableUpdate> updates = {
      update::AddSnapshot{snapshot}, update::SetSnapshotRef{"main", {.snapshot_id = snapshot_id}},
      update::SetSnapshotRef{"k2i-live", {.snapshot_id = snapshot_id, .kind = SnapshotRef::Kind::kTag}},
      update::SetProperties{{{"k2i.live.offsets", "{}"}}}};
  const auto committed = catalog_->CommitTable(base, requirements, updates, "");
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  EXPECT_EQ(committed->metadata->current_snapshot_id, snapshot_id);

  const LoadedTable loaded = catalog_->LoadTable(table_).value();
  ASSERT_NE(loaded.metadata->FindRef("k2i-live"), nullptr);
  EXPECT_EQ(loaded.metadata->FindRef("k2i-live")->summary.at("k2i.pipeline"), "live");
  EXPECT_EQ(loaded.metadata_location, committed->metadata_location);

  EXPECT_EQ(catalog_->CommitTable(base, requirements, updates, "").error().code, ErrorCode::kCommitConflict);
}

TEST_F(RestCatalogLiveTest, TellsThatTheTableIsGone) {
  const LoadedTable base = Create();
  ASSERT_TRUE(catalog_->DropTable(table_).has_value());
  const auto result = catalog_->CommitTable(base, {requirement::AssertTableUuid{base.metadata->table_uuid}},
                                            {update::SetProperties{{{"a", "b"}}}}, "");
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound) << result.error().ToString();
}

}  // namespace
}  // namespace k2i::iceberg
