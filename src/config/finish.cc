// SPDX-License-Identifier: Apache-2.0
#include "config/finish.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "config/enums.h"

namespace k2i::config {
namespace {

/// The checks of one configuration; each method looks at one section.
class Checker {
 public:
  Checker(const GivenKeys& given, std::string_view name, Config& config, Problems& problems)
      : given_(given), name_(name), config_(config), problems_(problems) {}

  void DeriveDefaults();
  void CheckKafka();
  void CheckSecurity();
  void CheckSchema();
  void CheckCatalog();
  void CheckIceberg();
  void CheckRestAccess();
  void CheckAwsIdentity(const std::string& section);
  void CheckGlue();
  void CheckHive();
  void CheckStorage();
  void CheckCredentials();
  void CheckServer();
  void CheckQuery();
  void CheckEngines();

 private:
  bool IsGiven(const std::string& path) const { return given_.contains(path); }
  std::string OriginOf(const std::string& path) const {
    const auto found = given_.find(path);
    return found == given_.end() ? name_ : found->second.node.origin;
  }
  void Add(const std::string& path, const std::string& text) {
    problems_.Add(OriginOf(path), "'" + path + "' " + text);
  }
  /// A key that must not be empty; nothing more is said about one that was given but could not be read.
  template <typename T>
  void Require(const T& value, const std::string& path, const std::string& why = "") {
    if (value.empty() && (!IsGiven(path) || TextGiven(path))) Add(path, "is missing" + why);
  }
  bool TextGiven(const std::string& path) const { return given_.at(path).node.text() != nullptr; }
  void Together(const std::string& a, const std::string& b);
  void Needs(const std::string& path, const std::string& for_what);
  void CheckTransform(const std::string& transform, const std::string& path);

  const GivenKeys& given_;
  const std::string name_;
  Config& config_;
  Problems& problems_;
};

std::string FileName(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return !std::isalnum(c) && c != '-' && c != '_' && c != '.'; }, '_');
  return text;
}

/// The scheme of a URI, "" for a path or a bare name.
std::string Scheme(const std::string& location) {
  const size_t colon = location.find(":/");
  return colon == std::string::npos ? "" : location.substr(0, colon);
}

/// The store that locations of a scheme are in; nullopt: none that there is.
std::optional<StorageType> StoreOf(std::string_view scheme) {
  if (scheme == "file") return StorageType::kLocal;
  if (scheme == "s3" || scheme == "s3a" || scheme == "s3n") return StorageType::kS3;
  if (scheme == "gs") return StorageType::kGcs;
  for (const std::string_view azure : {"abfs", "abfss", "wasb", "wasbs", "az"}) {
    if (scheme == azure) return StorageType::kAzure;
  }
  return std::nullopt;
}

/// "bucket" of "s3://bucket/key", "container" of "abfss://container@account.dfs.core.windows.net/key".
std::string BucketOf(const std::string& location, std::string_view scheme) {
  const std::string authority = location.substr(std::min(location.size(), scheme.size() + 3));
  return authority.substr(0, authority.find_first_of("/@"));
}

