// SPDX-License-Identifier: Apache-2.0
#include "cli/wiring.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <sstream>

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

constexpr int64_t kMegabyte = 1 << 20;

std::string Upper(config::SecurityProtocol protocol) {
  switch (protocol) {
    case config::SecurityProtocol::kPlaintext:
      return "PLAINTEXT";
    case config::SecurityProtocol::kSsl:
      return "SSL";
    case config::SecurityProtocol::kSaslPlaintext:
      return "SASL_PLAINTEXT";
    case config::SecurityProtocol::kSaslSsl:
      return "SASL_SSL";
  }
  return "PLAINTEXT";
}

std::string MechanismName(config::SaslMechanism mechanism) {
  switch (mechanism) {
    case config::SaslMechanism::kNone:
      return "";
    case config::SaslMechanism::kPlain:
      return "PLAIN";
    case config::SaslMechanism::kScramSha256:
      return "SCRAM-SHA-256";
    case config::SaslMechanism::kScramSha512:
      return "SCRAM-SHA-512";
    case config::SaslMechanism::kGssapi:
      return "GSSAPI";
    case config::SaslMechanism::kOauthBearer:
      return "OAUTHBEARER";
  }
  return "";
}

kafka::OffsetReset ResetPolicy(config::OffsetResetPolicy policy) {
  switch (policy) {
    case config::OffsetResetPolicy::kEarliest:
      return kafka::OffsetReset::kEarliest;
    case config::OffsetResetPolicy::kLatest:
      return kafka::OffsetReset::kLatest;
    case config::OffsetResetPolicy::kNone:
      return kafka::OffsetReset::kNone;
  }
  return kafka::OffsetReset::kNone;
}

std::string CodecName(config::Compression compression) {
  switch (compression) {
    case config::Compression::kUncompressed:
      return "uncompressed";
    case config::Compression::kSnappy:
      return "snappy";
    case config::Compression::kGzip:
      return "gzip";
    case config::Compression::kLz4:
      return "lz4";
    case config::Compression::kZstd:
      return "zstd";
  }
  return "zstd";
}

kafka::SecurityOptions MakeSecurity(const config::KafkaSecurityConfig& security) {
  return {.protocol = Upper(security.protocol),
          .mechanism = MechanismName(security.sasl_mechanism),
          .username = security.sasl_username,
          .password = security.sasl_password.Reveal(),
          .ca_location = security.ssl_ca_location,
          .cert_location = security.ssl_cert_location,
          .key_location = security.ssl_key_location,
          .key_password = security.ssl_key_password.Reveal(),
          .oauth_token_url = security.oauth_token_url,
          .oauth_client_id = security.oauth_client_id,
          .oauth_client_secret = security.oauth_client_secret.Reveal(),
          .oauth_scope = security.oauth_scope};
}

/// "a.b" as {"a", "b"}
std::vector<std::string> Levels(const std::string& dotted) {
  std::vector<std::string> levels;
  std::istringstream in(dotted);
  for (std::string level; std::getline(in, level, '.');) levels.push_back(level);
  return levels;
}

/// Whoever has keys of their own would rather use them.
bool AsksForCredentials(const Config& config) {
  const auto use = config.iceberg.rest.vended_credentials;
  const auto& storage = config.storage;
  const bool own = storage.type == config::StorageType::kLocal || !storage.access_key_id.empty() ||
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
  options.client.timeout = milliseconds(iceberg.hive.timeout_ms);
  options.warehouse = iceberg.warehouse;
  options.lock_enabled = iceberg.hive.lock_enabled;
  options.lock_timeout = milliseconds(iceberg.hive.lock_timeout_ms);
  return options;
}

}  // namespace

kafka::KafkaOptions MakeKafkaOptions(const Config& config) {
  const auto& kafka = config.kafka;
  kafka::KafkaOptions options;
  options.bootstrap_servers = kafka.bootstrap_servers;
  options.topics = kafka.topics;
  options.group_id = kafka.group_id;
  options.group_instance_id = kafka.group_instance_id;
  options.offset_reset = ResetPolicy(kafka.auto_offset_reset);
  options.read_committed = kafka.isolation_level == config::IsolationLevel::kReadCommitted;
  options.continue_on_data_loss = kafka.on_data_loss == config::OnDataLoss::kContinue;
  options.consumer_protocol = kafka.group_protocol == config::GroupProtocol::kConsumer;
  options.read_headers = config.format.value == config::ValueFormat::kRaw || !config.schema.metadata.headers.empty();
  options.batch_size = static_cast<int>(kafka.batch_size);
  options.session_timeout_ms = static_cast<int>(kafka.session_timeout_ms);
  options.heartbeat_interval_ms = static_cast<int>(kafka.heartbeat_interval_ms);
  options.max_poll_interval_ms = static_cast<int>(kafka.max_poll_interval_ms);
  options.security = MakeSecurity(kafka.security);
  options.properties = kafka.options;
  return options;
}

