// SPDX-License-Identifier: Apache-2.0
#include "maintenance/clean_orphans.h"

#include <mutex>

#include "maintenance/parallel.h"

namespace k2i::maintenance {
namespace {

using iceberg::LoadedTable;
using iceberg::TableIdentifier;

Error AboutOthers(const Error& error) {
  return error.With(
      "whether another table keeps files below the table's location cannot be told; if none does, say "
      "--unshared");
}

std::unexpected<Error> Stopped() { return Fail(ErrorCode::kCancelled, "stopped before the end"); }

}  // namespace

Status OrphanCleaning::CheckOthers(const LoadedTable& own) {
  const TableRoots own_roots = RootsOf(own.identifier.ToString(), *own.metadata);
  std::vector<TableRoots> others;
  if (!options_.unshared) {
    const auto tables = parts_.catalog.ListTables();
    if (!tables.has_value()) return std::unexpected(AboutOthers(tables.error()));
    std::mutex mutex;
    K2I_RETURN_IF_ERROR(ForEachInParallel(tables->size(), options_.deletion.threads, [&](size_t i) -> Status {
      if (options_.deletion.stop.stop_requested()) return Stopped();
      const TableIdentifier& other = (*tables)[i];
      if (other == own.identifier) return {};
      const auto loaded = parts_.catalog.LoadTable(other);
      if (!loaded.has_value() && loaded.error().code == ErrorCode::kNotFound) return {};  // dropped meanwhile
      if (!loaded.has_value()) return std::unexpected(AboutOthers(loaded.error().With("table " + other.ToString())));
      std::lock_guard lock(mutex);
      others.push_back(RootsOf(other.ToString(), *loaded->metadata));
      return {};
    }));
  }
  return CheckUnshared(own_roots, others, options_.warehouse);
}

Status OrphanCleaning::AddReachable(const LoadedTable& table) {
  return reader_.Read(*table.metadata, table.metadata_location,
                      [&](const std::string& location) { return finder_->AddReachable(location); });
}

Status OrphanCleaning::Check(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(cutoff_ms_, OrphanCutoff(options_.older_than_ms, options_.force, parts_.clock.wall_ms()));
  K2I_ASSIGN_OR_RETURN(table_, parts_.catalog.LoadTable(table));
  K2I_RETURN_IF_ERROR(CheckMayDelete(*table_.metadata));
  if (table_.metadata_location.empty()) {
    return Fail(ErrorCode::kNotSupported,
                "the catalog does not say which metadata file is the table's: it would be taken for an orphan",
                Component::kCatalog);
  }
  return CheckOthers(table_);
}

Result<OrphanReport> OrphanCleaning::Run(const TableIdentifier& table) {
  K2I_RETURN_IF_ERROR(Check(table));
  report_ = {.location = table_.metadata->location};
  K2I_ASSIGN_OR_RETURN(finder_, OrphanFinder::Make(report_.location, cutoff_ms_));
  K2I_RETURN_IF_ERROR(AddReachable(table_));
  Status done = parts_.store.ForEachFile(report_.location, [&](const io::FileInfo& file) { return Consider(file); });
  if (done.has_value() || report_.reached_most_files) done = FinishBatch();
  if (!done.has_value()) report_.stopped = done.error();
  return std::move(report_);
}

Status OrphanCleaning::Consider(const io::FileInfo& file) {
  if (options_.deletion.stop.stop_requested()) return Stopped();
  ++report_.listed_files;
  report_.listed_bytes += file.size_bytes;
  if (options_.listing) options_.listing(report_.listed_files);
  K2I_ASSIGN_OR_RETURN(const bool orphan, finder_->IsOrphan(file));
  if (!orphan) return {};
  if (options_.most_files > 0) K2I_RETURN_IF_ERROR(CheckBound());
  batch_.push_back(file);
  return batch_.size() < options_.batch_files ? Status() : FinishBatch();
}

/// What could not be deleted does not count, or it would keep all else.
Status OrphanCleaning::CheckBound() {
  const auto reached = [&] { return Total(report_.files.deleted).files + std::ssize(batch_) >= options_.most_files; };
  if (reached()) K2I_RETURN_IF_ERROR(FinishBatch());
  report_.reached_most_files = reached();
  return report_.reached_most_files ? Fail(ErrorCode::kCancelled, "as many files as were asked for") : Status();
}

Status OrphanCleaning::FinishBatch() {
  if (batch_.empty()) return {};
  K2I_ASSIGN_OR_RETURN(const LoadedTable now, parts_.catalog.LoadTable(table_.identifier));
  const auto& before = *table_.metadata;
  if (now.metadata->table_uuid != before.table_uuid || now.metadata->location != before.location) {
    return Fail(ErrorCode::kNotFound, "the table has been replaced or moved meanwhile", Component::kCatalog);
  }
  if (now.metadata_location != table_.metadata_location) {
    K2I_RETURN_IF_ERROR(AddReachable(now));
    table_ = now;
  }
  std::vector<TableFile> orphans;
  for (const io::FileInfo& file : batch_) {
    K2I_ASSIGN_OR_RETURN(const bool orphan, finder_->IsOrphan(file));
    if (orphan) orphans.push_back({KindByName(file.location), file.location, file.size_bytes});
  }
  batch_.clear();
  DeletionOptions deletion = options_.deletion;
  deletion.most_listed -= std::min(deletion.most_listed, report_.files.listed.size());
  if (deletion.progress) {
    deletion.progress = [&, before = orphans_seen_](int64_t done, int64_t of) {
      options_.deletion.progress(before + done, before + of);
    };
  }
  orphans_seen_ += std::ssize(orphans);
  const DeletionReport deleted = DeleteFiles(parts_.store, orphans, deletion);
  report_.files.Add(deleted);
  return deleted.not_tried == 0 ? Status() : Stopped();
}

}  // namespace k2i::maintenance
