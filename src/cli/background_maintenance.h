// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/metrics.h"
#include "cli/query_engine.h"
#include "config/config.h"
#include "maintenance/scheduler.h"

namespace k2i::cli {

/// What `k2i ingest` does to its table and its dead letters beside the stream ([maintenance] of `config`): compaction,
/// merged manifests, expiry of snapshots, orphan clean-up. Snapshots that `views` hold are not expired. All but `hold`
/// must outlive the scheduler. None: everything is switched off.
std::unique_ptr<maintenance::Scheduler> MakeBackgroundMaintenance(const config::Config& config,
                                                                  const CatalogParts& catalog, const StreamViews& views,
                                                                  MetricsRegistry& metrics, Clock& clock,
                                                                  Random& random,
                                                                  std::function<std::optional<std::string>()> hold);

}  // namespace k2i::cli
