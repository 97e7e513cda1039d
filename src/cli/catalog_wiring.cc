// SPDX-License-Identifier: Apache-2.0
#include "cli/catalog_wiring.h"

#include <utility>

#include "cli/aws_identity.h"
#include "cli/glue_parts.h"
#include "cli/storage_wiring.h"
#include "cli/version.h"
#include "config/load.h"
#include "iceberg/catalog/hive/hive_catalog.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/catalog/sql/postgres.h"
#include "iceberg/catalog/sql/sql_catalog.h"
#include "iceberg/catalog/sql/sqlite.h"
#include "io/make_object_store.h"
#include "io/renewed_store.h"
#include "io/table_config.h"
#include "net/aws/signed_http.h"
#include "net/http_client.h"

namespace k2i::cli {
namespace {

using config::Config;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Whoever has keys of their own would rather use them.
bool AsksForCredentials(const Config& config) {
  const auto use = config.iceberg.rest.vended_credentials;
  const auto& storage = config.storage;
  const bool own = storage.type == config::StorageType::kLocal || !storage.keys.access_key_id.empty() ||
                   storage.s3.credential != config::S3Credential::kDefault ||
                   storage.gcs.credential != config::GcsCredential::kDefault ||
                   storage.azure.credential != config::AzureCredential::kDefault;
  return use == config::VendedCredentials::kAlways || (use == config::VendedCredentials::kAuto && !own);
}

iceberg::RestCatalogOptions MakeRestOptions(const Config& config) {
  const auto& iceberg = config.iceberg;
  const auto& rest = iceberg.rest;
  iceberg::RestCatalogOptions options;
  options.uri = iceberg.rest_uri;
  options.warehouse = iceberg.warehouse;
  options.prefix = rest.prefix;
  options.token = rest.token.Reveal();
  options.oauth2 = {.token_url = rest.oauth2_uri,
                    .client_id = rest.client_id,
                    .client_secret = rest.client_secret.Reveal(),
                    .scope = rest.scope,
                    .subject_token = rest.subject_token.Reveal(),
                    .subject_token_file = rest.subject_token_file,
                    .subject_token_type = rest.subject_token_type,
                    .parameters = rest.oauth2_parameters};
  options.custom_headers = rest.custom_headers;
  options.vended_credentials = AsksForCredentials(config);
  options.metrics_reports = rest.metrics_reports;
  options.timeout = milliseconds(rest.timeout_ms);
  if (iceberg.catalog_type == config::CatalogType::kNessie) {
    options.nessie = {.name = iceberg.nessie.ref, .create = iceberg.nessie.create_ref, .from = iceberg.nessie.from};
  }
  switch (rest.credential) {
    case config::RestCredential::kNone:
    case config::RestCredential::kSigv4:  // the transport's matter
      options.credential = iceberg::RestCredential::kNone;
      break;
    case config::RestCredential::kBearer:
      options.credential = iceberg::RestCredential::kBearer;
      break;
    case config::RestCredential::kOauth2:
      options.credential = iceberg::RestCredential::kOAuth2;
      break;
  }
  return options;
}

Result<std::unique_ptr<iceberg::SqlDatabase>> OpenSqlDatabase(const config::SqlCatalogConfig& sql) {
  constexpr int64_t kBusyTimeoutMs = 10'000;
  if (!iceberg::IsPostgresUri(sql.uri)) return iceberg::Sqlite::Open(sql.uri, kBusyTimeoutMs);
  return iceberg::Postgres::Open({.uri = sql.uri,
                                  .user = sql.user,
                                  .password = sql.password.Reveal(),
                                  .sslmode = sql.sslmode,
                                  .sslrootcert = sql.ca,
                                  .statement_timeout = milliseconds(sql.statement_timeout_ms)});
}

Result<iceberg::HiveCatalogOptions> MakeHiveOptions(const config::IcebergConfig& iceberg) {
  iceberg::HiveCatalogOptions options;
  K2I_ASSIGN_OR_RETURN(options.client.servers, iceberg::ParseMetastoreUris(iceberg.hive_metastore_uri));
  options.client.tls = iceberg.hive.tls;
  options.client.ca = iceberg.hive.ca;
  options.client.kerberos = {.service = iceberg.hive.kerberos_principal,
                             .keytab = iceberg.hive.kerberos_keytab,
                             .client = iceberg.hive.kerberos_client_principal};
  options.client.timeout = milliseconds(iceberg.hive.timeout_ms);
  options.warehouse = iceberg.warehouse;
  options.lock_enabled = iceberg.hive.lock_enabled;
  options.lock_timeout = milliseconds(iceberg.hive.lock_timeout_ms);
  return options;
}

/// What the configuration says of endpoint, region and path style stands above what is granted: only the user knows
/// which way leads from here to the store.
Result<io::StorageOptions> GrantedOptions(const io::StorageOptions& own, const io::StorageGrant& grant) {
  K2I_ASSIGN_OR_RETURN(io::StorageOptions options, io::WithTableConfig(own, grant.config));
  options.s3.signer = grant.signer;
  if (!own.s3.endpoint.empty()) options.s3.endpoint = own.s3.endpoint;
  if (!own.s3.region.empty()) options.s3.region = own.s3.region;
  if (own.s3.path_style.has_value()) options.s3.path_style = own.s3.path_style;
  if (!own.gcs.endpoint.empty()) options.gcs.endpoint = own.gcs.endpoint;
  if (!own.azure.endpoint.empty()) options.azure.endpoint = own.azure.endpoint;
  return options;
}

Result<std::unique_ptr<io::ObjectStore>> MakeGrantedStore(const io::StorageOptions& own,
                                                          const io::StorageGrant* grant) {
  if (grant == nullptr) return io::MakeObjectStore(own);
  K2I_ASSIGN_OR_RETURN(const io::StorageOptions options, GrantedOptions(own, *grant));
  return io::MakeObjectStore(options);
}

Result<CatalogParts> MakeRestCatalog(const Config& config, Clock& clock) {
  CatalogParts parts;
  const auto& rest = config.iceberg.rest;
  parts.http = std::make_unique<net::HttpClient>(net::HttpClientOptions{.ca_file = rest.ca,
                                                                        .cert_file = rest.cert,
                                                                        .key_file = rest.key,
                                                                        .key_password = rest.key_password.Reveal(),
                                                                        .user_agent = std::string("k2i/") + kVersion});
  if (rest.credential == config::RestCredential::kSigv4) {
    K2I_ASSIGN_OR_RETURN(parts.http, net::SignedHttp::Make(std::move(parts.http), clock, config::ProcessEnvironment(),
                                                           AwsIdentityOf(rest.aws, rest.signing_region),
                                                           rest.signing_name, "iceberg.rest.signing_region"));
  }
  auto options = MakeRestOptions(config);
  parts.asks_for_credentials = options.vended_credentials;
  K2I_ASSIGN_OR_RETURN(auto catalog, iceberg::RestCatalog::Make(std::move(options), *parts.http, clock));
  K2I_ASSIGN_OR_RETURN(const auto storage, MakeStorageOptions(config));
  if (parts.asks_for_credentials) {
    K2I_ASSIGN_OR_RETURN(parts.store,
                         io::RenewedStore::Make(catalog->access(), [storage](const io::StorageGrant* grant) {
                           return MakeGrantedStore(storage, grant);
                         }));
  } else {
    K2I_ASSIGN_OR_RETURN(parts.store, io::MakeObjectStore(storage));
  }
  parts.catalog = std::move(catalog);
  return parts;
}

}  // namespace

Result<CatalogParts> MakeCatalog(const Config& config, Clock& clock, Random& random) {
  if (config::IsRest(config.iceberg.catalog_type)) return MakeRestCatalog(config, clock);
  CatalogParts parts;
  K2I_ASSIGN_OR_RETURN(const auto storage, MakeStorageOptions(config));
  K2I_ASSIGN_OR_RETURN(parts.store, io::MakeObjectStore(storage));
  if (config.iceberg.catalog_type == config::CatalogType::kHive) {
    K2I_ASSIGN_OR_RETURN(auto options, MakeHiveOptions(config.iceberg));
    parts.catalog = std::make_unique<iceberg::HiveCatalog>(std::move(options), *parts.store, clock, random);
    return parts;
  }
  if (config.iceberg.catalog_type == config::CatalogType::kGlue) {
    return MakeGlueCatalog(config.iceberg, std::move(parts.store), clock, random);
  }
  K2I_ASSIGN_OR_RETURN(auto db, OpenSqlDatabase(config.iceberg.sql));
  const iceberg::SqlCatalogOptions options{.name = config.iceberg.sql.name, .warehouse = config.iceberg.warehouse};
  K2I_ASSIGN_OR_RETURN(parts.catalog, iceberg::SqlCatalog::Open(options, std::move(db), *parts.store, clock, random));
  return parts;
}

}  // namespace k2i::cli
