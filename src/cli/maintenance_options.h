// SPDX-License-Identifier: Apache-2.0
//
// What the configuration says of maintenance, for the commands and for `k2i ingest` alike.
#pragma once

#include "config/config.h"
#include "maintenance/clean_orphans.h"
#include "maintenance/compaction.h"
#include "maintenance/expire_snapshots.h"

namespace k2i::cli {

maintenance::ReplaceOptions MakeReplaceOptions(const config::Config& config);
maintenance::CompactionOptions MakeCompactionOptions(const config::Config& config);
maintenance::ExpiryWishes MakeExpiryWishes(const config::Config& config);
maintenance::OrphanOptions MakeOrphanOptions(const config::Config& config, int64_t now_ms);

}  // namespace k2i::cli
