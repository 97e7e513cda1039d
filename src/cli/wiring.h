// SPDX-License-Identifier: Apache-2.0
//
// The configuration as options and parts of the other modules; they know nothing of each other's configuration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/catalog_wiring.h"
#include "config/config.h"
#include "ingest/pipeline.h"
#include "kafka/options.h"
#include "txlog/frame_cipher.h"

namespace CLI {
class App;
}  // namespace CLI

namespace k2i::cli {

kafka::KafkaOptions MakeKafkaOptions(const config::Config& config);
ingest::TableOptions MakeTableOptions(const config::Config& config);
ingest::RowOptions MakeRowOptions(const config::Config& config);
ingest::PipelineOptions MakePipelineOptions(const config::Config& config);

/// Null where the log is not encrypted. InvalidConfig for a key that is none.
Result<std::shared_ptr<const txlog::FrameCipher>> MakeLogCipher(const config::TransactionLogConfig& config);

/// --config, --set and what they give; shared by the commands that read the configuration.
struct ConfigFlags {
  std::string path;
  std::vector<std::string> settings;  // "section.key=value"
};
/// Adds --config and --set to a command.
void AddConfigFlags(CLI::App& command, ConfigFlags& flags);
/// Loads the configuration and sets up logging as it says.
Result<config::Config> LoadAndConfigure(const ConfigFlags& flags);
/// `config`, for the "database.table" of --table; as it is where that is empty. InvalidConfig for what is no such name.
Result<config::Config> WithTable(config::Config config, const std::string& table);

/// Prints "k2i: <message>" on standard error; returns the exit code for the error.
int ReportError(const Error& error);

}  // namespace k2i::cli
