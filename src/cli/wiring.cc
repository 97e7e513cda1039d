// SPDX-License-Identifier: Apache-2.0
#include "cli/wiring.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "cli/version.h"
#include "config/load.h"

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
  // Whoever loads the table to ask us for the rows above it has so long to do so: what we commit meanwhile is still
  // here.
  if (!config.query.peers.empty()) {
    stream.views.retain_for = std::max<Duration>(stream.views.retain_for, milliseconds(config.query.peer_timeout_ms));
  }
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

Result<config::Config> WithTable(config::Config config, const std::string& table) {
  if (table.empty()) return config;
  const size_t dot = table.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == table.size()) {
    return Fail(ErrorCode::kInvalidConfig, "--table is not of the form database.table", Component::kConfig);
  }
  config.iceberg.database = table.substr(0, dot);
  config.iceberg.table = table.substr(dot + 1);
  return config;
}

int ReportError(const Error& error) {
  std::fprintf(stderr, "k2i: %s\n", error.message.c_str());
  return ExitCode(error);
}

}  // namespace k2i::cli
