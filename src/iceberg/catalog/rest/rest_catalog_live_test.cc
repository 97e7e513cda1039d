// SPDX-License-Identifier: Apache-2.0
//
// The catalog contract against real servers: one whose warehouse is on this machine's disk (K2I_TEST_REST_URI), and one
// that has its own in S3 and wants to know who we are (K2I_TEST_REST_OAUTH2, "id:secret@uri", with
// K2I_TEST_REST_WAREHOUSE and K2I_TEST_S3_ENDPOINT; id and secret open the store too).
#include <cstdlib>
#include <filesystem>

#include "iceberg/catalog/catalog_contract_testing.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "io/make_object_store.h"
#include "net/http_client.h"

namespace k2i::iceberg {
namespace {

constexpr std::string_view kScheme = "http://";

struct Setting {
  ~Setting() { std::filesystem::remove_all(folder); }
  SystemClock clock;
  net::HttpClient http;
  std::unique_ptr<io::ObjectStore> store = io::MakeObjectStore({}).value();
  std::string folder = testing::TempDir() + "rest_contract_" + Random(Random::SystemSeed()).Uuid();
};

CatalogContract OpenRest() {
  CatalogContract contract;
  const char* uri = std::getenv("K2I_TEST_REST_URI");
  if (!uri) {
    contract.skip = "K2I_TEST_REST_URI is not set";
    return contract;
  }
  const auto setting = std::make_shared<Setting>();
  contract.server = std::string(uri).substr(kScheme.size());
  contract.make_catalog = [s = setting.get()](const std::string& server) -> Result<std::unique_ptr<Catalog>> {
    return RestCatalog::Make({.uri = std::string(kScheme) + server}, s->http, s->clock);
  };
  contract.store = setting->store.get();
  contract.warehouse = "file://" + setting->folder;
  contract.name_space = {"k2i_live", "contract"};
  contract.owner = setting;
  return contract;
}

/// Opened by our own keys: each writer's catalog would be vended others.
std::unique_ptr<io::ObjectStore> OpenS3(const net::OAuth2Options& client) {
  io::StorageOptions options;
  options.s3.endpoint = std::getenv("K2I_TEST_S3_ENDPOINT");
  options.s3.region = "us-east-1";
  options.s3.keys = {.access_key_id = client.client_id, .secret_access_key = client.client_secret};
  return io::MakeObjectStore(options).value();
}

CatalogContract OpenRestByOAuth2() {
  CatalogContract contract;
  const char* variable = std::getenv("K2I_TEST_REST_OAUTH2");
  if (!variable) {
    contract.skip = "K2I_TEST_REST_OAUTH2 is not set";
    return contract;
  }
  const std::string text = variable;
  const size_t colon = text.find(':'), at = text.find('@');
  net::OAuth2Options client{
      .client_id = text.substr(0, colon), .client_secret = text.substr(colon + 1, at - colon - 1), .scope = "catalog"};
  const auto setting = std::make_shared<Setting>();
  setting->store = OpenS3(client);
  contract.server = text.substr(at + 1 + kScheme.size());
  const std::string warehouse = std::getenv("K2I_TEST_REST_WAREHOUSE");
  contract.make_catalog = [s = setting.get(), client,
                           warehouse](const std::string& server) -> Result<std::unique_ptr<Catalog>> {
    RestCatalogOptions options{.uri = std::string(kScheme) + server, .warehouse = warehouse};
    options.credential = RestCredential::kOAuth2;
    options.oauth2 = client;
    return RestCatalog::Make(options, s->http, s->clock);
  };
  contract.store = setting->store.get();
  contract.warehouse = warehouse + "/k2i_contract";
  contract.owner = setting;
  return contract;
}

INSTANTIATE_TEST_SUITE_P(Live, CatalogContractTest,
                         testing::Values(CatalogContractCase{"Rest", OpenRest},
                                         CatalogContractCase{"RestByOAuth2", OpenRestByOAuth2}),
                         CatalogContractCase::Name);

}  // namespace
}  // namespace k2i::iceberg
