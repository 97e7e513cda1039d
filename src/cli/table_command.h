// SPDX-License-Identifier: Apache-2.0
//
// What the commands below `k2i table` have in common.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/maintenance_flags.h"
#include "cli/wiring.h"

namespace k2i::cli {

struct TableFlags : MaintenanceFlags {
  bool yes = false;
  int32_t to_version = 2;
  std::string metadata;              // location of a metadata file
  std::vector<std::string> parquet;  // locations of files, or of folders that end with "/"
};

/// A command at work. The references must outlive it.
struct TableDesk {
  const config::Config& config;
  const TableFlags& flags;
  std::stop_token stop;
  SystemClock clock = {};
  Random random = Random(Random::SystemSeed());
  CatalogParts parts = {};
  iceberg::TableIdentifier table = {};
};

Status ResetTable(TableDesk& desk);
Status RegisterTable(TableDesk& desk);

}  // namespace k2i::cli