ingest::TableOptions MakeTableOptions(const Config& config) {
  const auto& iceberg = config.iceberg;
  ingest::TableOptions options;
  options.identifier = {Levels(iceberg.database), iceberg.table};
  options.format_version = static_cast<int32_t>(iceberg.format_version);
  options.properties = iceberg.properties;
  options.properties.insert({"write.parquet.compression-codec", CodecName(iceberg.compression)});
  options.auto_create = iceberg.auto_create;
  for (const auto& field : iceberg.partition_spec) {
    options.partition_fields.push_back({field.source_field, field.transform, field.name});
  }
  for (const auto& field : iceberg.sort_order) {
    options.sort_fields.push_back({field.source_field, field.transform,
                                   field.direction == config::SortDirection::kAscending,
                                   field.nulls == config::NullOrder::kFirst});
  }
  return options;
}

ingest::RowOptions MakeRowOptions(const Config& config) {
  const auto& schema = config.schema;
  ingest::RowOptions options;
  options.decoder.format =
      config.format.value == config::ValueFormat::kRaw ? record::Format::kRaw : record::Format::kJson;
  options.decoder.metadata = {.topic = schema.metadata.topic,
                              .partition = schema.metadata.partition,
                              .offset = schema.metadata.offset,
                              .timestamp = schema.metadata.timestamp,
                              .key = schema.metadata.key,
                              .headers = schema.metadata.headers};
  // Raw records have no fields to be extra.
  if (options.decoder.format == record::Format::kJson) options.decoder.extra_column = schema.extra_column;
  for (const auto& column : schema.columns) {
    options.declared.push_back({column.name, column.type, column.required, column.doc});
  }
  options.infer_records = schema.infer_records;
  options.infer_timeout = milliseconds(schema.infer_timeout_ms);
  return options;
}

ingest::PipelineOptions MakePipelineOptions(const Config& config) {
  const auto& buffer = config.buffer;
  const int64_t limit = buffer.max_size_mb * kMegabyte;
  ingest::PipelineOptions options;
  options.memory.limit_bytes = limit;
  auto& stream = options.stream;
  stream.table = MakeTableOptions(config);
  stream.rows = MakeRowOptions(config);
  stream.dead_letters = {Levels(config.dead_letters.database), config.dead_letters.table};
  // A flush leaves room for the rows that come in while it is under way.
  stream.flush = {.max_bytes = std::min(buffer.flush_size_mb * kMegabyte, limit * 2 / 5),
                  .max_rows = buffer.flush_batch_size,
                  .max_age = seconds(buffer.flush_interval_seconds)};
  stream.claim_starts = config.kafka.auto_offset_reset == config::OffsetResetPolicy::kLatest;
  stream.seal_interval = milliseconds(buffer.seal_interval_ms);
  stream.views.retain_for = seconds(buffer.ttl_seconds);
  stream.views.key_column = buffer.key;
  stream.refresh_interval = seconds(5);
  stream.flusher.committer = {.pipeline = config.kafka.group_id,
                              .branch = config.iceberg.branch,
                              .version = kVersion,
                              .property_mirror = config.iceberg.property_mirror};
  stream.flusher.target_file_size_bytes = config.iceberg.target_file_size_mb * kMegabyte;
  return options;
}

Result<std::shared_ptr<const txlog::FrameCipher>> MakeLogCipher(const config::TransactionLogConfig& config) {
  if (config.encryption_key.empty()) return nullptr;
  K2I_ASSIGN_OR_RETURN(auto cipher, txlog::FrameCipher::FromText(config.encryption_key.Reveal()));
  return std::make_shared<const txlog::FrameCipher>(std::move(cipher));
}

namespace {

/// What the configuration says of endpoint, region and path style stands above what is granted: only the user knows
/// which way leads from here to the store.
Result<io::StorageOptions> GrantedOptions(const io::StorageOptions& own, const io::StorageGrant& grant) {
  K2I_ASSIGN_OR_RETURN(io::StorageOptions options, io::WithTableConfig(own, grant.config));
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

net::AwsIdentityOptions MakeAwsIdentity(const config::RestCatalogConfig& rest) {
  net::AwsIdentityOptions identity{.keys = {.access_key_id = rest.access_key_id.Reveal(),
                                            .secret_access_key = rest.secret_access_key.Reveal(),
                                            .session_token = rest.session_token.Reveal()},
                                   .profile = rest.profile,
                                   .region = rest.signing_region};
  identity.role.role_arn = rest.role_arn;
  identity.role.external_id = rest.external_id;
  return identity;
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
    K2I_ASSIGN_OR_RETURN(
        parts.http, net::SignedHttp::Make(std::move(parts.http), clock, config::ProcessEnvironment(),
                                          MakeAwsIdentity(rest), rest.signing_name, "iceberg.rest.signing_region"));
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

void AddConfigFlags(CLI::App& command, ConfigFlags& flags) {
  command.add_option("--config,-c", flags.path, "Configuration file (TOML)")->required();
  command.add_option("--set", flags.settings, "section.key=value: beats environment and file; may be repeated");
}

Result<Config> LoadAndConfigure(const ConfigFlags& flags) {
  K2I_ASSIGN_OR_RETURN(auto config, config::LoadConfig(flags.path, config::ProcessEnvironment(), flags.settings));
  const bool text = config.log.format == config::LogFormat::kText ||
                    (config.log.format == config::LogFormat::kAuto && ::isatty(STDERR_FILENO) == 1);
  log::Configure(config.log.level, text ? log::Format::kText : log::Format::kJson);
  return config;
}

int ReportError(const Error& error) {
  std::fprintf(stderr, "k2i: %s\n", error.message.c_str());
  return ExitCode(error);
}

}  // namespace k2i::cli
