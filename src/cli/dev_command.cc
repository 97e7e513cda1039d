// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/logging.h"
#include "cli/commands.h"
#include "cli/ingest_run.h"
#include "cli/wiring.h"

namespace k2i::cli {
namespace {

struct DevFlags {
  std::string topic;
  std::string warehouse;
  std::string bootstrap_servers = "localhost:9092";
  std::string table;
  int flush_interval_seconds = 5;
  std::vector<std::string> settings;
};

/// A name that every engine takes without quotes.
std::string TableName(std::string topic) {
  for (char& c : topic) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return topic;
}

std::vector<std::string> Settings(const DevFlags& flags) {
  const std::string warehouse = std::filesystem::absolute(flags.warehouse).lexically_normal().string();
  std::vector<std::string> settings{
      "kafka.bootstrap_servers=" + flags.bootstrap_servers,
      "kafka.topic=" + flags.topic,
      "kafka.group_id=k2i-dev-" + flags.topic,
      "iceberg.catalog_type=sql",
      "iceberg.warehouse=" + warehouse,
      "iceberg.database=dev",
      "iceberg.table=" + (flags.table.empty() ? TableName(flags.topic) : flags.table),
      "buffer.flush_interval_seconds=" + std::to_string(flags.flush_interval_seconds),
      "transaction_log.log_dir=" + warehouse + "/_k2i/" + TableName(flags.topic),
  };
  settings.insert(settings.end(), flags.settings.begin(), flags.settings.end());
  return settings;
}

}  // namespace

void AddDevCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DevFlags>();
  CLI::App* command = app.add_subcommand("dev", "Ingest without a configuration file: SQLite catalog, local files");
  command->add_option("--topic", flags->topic, "Topic to read")->required();
  command->add_option("--warehouse", flags->warehouse, "Folder of catalog and tables")->required();
  command->add_option("--bootstrap-servers", flags->bootstrap_servers, "Kafka brokers")->capture_default_str();
  command->add_option("--table", flags->table, "Table in the namespace dev (default: the topic's name)");
  command->add_option("--flush-interval", flags->flush_interval_seconds, "Seconds between commits")
      ->capture_default_str();
  command->add_option("--set", flags->settings, "section.key=value; may be repeated");
  command->callback([flags, &exit_code] {
    const auto config = LoadAndConfigure({.path = "", .settings = Settings(*flags)});
    if (!config) {
      exit_code = ReportError(config.error());
      return;
    }
    log::Info("catalog", {{"sqlite", config->iceberg.sql.uri}, {"name", config->iceberg.sql.name}});
    if (const auto done = RunIngest(*config); !done) exit_code = ReportError(done.error());
  });
}

}  // namespace k2i::cli