void Checker::DeriveDefaults() {
  IcebergConfig& iceberg = config_.iceberg;
  if (config_.kafka.group_id.empty()) config_.kafka.group_id = "k2i-" + iceberg.database + "-" + iceberg.table;
  if (config_.transaction_log.log_dir.empty()) {
    config_.transaction_log.log_dir = "k2i-txlog/" + FileName(config_.kafka.group_id);
  }
  if (config_.dead_letters.database.empty()) config_.dead_letters.database = iceberg.database;
  if (config_.dead_letters.table.empty()) config_.dead_letters.table = iceberg.table + "__dlq";
  if (!IsGiven("schema.extra_column") && config_.schema.columns.empty()) config_.schema.extra_column = "_extra";
  if (config_.storage.region.empty()) config_.storage.region = iceberg.aws_region;
  const std::string scheme = Scheme(iceberg.warehouse);
  const bool is_path = iceberg.warehouse.starts_with("/") || iceberg.warehouse.starts_with(".");
  const bool local = scheme == "file" || is_path || (scheme.empty() && iceberg.catalog_type == CatalogType::kSql);
  if (config_.storage.type == StorageType::kAuto && !iceberg.warehouse.empty()) {
    if (local) config_.storage.type = StorageType::kLocal;
    if (const auto type = StoreOf(scheme)) config_.storage.type = *type;
  }
  if (iceberg.sql.uri.empty() && iceberg.catalog_type == CatalogType::kSql && local) {
    std::string folder = iceberg.warehouse;
    if (folder.starts_with("file://")) folder = folder.substr(7);
    if (folder.starts_with("file:")) folder = folder.substr(5);
    iceberg.sql.uri = folder + (folder.ends_with('/') ? "" : "/") + "catalog.db";
  }
}

void Checker::Together(const std::string& a, const std::string& b) {
  if (IsGiven(a) != IsGiven(b)) Add(IsGiven(a) ? a : b, "needs '" + (IsGiven(a) ? b : a) + "' too");
}

void Checker::CheckKafka() {
  const KafkaConfig& kafka = config_.kafka;
  Require(kafka.bootstrap_servers, "kafka.bootstrap_servers");
  Require(kafka.topics, "kafka.topic");
  std::set<std::string> seen;
  for (const std::string& topic : kafka.topics) {
    if (topic.starts_with('^'))
      Add("kafka.topic", "holds the pattern '" + topic + "': patterns are not supported yet by this version");
    if (!seen.insert(topic).second) Add("kafka.topic", "names '" + topic + "' twice");
  }
  if (kafka.group_protocol == GroupProtocol::kConsumer) {
    for (const std::string path : {"kafka.session_timeout_ms", "kafka.heartbeat_interval_ms"}) {
      if (IsGiven(path)) Add(path, "is set on the broker when group_protocol is consumer");
    }
  } else {
    if (kafka.heartbeat_interval_ms >= kafka.session_timeout_ms) {
      Add("kafka.heartbeat_interval_ms", "must be below 'kafka.session_timeout_ms'");
    }
    if (kafka.session_timeout_ms > kafka.max_poll_interval_ms) {
      Add("kafka.max_poll_interval_ms", "must not be below 'kafka.session_timeout_ms'");
    }
  }
}

void Checker::CheckSecurity() {
  const KafkaSecurityConfig& security = config_.kafka.security;
  const bool sasl =
      security.protocol == SecurityProtocol::kSaslPlaintext || security.protocol == SecurityProtocol::kSaslSsl;
  const std::string mechanism = "kafka.security.sasl_mechanism";
  if (sasl && security.sasl_mechanism == SaslMechanism::kNone) Add(mechanism, "is missing");
  if (!sasl && security.sasl_mechanism != SaslMechanism::kNone) {
    Add(mechanism, "needs protocol SASL_PLAINTEXT or SASL_SSL in 'kafka.security.protocol'");
  }
  const std::string why = ": the mechanism needs it";
  switch (security.sasl_mechanism) {
    case SaslMechanism::kPlain:
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      Require(security.sasl_username, "kafka.security.sasl_username", why);
      if (!IsGiven("kafka.security.sasl_password")) Add("kafka.security.sasl_password", "is missing" + why);
      break;
    case SaslMechanism::kOauthBearer:
      // Another way than OIDC may have been set up by librdkafka's own properties.
      if (!config_.kafka.options.contains("sasl.oauthbearer.method")) {
        Require(security.oauth_token_url, "kafka.security.oauth_token_url", why);
        Require(security.oauth_client_id, "kafka.security.oauth_client_id", why);
      }
      break;
    case SaslMechanism::kNone:
    case SaslMechanism::kGssapi:
      break;
  }
  Together("kafka.security.ssl_cert_location", "kafka.security.ssl_key_location");
}

