// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/vended_credentials.h"

#include <gtest/gtest.h>

#include <string>

#include "base/clock_testing.h"

namespace k2i::iceberg {
namespace {

using Properties = std::map<std::string, std::string>;

class VendedCredentialsTest : public ::testing::Test {
 protected:
  static RestTable Table(const std::string& name, const std::string& location, Properties config = {},
                         std::vector<StorageCredential> credentials = {}, Properties properties = {}) {
    CreateTableRequest request;
    request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false}});
    request.properties = std::move(properties);
    RestTable table{.table = {.identifier = {{"db"}, name}}, .credentials = std::move(credentials)};
    table.table.metadata = std::make_shared<const TableMetadata>(
        NewTableMetadata(request, location, "9c12d441-03fe-4693-9a96-a0705ddf69c1", 1000).value());
    table.table.config = std::move(config);
    return table;
  }
  std::string In(int seconds) const { return std::to_string(clock_.wall_ms() + seconds * 1000); }
  /// A property of the grant for `location`, "" where there is none.
  std::string Granted(const std::string& location, const std::string& key) {
    const auto grant = vended_.GrantFor(location).value();
    if (grant == nullptr) return "";
    const auto found = grant->config.find(key);
    return found == grant->config.end() ? "" : found->second;
  }

  ManualClock clock_;
  int renewals_ = 0;
  std::function<Status(const TableIdentifier&)> on_renew_ = [](const TableIdentifier&) -> Status { return {}; };
  VendedCredentials vended_{clock_,
                            [this](const TableIdentifier& table) {
                              ++renewals_;
                              return on_renew_(table);
                            },
                            [](const RemoteSigning&) { return std::make_shared<net::NoSigner>(); }};
};

TEST_F(VendedCredentialsTest, KnowsWhichTableALocationIsOf) {
  vended_.Take(Table("t", "s3://b/db/t", {{"s3.access-key-id", "t"}}), {});
  vended_.Take(Table("t2", "s3://b/db/t2/", {{"s3.access-key-id", "t2"}}, {}, {{"write.data.path", "s3://data/t2"}}),
               {});
  EXPECT_EQ(Granted("s3://b/db/t/data/x", "s3.access-key-id"), "t");
  EXPECT_EQ(Granted("s3n://b/db/t2/metadata/x", "s3.access-key-id"), "t2");
  EXPECT_EQ(Granted("s3://data/t2/x", "s3.access-key-id"), "t2");
  EXPECT_EQ(vended_.GrantFor("s3://b/db/t3/x").value(), nullptr);
  EXPECT_EQ(vended_.GrantFor("file:///x").value(), nullptr);
}

TEST_F(VendedCredentialsTest, HoldsWhatTheTablesConfigurationSaysAboveTheCatalogs) {
  const Properties catalog = {{"s3.endpoint", "c"}, {"s3.region", "c"}, {"warehouse", "w"}};
  vended_.Take(Table("t", "s3://b/t", {{"s3.region", "t"}, {"token", "secret"}}, {{"s3", {{"s3.access-key-id", "k"}}}}),
               catalog);
  EXPECT_EQ(Granted("s3://b/t/x", "s3.endpoint"), "c");
  EXPECT_EQ(Granted("s3://b/t/x", "s3.region"), "t");
  EXPECT_EQ(Granted("s3://b/t/x", "s3.access-key-id"), "k");
  EXPECT_EQ(Granted("s3://b/t/x", "token"), "");
  EXPECT_EQ(Granted("s3://b/t/x", "warehouse"), "");
}

TEST_F(VendedCredentialsTest, GrantsASignerWhereTheServerSigns) {
  RestTable table = Table("t", "s3://b/t");
  table.remote_signing = RemoteSigning{.url = "http://c/sign", .properties = {}, .headers = {}};
  vended_.Take(table, {{"s3.endpoint", "e"}});
  const auto grant = vended_.GrantFor("s3://b/t/x").value();
  ASSERT_NE(grant, nullptr);
  EXPECT_NE(grant->signer, nullptr);
  EXPECT_EQ(grant->config.at("s3.endpoint"), "e");
  vended_.Take(table, {{"s3.endpoint", "e"}});
  EXPECT_EQ(vended_.GrantFor("s3://b/t/x").value(), grant);  // one store, whatever is loaded again
  table.remote_signing->url = "http://c/elsewhere";
  vended_.Take(table, {{"s3.endpoint", "e"}});
  EXPECT_NE(vended_.GrantFor("s3://b/t/x").value()->signer, grant->signer);
  // Keys are better: they need no request before each request.
  table.credentials = {{"s3://b/t", {{"s3.access-key-id", "k"}}}};
  vended_.Take(table, {});
  EXPECT_EQ(vended_.GrantFor("s3://b/t/x").value()->signer, nullptr);
}

