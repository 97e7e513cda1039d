// SPDX-License-Identifier: Apache-2.0
//
// The catalog contract against a real server (K2I_TEST_REST_URI), whose warehouse is on this machine's disk.
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

INSTANTIATE_TEST_SUITE_P(Live, CatalogContractTest, testing::Values(CatalogContractCase{"Rest", OpenRest}),
                         CatalogContractCase::Name);

}  // namespace
}  // namespace k2i::iceberg