void Checker::CheckSchema() {
  const SchemaConfig& schema = config_.schema;
  if (config_.format.key != ValueFormat::kRaw)
    Add("format.key", "takes only raw: json keys are not supported yet by this version");
  std::set<std::string> seen;
  const auto add_column = [&](const std::string& column, const std::string& path) {
    if (!column.empty() && !seen.insert(column).second) Add(path, "names the column '" + column + "' a second time");
  };
  for (const ColumnConfig& column : schema.columns) {
    if (column.name.empty()) Add("schema.columns", "holds a column without a name");
    add_column(column.name, "schema.columns");
  }
  add_column(schema.metadata.topic, "schema.metadata.topic");
  add_column(schema.metadata.partition, "schema.metadata.partition");
  add_column(schema.metadata.offset, "schema.metadata.offset");
  add_column(schema.metadata.timestamp, "schema.metadata.timestamp");
  add_column(schema.metadata.key, "schema.metadata.key");
  add_column(schema.metadata.headers, "schema.metadata.headers");
  add_column(schema.extra_column, "schema.extra_column");
  if (config_.buffer.key != "_kafka_key") return;
  config_.buffer.key = schema.metadata.key;
  if (schema.metadata.key.empty()) Add("buffer.key", "needs the column of 'schema.metadata.key'");
}

void Checker::CheckTransform(const std::string& transform, const std::string& path) {
  if (IsTransform(transform)) return;
  Add(path, "holds the transform '" + transform +
                "'; there are identity, year, month, day, hour, void, bucket[N] and truncate[N]");
}

void Checker::CheckCatalog() {
  const IcebergConfig& iceberg = config_.iceberg;
  switch (iceberg.catalog_type) {
    case CatalogType::kRest:
    case CatalogType::kNessie:
    case CatalogType::kTabular:
      Require(iceberg.rest_uri, "iceberg.rest_uri", ": a REST catalog needs it");
      if (!iceberg.rest_uri.empty() && Scheme(iceberg.rest_uri) != "http" && Scheme(iceberg.rest_uri) != "https") {
        Add("iceberg.rest_uri", "takes an http:// or https:// URL, not '" + iceberg.rest_uri + "'");
      }
      break;
    case CatalogType::kSql:
      Require(iceberg.warehouse, "iceberg.warehouse", ": catalog_type sql needs it");
      if (!iceberg.warehouse.empty())
        Require(iceberg.sql.uri, "iceberg.sql.uri", ": the warehouse is not a local folder");
      break;
    case CatalogType::kHive:
      CheckHive();
      break;
    case CatalogType::kGlue:
      CheckGlue();
      break;
  }
  // Keys of another catalog than the one that is used; Nessie and Tabular are REST catalogs.
  const auto family = IsRest(iceberg.catalog_type) ? CatalogType::kRest : iceberg.catalog_type;
  const std::pair<std::string_view, CatalogType> owners[] = {
      {"iceberg.rest_uri", CatalogType::kRest}, {"iceberg.rest.", CatalogType::kRest},
      {"iceberg.sql.", CatalogType::kSql},      {"iceberg.hive_metastore_uri", CatalogType::kHive},
      {"iceberg.hive.", CatalogType::kHive},    {"iceberg.aws_region", CatalogType::kGlue},
      {"iceberg.glue.", CatalogType::kGlue}};
  for (const auto& [path, key] : given_) {
    for (const auto& [prefix, type] : owners) {
      if (!path.starts_with(prefix) || family == type) continue;
      Add(path, "needs catalog_type = \"" + std::string(WordFor(type)) + "\"");
    }
    if (iceberg.catalog_type != CatalogType::kNessie && path.starts_with("iceberg.nessie."))
      Add(path, "needs catalog_type = \"nessie\"");
  }
}

