// SPDX-License-Identifier: Apache-2.0
#include "cli/maintenance_options.h"

#include "cli/version.h"

namespace k2i::cli {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

}  // namespace

maintenance::ReplaceOptions MakeReplaceOptions(const config::Config& config) {
  return {.branch = config.iceberg.branch, .version = kVersion};
}

maintenance::CompactionOptions MakeCompactionOptions(const config::Config& config) {
  const auto& wanted = config.maintenance;
  maintenance::CompactionOptions options;
  options.policy.target_bytes = wanted.compaction_target_mb * kMegabyte;
  options.policy.small_below_bytes = wanted.compaction_threshold_mb * kMegabyte;
  options.policy.min_input_files = static_cast<int>(wanted.compaction_min_input_files);
  options.memory_bytes = wanted.compaction_memory_mb * kMegabyte;
  options.bytes_per_second = wanted.compaction_rate_mb * kMegabyte;
  options.commit_bytes = wanted.compaction_commit_mb * kMegabyte;
  if (!wanted.compaction_copies) options.copy_from_share.reset();
  options.replace = MakeReplaceOptions(config);
  return options;
}

maintenance::ExpiryWishes MakeExpiryWishes(const config::Config& config) {
  maintenance::ExpiryWishes wishes;
  const int64_t days = config.maintenance.snapshot_retention_days;
  if (days > 0) wishes.max_snapshot_age_ms = days * maintenance::kDayMs;
  return wishes;
}

maintenance::OrphanOptions MakeOrphanOptions(const config::Config& config, int64_t now_ms) {
  return {.older_than_ms = now_ms - config.maintenance.orphan_retention_days * maintenance::kDayMs,
          .warehouse = config.iceberg.warehouse};
}

}  // namespace k2i::cli
