// SPDX-License-Identifier: Apache-2.0
//
// What the commands below `k2i table` have in common.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/table_parts.h"

namespace k2i::cli {

struct TableFlags {
  ConfigFlags config;
  std::string table;  // "db.table"; empty: the configuration's
  bool dry_run = false;
  bool json = false;
  bool yes = false;
  int32_t to_version = 2;
  std::string metadata;              // location of a metadata file
  std::vector<std::string> parquet;  // locations of files, or of folders that end with "/"
};

/// A command at work. The references must outlive it.
struct TableDesk : TableParts {
  TableDesk(const config::Config& given, const TableFlags& wanted, std::stop_token stopped)
      : TableParts(given, std::move(stopped)), flags(wanted) {}
  const TableFlags& flags;
};

Status ResetTable(TableDesk& desk);
Status RegisterTable(TableDesk& desk);

}  // namespace k2i::cli