void Checker::CheckIceberg() {
  const IcebergConfig& iceberg = config_.iceberg;
  Require(iceberg.database, "iceberg.database");
  Require(iceberg.table, "iceberg.table");
  CheckCatalog();
  CheckRestAccess();
  const DeadLettersConfig& letters = config_.dead_letters;
  if (letters.database == iceberg.database && letters.table == iceberg.table)
    Add("dead_letters.table", "is the table itself: records that cannot be decoded need one of their own");
  for (const PartitionFieldConfig& field : iceberg.partition_spec)
    CheckTransform(field.transform, "iceberg.partition_spec");
  for (const SortFieldConfig& field : iceberg.sort_order) CheckTransform(field.transform, "iceberg.sort_order");
}

/// RFC 8693 section 3; "" for what is none.
std::string TokenTypeUrn(std::string_view text) {
  if (text.starts_with("urn:")) return std::string(text);
  for (const std::string_view name : {"access_token", "jwt", "id_token", "refresh_token", "saml1", "saml2"}) {
    if (text == name) return "urn:ietf:params:oauth:token-type:" + std::string(name);
  }
  return "";
}

void Checker::CheckRestAccess() {
  RestCatalogConfig& rest = config_.iceberg.rest;
  const bool oauth2 = rest.credential == RestCredential::kOauth2;
  if (rest.credential == RestCredential::kBearer && rest.token.empty()) {
    Add("iceberg.rest.token", "is missing: credential bearer needs it");
  } else if (rest.credential != RestCredential::kBearer && IsGiven("iceberg.rest.token")) {
    Add("iceberg.rest.token", "is used with credential = \"bearer\" only");
  }
  const bool subject = IsGiven("iceberg.rest.subject_token") || IsGiven("iceberg.rest.subject_token_file");
  if (oauth2 && rest.client_secret.empty() && !subject) {
    Add("iceberg.rest.client_secret", "is missing: credential oauth2 needs it, or a subject_token");
  }
  for (const std::string key : {"client_secret", "subject_token", "subject_token_file", "oauth2_parameters"}) {
    const std::string path = "iceberg.rest." + key;
    if (!oauth2 && IsGiven(path)) Add(path, "is used with credential = \"oauth2\" only");
  }
  for (const std::string key : {"signing_name", "signing_region", "access_key_id", "profile", "role_arn"}) {
    const std::string path = "iceberg.rest." + key;
    if (rest.credential != RestCredential::kSigv4 && IsGiven(path)) {
      Add(path, "is used with credential = \"sigv4\" only");
    }
  }
  CheckAwsIdentity("iceberg.rest.");
  if (IsGiven("iceberg.rest.subject_token") && IsGiven("iceberg.rest.subject_token_file")) {
    Add("iceberg.rest.subject_token_file", "and 'iceberg.rest.subject_token' exclude each other");
  }
  const std::string urn = TokenTypeUrn(rest.subject_token_type);
  if (urn.empty()) {
    Add("iceberg.rest.subject_token_type",
        "takes access_token, jwt, id_token, refresh_token, saml1, saml2 or a URN, not '" + rest.subject_token_type +
            "'");
  }
  rest.subject_token_type = urn;
  Together("iceberg.rest.cert", "iceberg.rest.key");
}

void Checker::CheckAwsIdentity(const std::string& section) {
  Together(section + "access_key_id", section + "secret_access_key");
  const std::pair<const char*, const char*> needs[] = {
      {"session_token", "access_key_id"}, {"external_id", "role_arn"}, {"session_name", "role_arn"}};
  for (const auto& [key, needed] : needs) {
    if (IsGiven(section + key) && !IsGiven(section + needed))
      Add(section + key, "needs '" + section + needed + "' too");
  }
  if (IsGiven(section + "profile") && IsGiven(section + "access_key_id")) {
    Add(section + "profile", "and '" + section + "access_key_id' exclude each other");
  }
}

