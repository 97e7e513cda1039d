// SPDX-License-Identifier: Apache-2.0
#include "cli/glue_parts.h"

#include <utility>

#include "cli/aws_identity.h"
#include "cli/version.h"
#include "config/load.h"
#include "iceberg/catalog/glue/glue_catalog.h"
#include "net/aws/signed_http.h"
#include "net/http_client.h"

namespace k2i::cli {
namespace {

std::string EndpointOf(const config::GlueCatalogConfig& glue, const std::string& region) {
  std::string endpoint = glue.endpoint.empty() ? net::AwsEndpoint("glue", region) : glue.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

}  // namespace

Result<CatalogParts> MakeGlueCatalog(const config::IcebergConfig& iceberg, std::unique_ptr<io::ObjectStore> store,
                                     Clock& clock, Random& random) {
  auto http = net::SignedHttp::Make(
      std::make_unique<net::HttpClient>(net::HttpClientOptions{.user_agent = std::string("k2i/") + kVersion}), clock,
      config::ProcessEnvironment(), AwsIdentityOf(iceberg.glue.aws, iceberg.aws_region), "glue",
      "'iceberg.aws_region'");
  if (!http.has_value()) return std::unexpected(http.error().In(Component::kCatalog));
  const iceberg::GlueCatalogOptions options{
      .client = {.endpoint = EndpointOf(iceberg.glue, (*http)->region()), .catalog_id = iceberg.glue.catalog_id},
      .warehouse = iceberg.warehouse,
      .skip_archive = iceberg.glue.skip_archive};
  CatalogParts parts;
  parts.store = std::move(store);
  parts.http = *std::move(http);
  parts.catalog = std::make_unique<iceberg::GlueCatalog>(options, *parts.http, *parts.store, clock, random);
  return parts;
}

}  // namespace k2i::cli
