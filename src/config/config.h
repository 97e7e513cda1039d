// SPDX-License-Identifier: Apache-2.0
//
// config: the configuration file as typed structs (interface.md, "Configuration"). Defaults stand here and nowhere
// else; names, aliases, bounds and documentation stand in key_table.cc. Everything is checked while it is read: a
// Config that LoadConfig (load.h) returns is complete, its secrets are resolved and its values are possible.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/logging.h"
#include "config/iceberg_config.h"
#include "config/secret.h"
#include "config/storage_config.h"

namespace k2i::config {

enum class OffsetResetPolicy { kEarliest, kLatest, kNone };
enum class IsolationLevel { kReadCommitted, kReadUncommitted };
enum class OnDataLoss { kStop, kContinue };
enum class GroupProtocol { kClassic, kConsumer };
enum class SecurityProtocol { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };
enum class SaslMechanism { kNone, kPlain, kScramSha256, kScramSha512, kGssapi, kOauthBearer };
enum class ValueFormat { kRaw, kJson };
enum class SchemaMode { kManual };
enum class OnBreakingChange { kDeadLetter };
/// kAuto: text on a terminal, JSON otherwise.
enum class LogFormat { kAuto, kJson, kText };

struct KafkaSecurityConfig {
  SecurityProtocol protocol = SecurityProtocol::kPlaintext;
  SaslMechanism sasl_mechanism = SaslMechanism::kNone;
  std::string sasl_username;
  Secret sasl_password;
  std::string ssl_ca_location;
  std::string ssl_cert_location;
  std::string ssl_key_location;
  Secret ssl_key_password;
  std::string oauth_token_url;  // OAUTHBEARER by OIDC client credentials
  std::string oauth_client_id;
  Secret oauth_client_secret;
  std::string oauth_scope;
};

struct KafkaConfig {
  std::vector<std::string> bootstrap_servers;
  std::vector<std::string> topics;
  std::string group_id;  // never empty after loading: "k2i-<database>-<table>" where it is not given
  std::string group_instance_id;
  OffsetResetPolicy auto_offset_reset = OffsetResetPolicy::kEarliest;
  IsolationLevel isolation_level = IsolationLevel::kReadCommitted;
  OnDataLoss on_data_loss = OnDataLoss::kStop;
  GroupProtocol group_protocol = GroupProtocol::kClassic;
  int64_t batch_size = 10000;
  int64_t batch_timeout_ms = 100;
  int64_t session_timeout_ms = 10000;
  int64_t heartbeat_interval_ms = 3000;
  int64_t max_poll_interval_ms = 300000;
  std::map<std::string, std::string> options;  // librdkafka properties as they are
  KafkaSecurityConfig security;
};

struct FormatConfig {
  ValueFormat value = ValueFormat::kJson;
  ValueFormat key = ValueFormat::kRaw;  // only raw in this version
};

struct ColumnConfig {
  std::string name;
  std::string type;  // an Iceberg primitive: "long", "timestamptz", "decimal(9,2)" …
  bool required = false;
  std::string doc;
};

/// Names of the columns filled from the record's place in Kafka; "": no such column.
struct MetadataColumnsConfig {
  std::string topic = "_kafka_topic";
  std::string partition = "_kafka_partition";
  std::string offset = "_kafka_offset";
  std::string timestamp = "_kafka_timestamp";
  std::string key = "_kafka_key";
  std::string headers;
};

struct SchemaConfig {
  SchemaMode mode = SchemaMode::kManual;
  OnBreakingChange on_breaking_change = OnBreakingChange::kDeadLetter;
  std::vector<ColumnConfig> columns;  // empty: taken from the table, or inferred where there is none
  int64_t infer_records = 1000;
  int64_t infer_timeout_ms = 10000;
  /// Column that takes, as JSON text, the members no column takes; "": they are dropped. Where the file does not say:
  /// "_extra" if no columns are declared, else "".
  std::string extra_column;
  MetadataColumnsConfig metadata;
};

struct BufferConfig {
  int64_t max_size_mb = 500;
  int64_t ttl_seconds = 60;
  int64_t flush_interval_seconds = 30;
  int64_t flush_size_mb = 256;
  int64_t flush_batch_size = 0;  // rows; 0: no bound
  int64_t seal_interval_ms = 10;
  std::string key;  // column of the table; "": no look-ups by key
};

/// Where the records go that cannot be decoded.
struct DeadLettersConfig {
  std::string database;  // never empty after loading: that of the table
  std::string table;     // never empty after loading: "<table>__dlq"
};

struct TransactionLogConfig {
  std::string log_dir;  // never empty after loading: "k2i-txlog/<group_id>" in the working folder where it is not given
  int64_t checkpoint_interval_entries = 10000;
  int64_t checkpoint_interval_seconds = 300;
  int64_t max_log_files = 10;
  Secret encryption_key;  // empty: the log is not encrypted
};

/// Of the catalog and of the store, each for itself.
struct CircuitBreakerConfig {
  int64_t failure_threshold = 5;
  int64_t open_seconds = 10;
};

struct ServerConfig {
  bool enabled = true;
  std::string bind = "127.0.0.1";
  int64_t health_port = 8080;  // 0: any free port
  int64_t metrics_port = 9090;
  int64_t flight_port = -1;  // -1: off; 0: any free port
};

/// Reads by SQL and look-up, beside ingestion.
struct QueryConfig {
  bool enabled = true;
  int64_t threads = 2;
  int64_t memory_mb = 512;
  int64_t niceness = 10;
  int64_t timeout_seconds = 60;
  int64_t max_rows = 10'000'000;
  int64_t max_concurrent = 8;
  std::vector<std::string> peers;
  int64_t peer_timeout_ms = 1000;
};

/// `k2i maintenance --engine spark`.
struct SparkEngineConfig {
  std::vector<std::string> command;  // argv; takes spark-sql's arguments
  std::string catalog;
};

/// `k2i maintenance --engine trino`.
struct TrinoEngineConfig {
  std::string uri;
  std::string catalog;
  std::string user = "k2i";
  Secret password;
  Secret token;
  std::string ca;  // file of CA certificates
};

/// What keeps the table small and quick.
struct MaintenanceConfig {
  // In the background of `k2i ingest`.
  bool compaction_enabled = true;
  int64_t compaction_interval_seconds = 600;
  int64_t manifest_rewrite_interval_seconds = 3600;  // 0: never
  bool snapshot_expiration_enabled = true;
  int64_t snapshot_expiration_interval_seconds = 3600;
  bool orphan_cleanup_enabled = false;
  int64_t orphan_cleanup_interval_seconds = 86'400;
  // There, and by `k2i maintenance`.
  int64_t compaction_target_mb = 0;     // 0: the table's write.target-file-size-bytes, else 256
  int64_t compaction_threshold_mb = 0;  // files from here on are left alone; 0: three quarters of the target
  int64_t compaction_min_input_files = 5;
  int64_t compaction_memory_mb = 768;
  int64_t compaction_rate_mb = 0;       // read a second; 0: no limit
  int64_t compaction_commit_mb = 2048;  // read between two commits
  bool compaction_copies = true;        // large row groups, as they are
  int64_t snapshot_retention_days = 0;  // 0: as the table's properties say
  int64_t orphan_retention_days = 3;
  SparkEngineConfig spark;
  TrinoEngineConfig trino;
};

struct LogConfig {
  log::Level level = log::Level::kInfo;
  LogFormat format = LogFormat::kAuto;
};

struct Config {
  KafkaConfig kafka;
  FormatConfig format;
  SchemaConfig schema;
  BufferConfig buffer;
  IcebergConfig iceberg;
  DeadLettersConfig dead_letters;
  StorageConfig storage;
  TransactionLogConfig transaction_log;
  CircuitBreakerConfig circuit_breaker;
  ServerConfig server;
  QueryConfig query;
  MaintenanceConfig maintenance;
  LogConfig log;
};

/// Catalogs that are reached by Iceberg's REST protocol.
constexpr bool IsRest(CatalogType type) {
  return type == CatalogType::kRest || type == CatalogType::kNessie || type == CatalogType::kTabular;
}

/// Variables by name.
using Environment = std::map<std::string, std::string>;

}  // namespace k2i::config
