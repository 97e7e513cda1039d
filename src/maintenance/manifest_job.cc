// SPDX-License-Identifier: Apache-2.0
#include "maintenance/manifest_job.h"

#include <charconv>

namespace k2i::maintenance {
namespace {

constexpr int64_t kDefaultTarget = int64_t{8} << 20;

int64_t TargetOf(const iceberg::TableMetadata& table, int64_t given) {
  if (given > 0) return given;
  const std::string text = table.PropertyOr("commit.manifest.target-size-bytes", "");
  int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && bytes > 0 ? bytes : kDefaultTarget;
}

/// Whether a table leaves its manifests as they are, though some may be worth merging.
bool LeavesManifests(const iceberg::TableMetadata& table, const iceberg::RewriteManifests::Counts& worth_merging) {
  if (!table.PropertyIsTrue("commit.manifest-merge.enabled", true)) return true;
  const std::string text = table.PropertyOr("commit.manifest.min-count-to-merge", "");
  int64_t least = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), least);
  return error == std::errc() && worth_merging.replaced < least;
}

}  // namespace

Result<ManifestReport> RewriteTableManifests(ReplaceCommit::Parts parts, io::ObjectStore& store,
                                             const iceberg::TableIdentifier& identifier, const ManifestOptions& options,
                                             std::stop_token stop) {
  ManifestReport report;
  K2I_ASSIGN_OR_RETURN(const auto table, parts.catalog.LoadTable(identifier));
  report.target_bytes = TargetOf(*table.metadata, options.target_bytes);
  if (options.dry_run || options.automatic) {
    K2I_ASSIGN_OR_RETURN(report.counts, iceberg::CountManifestMerges(store, *table.metadata, options.replace.branch,
                                                                     report.target_bytes));
    if (options.dry_run) return report;
    if (LeavesManifests(*table.metadata, report.counts)) {
      report.counts = {.replaced = 0, .created = 0, .kept = report.counts.replaced + report.counts.kept};
      return report;
    }
  }
  const int64_t snapshot_id = parts.random.PositiveInt64();
  iceberg::RewriteManifests rewrite(store, {.snapshot_id = snapshot_id,
                                            .branch = options.replace.branch,
                                            .commit_uuid = parts.random.Uuid(),
                                            .target_bytes = report.target_bytes,
                                            .summary = {},
                                            .on_progress = options.on_progress});
  ReplaceCommit commit(parts, options.replace);
  const auto outcome = commit.Run(
      table, snapshot_id,
      [&](const iceberg::TableMetadata& base, int64_t now_ms) { return rewrite.Prepare(base, now_ms); }, stop);
  (void)store.DeleteMany(LeftOver(rewrite, outcome));  // what stays is an orphan, and no more
  if (!outcome) return std::unexpected(outcome.error());
  report.snapshot_id = outcome->snapshot_id;
  report.counts = rewrite.counts();
  report.conflicts = outcome->conflicts;
  if (!report.snapshot_id && report.counts.replaced > 0) {
    return Fail(outcome->certain ? ErrorCode::kTimeout : ErrorCode::kCommitStateUnknown,
                "the manifests are not merged: " + outcome->reason + "; run it again", Component::kCatalog);
  }
  return report;
}

}  // namespace k2i::maintenance
