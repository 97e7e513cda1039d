// SPDX-License-Identifier: Apache-2.0
//
// What RestCatalog can do beyond the seam, against a real server (K2I_TEST_REST_URI, with K2I_TEST_REST_CLIENT as
// "id:secret" and K2I_TEST_REST_WAREHOUSE where it wants them).
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "net/http_client.h"

namespace k2i::iceberg {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

RestCatalogOptions Options() {
  RestCatalogOptions options{.uri = Variable("K2I_TEST_REST_URI"), .warehouse = Variable("K2I_TEST_REST_WAREHOUSE")};
  const std::string client = Variable("K2I_TEST_REST_CLIENT");
  if (client.empty()) return options;
  options.credential = RestCredential::kOAuth2;
  options.oauth2.client_id = client.substr(0, client.find(':'));
  options.oauth2.client_secret = client.substr(client.find(':') + 1);
  options.vended_credentials = true;
  return options;
}

/// Counts the answers of a server by status, and remembers the last.
class CountingTransport final : public net::HttpTransport {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request) override {
    auto response = http_.Send(request);
    if (response && response->status == 304) ++not_modified;
    if (response) sends_etags = sends_etags || !response->header("etag").empty();
    return response;
  }
  int not_modified = 0;
  bool sends_etags = false;

 private:
  net::HttpClient http_;
};

class RestProtocolLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Variable("K2I_TEST_REST_URI").empty()) GTEST_SKIP() << "K2I_TEST_REST_URI is not set";
    catalog_ = RestCatalog::Make(Options(), http_, clock_).value();
    const auto ensured = catalog_->EnsureNamespace(name_space_);
    ASSERT_TRUE(ensured) << ensured.error().ToString();
  }
  void TearDown() override {
    if (!catalog_) return;
    for (const char* name : {"t", "u"}) static_cast<void>(catalog_->DropTable(Id(name)));
  }

  TableIdentifier Id(const std::string& name) const { return {name_space_, name}; }
  static CreateTableRequest Request() {
    CreateTableRequest request;
    request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false}});
    return request;
  }
  LoadedTable Create(const std::string& name) {
    auto created = catalog_->CreateTable(Id(name), Request());
    EXPECT_TRUE(created) << created.error().ToString();
    return *created;
  }
  std::string Property(const std::string& table, const std::string& name) {
    return catalog_->LoadTable(Id(table)).value().metadata->PropertyOr(name, "");
  }

  Random random_{Random::SystemSeed()};
  SystemClock clock_;
  CountingTransport http_;
  std::unique_ptr<RestCatalog> catalog_;
  const std::vector<std::string> name_space_ = {"live_" + random_.Uuid().substr(0, 8)};
};

TEST_F(RestProtocolLiveTest, RenamesATable) {
  const LoadedTable created = Create("t");
  const Status renamed = catalog_->RenameTable(Id("t"), Id("u"));
  ASSERT_TRUE(renamed) << renamed.error().ToString();
  EXPECT_EQ(catalog_->LoadTable(Id("u"))->metadata->table_uuid, created.metadata->table_uuid);
  EXPECT_EQ(catalog_->LoadTable(Id("t")).error().code, ErrorCode::kNotFound);
  Create("t");
  EXPECT_EQ(catalog_->RenameTable(Id("t"), Id("u")).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(catalog_->RenameTable(Id("none"), Id("x")).error().code, ErrorCode::kNotFound);
}

TEST_F(RestProtocolLiveTest, RegistersATableByItsMetadataFile) {
  const LoadedTable created = Create("t");
  const auto registered = catalog_->RegisterTable(Id("u"), created.metadata_location);
  ASSERT_TRUE(registered) << registered.error().ToString();
  EXPECT_EQ(registered->metadata->table_uuid, created.metadata->table_uuid);
  EXPECT_EQ(catalog_->LoadTable(Id("u"))->metadata->location, created.metadata->location);
  EXPECT_EQ(catalog_->RegisterTable(Id("u"), created.metadata_location).error().code, ErrorCode::kAlreadyExists);
}

TEST_F(RestProtocolLiveTest, AStagedTableComesToBeWithItsFirstCommit) {
  const auto staged = catalog_->StageTable(Id("t"), Request());
  ASSERT_TRUE(staged) << staged.error().ToString();
  EXPECT_EQ(catalog_->LoadTable(Id("t")).error().code, ErrorCode::kNotFound);
  const auto committed = catalog_->CommitStaged(*staged, {update::SetProperties{{{"first", "yes"}}}}, "");
  ASSERT_TRUE(committed) << committed.error().ToString();
  EXPECT_EQ(Property("t", "first"), "yes");
  EXPECT_EQ(catalog_->LoadTable(Id("t"))->metadata->current_schema().type->fields().at(0).name, "id");
  EXPECT_EQ(catalog_->CommitStaged(*staged, {update::SetProperties{{{"first", "no"}}}}, "").error().code,
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(Property("t", "first"), "yes");
}

TEST_F(RestProtocolLiveTest, CommitsToTwoTablesAtOnceOrToNone) {
  const LoadedTable t = Create("t"), u = Create("u");
  const auto changes = [&](const std::string& value, const std::string& uuid_of_u) -> std::vector<TableChange> {
    return {
        {t.identifier, {requirement::AssertTableUuid{t.metadata->table_uuid}}, {update::SetProperties{{{"x", value}}}}},
        {u.identifier, {requirement::AssertTableUuid{uuid_of_u}}, {update::SetProperties{{{"x", value}}}}}};
  };
  const Status committed = catalog_->CommitTransaction(changes("1", u.metadata->table_uuid), "");
  ASSERT_TRUE(committed) << committed.error().ToString();
  EXPECT_EQ(Property("t", "x"), "1");
  EXPECT_EQ(Property("u", "x"), "1");
  EXPECT_EQ(catalog_->CommitTransaction(changes("2", random_.Uuid()), "").error().code, ErrorCode::kCommitConflict);
  EXPECT_EQ(Property("t", "x"), "1");
  EXPECT_EQ(Property("u", "x"), "1");
}

TEST_F(RestProtocolLiveTest, LoadsATableThatHasNotChangedForNothing) {
  Create("t");
  const LoadedTable first = catalog_->LoadTable(Id("t")).value();
  const LoadedTable second = catalog_->LoadTable(Id("t")).value();
  EXPECT_EQ(second.metadata_location, first.metadata_location);
  EXPECT_EQ(http_.not_modified > 0, http_.sends_etags);
  ASSERT_TRUE(catalog_->CommitTable(second, {}, {update::SetProperties{{{"x", "1"}}}}, ""));
  EXPECT_EQ(Property("t", "x"), "1");
}

}  // namespace
}  // namespace k2i::iceberg
