// SPDX-License-Identifier: Apache-2.0
//
// The catalog contract against a server of Glue's API (K2I_TEST_GLUE_ENDPOINT); the tables' files are on this machine's
// disk.
#include <cstdlib>
#include <filesystem>

#include "iceberg/catalog/catalog_contract_testing.h"
#include "iceberg/catalog/glue/glue_catalog.h"
#include "io/make_object_store.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"
#include "net/signing_transport.h"

namespace k2i::iceberg {
namespace {

constexpr std::string_view kScheme = "http://";

struct Setting {
  ~Setting() { std::filesystem::remove_all(folder); }
  SystemClock clock;
  Random random{Random::SystemSeed()};
  net::HttpClient http;
  net::FixedAwsCredentials credentials{{"access", "secret"}};
  net::SigningTransport signing{http, credentials, clock, {"us-east-1", "glue"}};
  std::unique_ptr<io::ObjectStore> store = io::MakeObjectStore({}).value();
  std::string folder = testing::TempDir() + "glue_contract_" + random.Uuid();
};

CatalogContract OpenGlue() {
  CatalogContract contract;
  const char* endpoint = std::getenv("K2I_TEST_GLUE_ENDPOINT");
  if (!endpoint) {
    contract.skip = "K2I_TEST_GLUE_ENDPOINT is not set";
    return contract;
  }
  const auto setting = std::make_shared<Setting>();
  contract.server = std::string(endpoint).substr(kScheme.size());
  contract.store = setting->store.get();
  contract.warehouse = "file://" + setting->folder;
  contract.make_catalog = [s = setting.get()](const std::string& server) -> Result<std::unique_ptr<Catalog>> {
    GlueCatalogOptions options{.client = {.endpoint = std::string(kScheme) + server},
                               .warehouse = "file://" + s->folder};
    return std::make_unique<GlueCatalog>(options, s->signing, *s->store, s->clock, s->random);
  };
  contract.owner = setting;
  return contract;
}

INSTANTIATE_TEST_SUITE_P(Live, CatalogContractTest, testing::Values(CatalogContractCase{"Glue", OpenGlue}),
                         CatalogContractCase::Name);

}  // namespace
}  // namespace k2i::iceberg