void Checker::CheckGlue() {
  const GlueCatalogConfig& glue = config_.iceberg.glue;
  const std::string scheme = Scheme(glue.endpoint);
  if (!glue.endpoint.empty() && scheme != "http" && scheme != "https") {
    Add("iceberg.glue.endpoint", "takes an http:// or https:// URL, not '" + glue.endpoint + "'");
  }
  CheckAwsIdentity("iceberg.glue.");
}

void Checker::CheckHive() {
  const IcebergConfig& iceberg = config_.iceberg;
  Require(iceberg.hive_metastore_uri, "iceberg.hive_metastore_uri", ": catalog_type hive needs it");
  if (!iceberg.hive_metastore_uri.empty() && Scheme(iceberg.hive_metastore_uri) != "thrift") {
    Add("iceberg.hive_metastore_uri", "takes thrift://host:port, not '" + iceberg.hive_metastore_uri + "'");
  }
  if (iceberg.database.find('.') != std::string::npos) {
    Add("iceberg.database", "is of several levels; a database of Hive has one");
  }
  const std::string& service = iceberg.hive.kerberos_principal;
  const size_t slash = service.find('/');
  if (!service.empty() && (slash == 0 || slash == service.npos || service.back() == '/')) {
    Add("iceberg.hive.kerberos_principal",
        "takes the metastore's principal, such as hive/_HOST@EXAMPLE.COM, not '" + service + "'");
  }
  for (const std::string key : {"iceberg.hive.kerberos_keytab", "iceberg.hive.kerberos_client_principal"}) {
    if (IsGiven(key) && service.empty()) Add(key, "needs 'iceberg.hive.kerberos_principal' too");
  }
}

void Checker::CheckStorage() {
  const StorageConfig& storage = config_.storage;
  const std::string& warehouse = config_.iceberg.warehouse;
  const std::string scheme = Scheme(warehouse);
  const auto store = StoreOf(scheme);
  if (!scheme.empty() && !store) {
    Add("iceberg.warehouse", "is of the scheme '" + scheme +
                                 "', which K2I does not store files in; there are s3, gs, abfss, wasbs, az and file");
  } else if (store && storage.type != StorageType::kAuto && storage.type != *store) {
    Add("storage.type", "contradicts the warehouse '" + warehouse + "'");
  }
  if (store && *store != StorageType::kLocal) {
    const std::string bucket = BucketOf(warehouse, scheme);
    if (bucket.empty()) Add("iceberg.warehouse", "names no bucket");
    if (!storage.bucket.empty() && storage.bucket != bucket) {
      Add("storage.bucket", "is '" + storage.bucket + "', but the warehouse is in '" + bucket + "'");
    }
    if (*store == StorageType::kAzure && storage.azure.account.empty() && !warehouse.contains('@')) {
      Add("storage.azure.account", "is missing: the warehouse names no account");
    }
  }
  CheckCredentials();
}

void Checker::Needs(const std::string& path, const std::string& for_what) {
  if (!IsGiven(path)) Add(path, "is missing: " + for_what + " needs it");
}

