// SPDX-License-Identifier: Apache-2.0
#include "ingest/adoption.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "iceberg/scan/scan.h"

namespace k2i::ingest {
namespace {

using txlog::OpenFlush;

std::unexpected<Error> Disagree(const std::string& what) {
  return Fail(ErrorCode::kCorruption, what, Component::kStorage);
}

/// The log and the manifest name the same files, and the store has each whole. When the oldest was written: Unix epoch,
/// ms, of the store; none for no files.
Result<std::optional<int64_t>> CheckFiles(io::ObjectStore& store, const std::vector<iceberg::DataFile>& files,
                                          const OpenFlush& flush) {
  std::optional<int64_t> oldest;
  if (files.size() != flush.written.size() || files.size() != flush.started.size()) {
    return Disagree("the manifest and the transaction log do not name the same files");
  }
  for (const auto& file : files) {
    const auto logged = std::ranges::find(flush.written, file.file_path, &txlog::FileWritten::location);
    if (logged == flush.written.end() || logged->record_count != file.record_count) {
      return Disagree("the transaction log does not know " + file.file_path);
    }
    K2I_ASSIGN_OR_RETURN(const auto info, store.Stat(file.file_path));
    if (info.size_bytes != file.file_size_in_bytes) return Disagree(file.file_path + " is of another size");
    oldest = std::min(oldest.value_or(info.modified_ms), info.modified_ms);
  }
  return oldest;
}

/// True where the outcome of an adoption ends the start: it was stopped before that was known, or the log fails.
bool EndsTheStart(const Error& error, const std::stop_token& stop) {
  return error.code == ErrorCode::kCancelled || error.code == ErrorCode::kCommitStateUnknown ||
         error.component == Component::kTransactionLog || (stop.stop_requested() && error.retryable());
}

/// One adoption.
class Adopter {
 public:
  Adopter(const AdoptionParts& parts, const iceberg::LoadedTable& table, std::stop_token stop)
      : parts_(parts), table_(table), stop_(std::move(stop)) {}

  /// The boundary after it; nullopt: it was not adopted, and its files may be deleted when that is safe.
  Result<std::optional<progress::Progress>> Adopt(const OpenFlush& flush) {
    const auto upload = Read(flush);
    if (!upload) return GoOnWithout(flush, upload.error());
    const auto result = parts_.flusher.Adopt(*upload, parts_.cluster, stop_);
    if (!result) return GoOnWithout(flush, result.error());
    if (result->too_old) {
      return GoOnWithout(flush, {ErrorCode::kNotFound, "its files are so old that orphan clean-up may take them"});
    }
    if (result->fenced) {
      return GoOnWithout(flush, {ErrorCode::kFenced, "another process has committed some of its rows meanwhile"});
    }
    auto& metrics = parts_.flushing.committing.metrics;
    metrics.commits.Increment();
    metrics.rows_flushed.Increment(static_cast<double>(result->rows));
    metrics.last_commit_timestamp.Set(static_cast<double>(parts_.flushing.committing.clock.wall_ms()) / 1000);
    log::Info("open_flush_adopted", {{"table", table_.identifier.ToString()},
                                     {"flush_id", flush.flush_id},
                                     {"snapshot_id", result->snapshot_id},
                                     {"rows", result->rows},
                                     {"files", result->files}});
    return result->progress;
  }

 private:
  Result<Upload> Read(const OpenFlush& flush) {
    auto& committing = parts_.flushing.committing;
    RetryContext context{
        committing.clock, committing.random, stop_, [&](const Error& error, int attempt, Duration) {
          committing.health.Degraded("iceberg", error);
          log::Warn("waiting",
                    {{"for", "the files of an earlier process"}, {"error", error.ToString()}, {"try", attempt}});
        }};
    auto upload = Retry(parts_.store_patience, std::move(context),
                        [&] { return ReadUpload(committing.store, committing.clock, *table_.metadata, flush); });
    if (upload) committing.health.Healthy("iceberg");
    return upload;
  }

  Result<std::optional<progress::Progress>> GoOnWithout(const OpenFlush& flush, const Error& error) {
    if (EndsTheStart(error, stop_)) return std::unexpected(error);
    log::Warn("open_flush_not_adopted",
              {{"table", table_.identifier.ToString()}, {"flush_id", flush.flush_id}, {"error", error.ToString()}});
    return std::nullopt;
  }

  const AdoptionParts& parts_;
  const iceberg::LoadedTable& table_;
  const std::stop_token stop_;
};

}  // namespace

std::map<std::string, std::string> TopicIds(const OffsetRanges& ranges, const kafka::ClusterInfo& cluster) {
  std::map<std::string, std::string> ids;
  for (const auto& [tp, range] : ranges) {
    const auto id = cluster.topic_ids.find(tp.topic);
    ids[tp.topic] = id == cluster.topic_ids.end() ? std::string() : id->second;
  }
  return ids;
}

bool IsNext(const OpenFlush& flush, const iceberg::TableMetadata& table, const progress::Progress& boundary,
            const CommitterOptions& committer, const kafka::ClusterInfo& cluster) {
  if (!flush.intent || !flush.intent->handover) return false;
  const auto& handover = *flush.intent->handover;
  return flush.intent->table_uuid == table.table_uuid && handover.pipeline == committer.pipeline &&
         handover.branch == committer.branch && handover.cluster_id == cluster.cluster_id &&
         handover.topic_ids == TopicIds(flush.ranges, cluster) && !flush.ranges.empty() &&
         progress::CompareRanges(flush.ranges, boundary).joins();
}

Result<Upload> ReadUpload(io::ObjectStore& store, const Clock& clock, const iceberg::TableMetadata& table,
                          const OpenFlush& flush) {
  const auto& intent = *flush.intent;
  const auto& handover = *intent.handover;
  Upload upload{flush.flush_id, intent.snapshot_id, {}, flush.ranges, handover.watermark_ms};
  if (!handover.manifest.empty()) {
    const iceberg::ManifestFile manifest{.manifest_path = handover.manifest,
                                         .partition_spec_id = handover.spec_id,
                                         .added_snapshot_id = intent.snapshot_id};
    K2I_ASSIGN_OR_RETURN(auto entries, iceberg::ReadManifest(store, table, manifest));
    for (auto& entry : entries) upload.files.push_back(std::move(entry.data_file));
  }
  K2I_ASSIGN_OR_RETURN(const auto oldest, CheckFiles(store, upload.files, flush));
  if (oldest) upload.written_since = iceberg::WrittenSince::At(*oldest, clock);
  return upload;
}

Result<progress::Progress> AdoptUploads(const AdoptionParts& parts, const iceberg::LoadedTable& table,
                                        progress::Progress boundary, txlog::RecoveryState& recovered,
                                        std::stop_token stop) {
  Adopter adopter(parts, table, std::move(stop));
  for (auto it = recovered.flushes.begin(); it != recovered.flushes.end();) {
    const auto here = it++;
    const OpenFlush& flush = here->second;
    if (flush.table != table.identifier.ToString()) continue;
    if (flush.intent && table.metadata->FindSnapshot(flush.intent->snapshot_id) != nullptr) continue;
    if (!IsNext(flush, *table.metadata, boundary, parts.committer, parts.cluster)) continue;
    K2I_ASSIGN_OR_RETURN(auto after, adopter.Adopt(flush));
    if (!after) continue;
    boundary = std::move(*after);
    recovered.flushes.erase(here);
  }
  return boundary;
}

}  // namespace k2i::ingest