TEST_F(VendedCredentialsTest, RenewsThoseOfEveryStoreBeforeTheyEnd) {
  vended_.Take(Table("g", "gs://b/g", {},
                     {{"gs://b/g", {{"gcs.oauth2.token", "one"}, {"gcs.oauth2.token-expires-at", In(100)}}}}),
               {});
  vended_.Take(Table("a", "abfss://c@acc.dfs.core.windows.net/a", {},
                     {{"abfss://c@acc.dfs.core.windows.net/",
                       {{"adls.sas-token.acc.dfs.core.windows.net", "one"},
                        {"adls.sas-token-expires-at-ms.acc.dfs.core.windows.net", In(100)}}}}),
               {});
  on_renew_ = [&](const TableIdentifier& table) -> Status {
    const std::string store = table.name;
    if (store == "g") {
      vended_.TakeCredentials(table,
                              {{"gs://b/g", {{"gcs.oauth2.token", "two"}, {"gcs.oauth2.token-expires-at", In(100)}}}});
    } else {
      vended_.TakeCredentials(
          table, {{"abfss://c@acc.dfs.core.windows.net/", {{"adls.sas-token.acc.dfs.core.windows.net", "two"}}}});
    }
    return {};
  };
  EXPECT_EQ(Granted("gs://b/g/x", "gcs.oauth2.token"), "one");
  EXPECT_EQ(Granted("abfss://c@acc.dfs.core.windows.net/a/x", "adls.sas-token.acc.dfs.core.windows.net"), "one");
  clock_.Advance(std::chrono::seconds(75));
  EXPECT_EQ(Granted("gs://b/g/x", "gcs.oauth2.token"), "two");
  EXPECT_EQ(Granted("abfss://c@acc.dfs.core.windows.net/a/x", "adls.sas-token.acc.dfs.core.windows.net"), "two");
  EXPECT_EQ(renewals_, 2);
}

TEST_F(VendedCredentialsTest, RenewsWhatDoesNotSayWhenItEndsNowAndThen) {
  vended_.Take(Table("t", "s3://b/t", {{"s3.access-key-id", "k"}}), {});
  clock_.Advance(std::chrono::seconds(599));
  EXPECT_EQ(Granted("s3://b/t/x", "s3.access-key-id"), "k");
  EXPECT_EQ(renewals_, 0);
  clock_.Advance(std::chrono::seconds(1));
  on_renew_ = [](const TableIdentifier&) -> Status { return Fail(ErrorCode::kUnavailable, "away"); };
  EXPECT_EQ(Granted("s3://b/t/x", "s3.access-key-id"), "k");  // nobody says that it is not good any more
  EXPECT_EQ(renewals_, 1);
}

TEST_F(VendedCredentialsTest, KeepsWhatIsGoodThoughEachLoadBringsAnother) {
  const auto load = [&](const std::string& key, const std::string& endpoint) {
    vended_.Take(
        Table("t", "s3://b/t",
              {{"s3.access-key-id", key}, {"s3.endpoint", endpoint}, {"s3.session-token-expires-at-ms", In(100)}}),
        {});
    return vended_.GrantFor("s3://b/t/x").value();
  };
  const auto first = load("one", "e");
  clock_.Advance(std::chrono::seconds(74));
  EXPECT_EQ(load("two", "e"), first);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(load("three", "e")->config.at("s3.access-key-id"), "three");
  EXPECT_EQ(load("four", "other")->config.at("s3.access-key-id"), "four");
  EXPECT_EQ(renewals_, 0);
}

TEST_F(VendedCredentialsTest, RenewsNothingWhereThereIsNothingThatEnds) {
  vended_.Take(Table("t", "s3://b/t", {{"s3.region", "eu"}}), {});
  clock_.Advance(std::chrono::hours(100));
  EXPECT_EQ(Granted("s3://b/t/x", "s3.region"), "eu");
  EXPECT_EQ(renewals_, 0);
  EXPECT_FALSE(vended_.Refused(vended_.GrantFor("s3://b/t/x").value()));
}

TEST_F(VendedCredentialsTest, ReplacesWhatIsRefusedUnlessItIsNew) {
  vended_.Take(Table("t", "s3://b/t", {{"s3.access-key-id", "one"}}), {});
  const auto grant = vended_.GrantFor("s3://b/t/x").value();
  EXPECT_FALSE(vended_.Refused(grant)) << "it is no fault of its age";
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(vended_.Refused(grant));
  on_renew_ = [&](const TableIdentifier&) -> Status {
    vended_.Take(Table("t", "s3://b/t", {{"s3.access-key-id", "two"}}), {});
    return {};
  };
  EXPECT_EQ(Granted("s3://b/t/x", "s3.access-key-id"), "two");
  EXPECT_TRUE(vended_.Refused(grant)) << "there is another one already";
  on_renew_ = [](const TableIdentifier&) -> Status { return Fail(ErrorCode::kUnavailable, "away"); };
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(vended_.Refused(vended_.GrantFor("s3://b/t/x").value()));
  const Error error = vended_.GrantFor("s3://b/t/x").error();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.component, Component::kCatalog);
}

}  // namespace
}  // namespace k2i::iceberg