void Checker::CheckCredentials() {
  const StorageConfig& storage = config_.storage;
  Together("storage.access_key_id", "storage.secret_access_key");
  if (IsGiven("storage.session_token") && !IsGiven("storage.access_key_id")) {
    Add("storage.session_token", "needs 'storage.access_key_id' too");
  }
  if (storage.s3.credential != S3Credential::kDefault && IsGiven("storage.access_key_id")) {
    Add("storage.s3.credential", "cannot go with 'storage.access_key_id': it takes AWS's own chain");
  }
  if (storage.s3.credential == S3Credential::kRole) {
    Needs("storage.s3.role_arn", "the credential 'role'");
  } else if (IsGiven("storage.s3.role_arn")) {
    Add("storage.s3.role_arn", "needs 'storage.s3.credential' = \"role\"");
  }
  if (IsGiven("storage.s3.kms_key_id") && storage.s3.sse != S3Encryption::kKms &&
      storage.s3.sse != S3Encryption::kDsseKms) {
    Add("storage.s3.kms_key_id", "needs 'storage.s3.sse' = \"kms\" or \"dsse_kms\"");
  }
  if (IsGiven("storage.s3.sse_customer_key") && storage.s3.sse != S3Encryption::kBucket) {
    Add("storage.s3.sse_customer_key", "cannot go with 'storage.s3.sse': it is a way of its own");
  }
  if (storage.gcs.credential == GcsCredential::kServiceAccount) {
    Needs("storage.gcs.service_account_key", "the credential 'service_account'");
  }
  if (storage.gcs.credential == GcsCredential::kToken) Needs("storage.gcs.token", "the credential 'token'");
  const AzureCredential azure = storage.azure.credential;
  if (azure == AzureCredential::kAccountKey) Needs("storage.azure.account_key", "the credential 'account_key'");
  if (azure == AzureCredential::kSas) Needs("storage.azure.sas_token", "the credential 'sas'");
  if (azure == AzureCredential::kClientSecret) {
    for (const std::string name : {"tenant_id", "client_id", "client_secret"}) {
      Needs("storage.azure." + name, "the credential 'client_secret'");
    }
  }
}

void Checker::CheckServer() {
  const ServerConfig& server = config_.server;
  if (!server.enabled) return;
  if (server.health_port == server.metrics_port && server.health_port != 0) {
    Add("server.metrics_port", "is the health_port too: each needs its own");
  }
  if (server.flight_port <= 0) return;
  if (server.flight_port == server.health_port) Add("server.flight_port", "is the health_port too: each needs its own");
  if (server.flight_port == server.metrics_port) {
    Add("server.flight_port", "is the metrics_port too: each needs its own");
  }
}

bool IsFlightAddress(std::string_view uri) {
  constexpr std::string_view kScheme = "grpc://";
  const size_t colon = uri.rfind(':');
  if (!uri.starts_with(kScheme) || colon <= kScheme.size()) return false;
  const std::string_view digits = uri.substr(colon + 1);
  int32_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port > 0 && port <= 65'535;
}

void Checker::CheckQuery() {
  constexpr size_t kMostPeers = 64;  // each is asked on a thread of its own
  std::set<std::string> seen;
  for (const std::string& peer : config_.query.peers) {
    if (!IsFlightAddress(peer)) Add("query.peers", "takes grpc://host:port, not '" + peer + "'");
    if (!seen.insert(peer).second) Add("query.peers", "names '" + peer + "' twice");
  }
  if (seen.size() > kMostPeers) Add("query.peers", "names more than " + std::to_string(kMostPeers) + " processes");
}

void Checker::CheckEngines() {
  const TrinoEngineConfig& trino = config_.maintenance.trino;
  if (!trino.uri.empty() && !trino.uri.starts_with("http://") && !trino.uri.starts_with("https://")) {
    Add("maintenance.trino.uri", "takes http://host:port or https://host:port");
  }
  if (!trino.password.empty() && !trino.token.empty())
    Add("maintenance.trino.token", "and 'password' exclude each other");
}

}  // namespace

bool IsTransform(std::string_view text) {
  for (const std::string_view plain : {"identity", "year", "month", "day", "hour", "void"}) {
    if (text == plain) return true;
  }
  for (const std::string_view name : {"bucket[", "truncate["}) {
    if (!text.starts_with(name) || !text.ends_with(']')) continue;
    const std::string_view number = text.substr(name.size(), text.size() - name.size() - 1);
    int32_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc() && end == number.data() + number.size() && value > 0;
  }
  return false;
}

void Finish(const GivenKeys& given, std::string_view name, Config& config, Problems& problems) {
  Checker checker(given, name, config, problems);
  checker.DeriveDefaults();
  checker.CheckKafka();
  checker.CheckSecurity();
  checker.CheckSchema();
  checker.CheckIceberg();
  checker.CheckStorage();
  checker.CheckServer();
  checker.CheckQuery();
  checker.CheckEngines();
}

}  // namespace k2i::config
