// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/nessie.h"

#include "iceberg/catalog/rest/rest_catalog_testing.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kNessieMain[] = R"({"hasMore":false,"reference":{"type":"BRANCH","name":"main","hash":"1122"}})";

class NessieTest : public ScriptedRestCatalog {
 protected:
  Status Ping(NessieRef ref, const std::string& uri = "http://nessie:19120") {
    catalog_ =
        RestCatalog::Make({.uri = uri, .warehouse = "sales", .nessie = std::move(ref)}, transport_, clock_).value();
    return catalog_->Ping();
  }
};

TEST_F(NessieTest, WritesTheBranchThatItsAddressNames) {
  for (const char* uri : {"http://nessie:19120", "http://nessie:19120/iceberg/", "http://nessie:19120/api/v2"}) {
    transport_.Answer(200, kNessieMain);
    transport_.Answer(200,
                      R"({"defaults":{"prefix":"main%7Csales"},"overrides":{"uri":"http://nessie:19120/iceberg/"}})");
    ASSERT_TRUE(Ping({.name = "main"}, uri).has_value());
    const auto requests = transport_.requests();
    EXPECT_EQ(requests.at(requests.size() - 2).url, "http://nessie:19120/api/v2/trees/main");
    EXPECT_EQ(requests.back().url, "http://nessie:19120/iceberg/main/v1/config?warehouse=sales");
  }
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable({{"db"}, "t"}).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://nessie:19120/iceberg/v1/main%7Csales/namespaces/db/tables/t");
}

TEST_F(NessieTest, CreatesABranchWhereItIsAskedTo) {
  transport_.Answer(404, R"({"status":404,"errorCode":"REFERENCE_NOT_FOUND"})");
  transport_.Answer(200, kNessieMain);
  transport_.Answer(200, R"({"reference":{"type":"BRANCH","name":"dev/1","hash":"1122"}})");
  transport_.Answer(200, kPlainRestConfig);
  ASSERT_TRUE(Ping({.name = "dev/1", .create = true, .from = "main"}).has_value());
  const net::HttpRequest created = transport_.requests().at(2);
  EXPECT_EQ(created.method, "POST");
  EXPECT_EQ(created.url, "http://nessie:19120/api/v2/trees?name=dev%2F1&type=BRANCH");
  EXPECT_EQ(json::parse(created.body), json::parse(R"({"type":"BRANCH","name":"main","hash":"1122"})"));
  EXPECT_EQ(transport_.last_request().url, "http://nessie:19120/iceberg/dev%2F1/v1/config?warehouse=sales");
}

TEST_F(NessieTest, TakesABranchThatSomebodyElseHasJustCreated) {
  transport_.Answer(404);
  transport_.Answer(200, kNessieMain);
  transport_.Answer(409);
  transport_.Answer(200, kPlainRestConfig);
  EXPECT_TRUE(Ping({.name = "dev", .create = true, .from = "main"}).has_value());
}

TEST_F(NessieTest, SaysWhyThereIsNoBranchToWrite) {
  transport_.Answer(404);
  const Error missing = Ping({.name = "dev"}).error();
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.message, HasSubstr("create_ref"));
  transport_.Answer(200, R"({"reference":{"type":"TAG","name":"v1","hash":"1122"}})");
  EXPECT_EQ(Ping({.name = "v1"}).error().code, ErrorCode::kInvalidConfig);
  for (const char* body : {"", "[]", "{}", R"({"reference":{"name":"x"}})"}) {
    transport_.Answer(200, body);
    EXPECT_EQ(Ping({.name = "x"}).error().code, ErrorCode::kCorruption) << body;
  }
}

}  // namespace
}  // namespace k2i::iceberg
