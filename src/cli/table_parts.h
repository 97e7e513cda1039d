// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "cli/wiring.h"

namespace k2i::cli {

/// One table, and what a command needs to work on it. The configuration must outlive it.
struct TableParts {
  TableParts(const config::Config& given, std::stop_token stopped) : config(given), stop(std::move(stopped)) {}

  /// Finds out the table: `name` ("database.table"), or the configuration's where that is empty.
  Status FindTable(const std::string& name);
  Status OpenCatalog();
  /// Both.
  Status Open(const std::string& name);

  const config::Config& config;
  const std::stop_token stop;
  SystemClock clock;
  Random random{Random::SystemSeed()};
  CatalogParts parts;
  iceberg::TableIdentifier table;
};

/// Runs `command` on the configuration and returns its exit code, or that of what is wrong with the configuration.
/// SIGINT and SIGTERM are stop requests to it.
int RunWithConfig(const ConfigFlags& flags,
                  const std::function<int(const config::Config& config, std::stop_token stop)>& command);

}  // namespace k2i::cli
