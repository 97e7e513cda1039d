// SPDX-License-Identifier: Apache-2.0
//
// engines: a job of maintenance handed to an engine that is there already, and what it has made of the table.
//
//   SparkStatement, TrinoStatement   the job in the engine's own words (statement)
//   Spark                            a command that takes a statement, such as spark-sql (spark, child_process)
//   Trino                            its HTTP protocol (trino, trino_page)
//   EngineCutoff                     how far an engine that knows nothing of leases may expire (expiry_cutoff)
//   EngineWork                       what was done, from the table's snapshots and not by the engine's word
//   (engine_work)
//
// It knows nothing of K2I's own way of doing the same (module maintenance).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "iceberg/catalog/catalog.h"

namespace k2i::engines {

enum class JobKind { kCompact, kRewriteManifests, kExpireSnapshots, kCleanOrphans };

struct Job {
  JobKind kind = JobKind::kCompact;
  iceberg::TableIdentifier table;
  // kCompact
  int64_t target_bytes = 0;
  int64_t small_below_bytes = 0;  // files from here on are left alone
  int64_t min_input_files = 0;
  std::optional<int64_t> max_files;
  std::string where = {};  // only files with rows that meet it, in the engine's own SQL; empty: all
  // kExpireSnapshots, kCleanOrphans
  int64_t older_than_ms = 0;  // a time, Unix epoch
  // kExpireSnapshots
  int32_t retain_last = 1;
};

/// What an engine says while it works.
struct EngineProgress {
  std::optional<double> percent;
  std::string state;  // "RUNNING"; for people
};
/// May be empty.
using OnEngineProgress = std::function<void(const EngineProgress&)>;

}  // namespace k2i::engines
