// SPDX-License-Identifier: Apache-2.0
#include "ingest/flusher.h"

#include <utility>

#include "base/logging.h"
#include "ingest/adoption.h"

namespace k2i::ingest {
namespace {

int64_t RowsOf(const FlushRequest& request) {
  int64_t rows = 0;
  for (const auto& slice : request.slices) rows += slice->row_count();
  return rows;
}

/// Smallest over partitions of the largest record timestamp (k2i.watermark-ms).
std::optional<int64_t> Watermark(const FlushRequest& request) {
  std::map<TopicPartition, int64_t> largest;
  for (const auto& slice : request.slices) {
    for (const auto& run : slice->runs) {
      if (run.max_timestamp_ms < 0) continue;
      auto& latest = largest.try_emplace(run.partition, run.max_timestamp_ms).first->second;
      latest = std::max(latest, run.max_timestamp_ms);
    }
  }
  std::optional<int64_t> watermark;
  for (const auto& [partition, latest] : largest) watermark = std::min(watermark.value_or(latest), latest);
  return watermark;
}

void Count(const std::vector<iceberg::DataFile>& files, FlushResult& result) {
  for (const auto& file : files) {
    result.rows += file.record_count;
    result.bytes += file.file_size_in_bytes;
    ++result.files;
  }
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Flusher::Flusher(Parts parts, Options options, iceberg::LoadedTable table)
    : parts_(parts),
      options_(std::move(options)),
      log_(parts.log, parts.committing),
      store_(parts.committing.store, parts.committing.clock),
      table_(table),
      committer_(parts.committing, options_.committer, std::move(table),
                 [this](const CommitIntentRecord& intent) { return LogIntent(intent); }) {}

Result<FlushResult> Flusher::Flush(FlushRequest request, const kafka::ClusterInfo& cluster, std::stop_token stop) {
  stop_ = stop;
  FlushResult result;
  while (true) {
    K2I_ASSIGN_OR_RETURN(const Written written, WriteFilesPatiently(request, stop));
    CommitRequest commit{written.flush_id, written.files, request.ranges, Watermark(request)};
    commit.written_since = written.since;
    auto outcome = Commit(commit, cluster, stop);
    if (!outcome) {
      // Definitely refused: nothing will ever point to these files. Unknown: they must stay.
      if (outcome.error().code != ErrorCode::kCommitStateUnknown) DeleteFiles(written);
      return std::unexpected(outcome.error());
    }
    result.progress = outcome->progress;
    result.table = committer_.table().metadata;
    if (outcome->committed) {
      K2I_RETURN_IF_ERROR(Confirm(written, *outcome));
      result.snapshot_id = outcome->snapshot_id;
      Count(written.files, result);
      return result;
    }
    GiveUp(written, *outcome);
    if (outcome->too_old) continue;
    if (!options_.drop_fenced) {
      result.fenced = true;
      return result;
    }
    const OffsetVector boundary = outcome->progress.Vector();
    const int64_t rows_before = RowsOf(request);
    request.ranges = progress::DropBelow(request.ranges, boundary);
    request.slices = buffer::DropBelow(request.slices, boundary);
    result.fenced_rows += rows_before - RowsOf(request);
    log::Warn("rows_committed_by_another_owner_dropped",
              {{"table", table_.identifier.ToString()}, {"rows", result.fenced_rows}});
    if (request.ranges.empty()) return result;
  }
}

Result<Flusher::Written> Flusher::WriteFilesPatiently(const FlushRequest& request, std::stop_token stop) {
  auto& committing = parts_.committing;
  RetryContext context{committing.clock, committing.random, stop, [&](const Error& error, int attempt, Duration) {
                         committing.health.Degraded("iceberg", error);
                         log::Warn("write_failed", {{"error", error.ToString()}, {"try", attempt}});
                       }};
  auto written = Retry(options_.committer.retry, std::move(context), [&] { return WriteFiles(request); });
  if (written) {
    committing.health.Healthy("iceberg");
  } else if (stop.stop_requested() && written.error().retryable()) {
    return Fail(ErrorCode::kCancelled, "stopped while files could not be written: " + written.error().message,
                written.error().component);
  }
  return written;
}

Result<Flusher::Written> Flusher::WriteFiles(const FlushRequest& request) {
  auto& committing = parts_.committing;
  Written written{committing.random.Uuid(), {}, iceberg::WrittenSince::Now(committing.clock)};
  K2I_RETURN_IF_ERROR(
      log_.Append(txlog::FlushStarted{written.flush_id, table_.identifier.ToString(), request.ranges}, stop_));
  store_.TakeWriteTime();
  const Duration started = committing.clock.monotonic();
  K2I_ASSIGN_OR_RETURN(auto writer,
                       datafile::RollingWriter::Make(store_, LoggedWriterOptions(written.flush_id), &parts_.pool));
  if (auto wrote = WriteRows(request, *writer, written); !wrote) {
    writer->Abort();
    for (const auto& location : writer->started_files()) (void)committing.store.Delete(location);
    log_.AppendIfThereIsRoom(txlog::FlushAbandoned{written.flush_id, wrote.error().ToString()});
    return std::unexpected(wrote.error());
  }
  const Duration uploading = store_.TakeWriteTime();
  committing.metrics.upload_seconds.Observe(Seconds(uploading));
  committing.metrics.parquet_seconds.Observe(Seconds(committing.clock.monotonic() - started - uploading));
  return written;
}

Status Flusher::WriteRows(const FlushRequest& request, datafile::RollingWriter& writer, Written& written) {
  for (const auto& slice : request.slices) {
    if (slice->rows == nullptr) continue;
    K2I_RETURN_IF_ERROR(writer.Write(std::span(&slice->rows, 1)));
  }
  K2I_ASSIGN_OR_RETURN(written.files, writer.Finish());
  return {};
}

datafile::WriterOptions MakeWriterOptions(const iceberg::TableMetadata& table, const Flusher::Options& flushing,
                                          const std::string& flush_id) {
  datafile::WriterOptions options{.format_version = table.format_version,
                                  .data_location = iceberg::DataLocation::Of(table),
                                  .file_name_prefix = flush_id,
                                  .schema = table.current_schema(),
                                  .spec = table.default_spec(),
                                  .target_file_size_bytes = flushing.target_file_size_bytes,
                                  .properties = table.properties};
  if (!flushing.compression.empty()) options.compression = flushing.compression;
  return options;
}

datafile::WriterOptions Flusher::LoggedWriterOptions(const std::string& flush_id) const {
  auto options = MakeWriterOptions(*table_.metadata, options_, flush_id);
  options.on_file_started = [log = log_, stop = stop_, flush_id](const std::string& location) mutable {
    return log.Append(txlog::FileStarted{flush_id, location}, stop);
  };
  options.on_file_finished = [log = log_, stop = stop_, flush_id](const iceberg::DataFile& file) mutable {
    return log.Append(txlog::FileWritten{flush_id, file.file_path, file.record_count, file.file_size_in_bytes}, stop);
  };
  return options;
}

Result<FlushResult> Flusher::Adopt(const Upload& upload, const kafka::ClusterInfo& cluster, std::stop_token stop) {
  CommitRequest request{upload.flush_id, upload.files, upload.ranges, upload.watermark_ms};
  request.snapshot_id = upload.snapshot_id;
  request.written_since = upload.written_since;
  stop_ = stop;
  K2I_ASSIGN_OR_RETURN(const auto outcome, Commit(request, cluster, std::move(stop)));
  FlushResult result{
      .progress = outcome.progress, .fenced = !outcome.committed && !outcome.too_old, .too_old = outcome.too_old};
  if (!outcome.committed) return result;
  K2I_RETURN_IF_ERROR(Confirm({upload.flush_id, upload.files, {}}, outcome));
  result.snapshot_id = outcome.snapshot_id;
  Count(upload.files, result);
  return result;
}

Result<CommitOutcome> Flusher::Commit(const CommitRequest& request, const kafka::ClusterInfo& cluster,
                                      std::stop_token stop) {
  txlog::Handover handover{.watermark_ms = request.watermark_ms,
                           .pipeline = options_.committer.pipeline,
                           .branch = options_.committer.branch,
                           .cluster_id = cluster.cluster_id,
                           .topic_ids = TopicIds(request.ranges, cluster)};
  under_way_ = {.flush_id = request.flush_id, .handover = std::move(handover)};
  return committer_.Commit(request, cluster, std::move(stop));
}

Status Flusher::LogIntent(const CommitIntentRecord& intent) {
  under_way_.table_uuid = intent.table_uuid;
  under_way_.snapshot_id = intent.snapshot_id;
  under_way_.base_snapshot_id = intent.base_snapshot_id;
  under_way_.handover->manifest = intent.manifest;
  under_way_.handover->spec_id = intent.spec_id;
  K2I_RETURN_IF_ERROR(log_.Append(under_way_, stop_));
  return log_.Sync();
}

Status Flusher::Confirm(const Written& written, const CommitOutcome& outcome) {
  const auto& table = *committer_.table().metadata;
  DeleteLeftovers();
  const auto logged = log_.Append(txlog::CommitDone{written.flush_id, table_.identifier.ToString(), table.table_uuid,
                                                    outcome.snapshot_id, outcome.progress.Vector()},
                                  stop_);
  // Stopped while the disk was full: it is committed all the same, as the next start finds out.
  if (!logged && logged.error().retryable()) return {};
  return logged ? log_.Sync() : logged;
}

/// Of files that are not to be committed: what is to become of them.
void Flusher::GiveUp(const Written& written, const CommitOutcome& outcome) {
  if (outcome.too_old) {
    log::Warn("files_written_anew", {{"table", table_.identifier.ToString()},
                                     {"flush_id", written.flush_id},
                                     {"reason",
                                      "they were begun so long ago that orphan clean-up may take them any "
                                      "time"}});
  }
  if (outcome.files_unreferenced) return DeleteFiles(written);
  LeftoverFlush leftover{.flush_id = written.flush_id, .sent = true, .base = under_way_.base_snapshot_id};
  for (const auto& file : written.files) leftover.files.push_back(file.file_path);
  DeleteAfterNextCommit(std::move(leftover));
}

void Flusher::DeleteFiles(const Written& written) {
  for (const auto& file : written.files) {
    if (auto deleted = parts_.committing.store.Delete(file.file_path); !deleted) {
      log::Warn("file_not_deleted", {{"location", file.file_path}, {"error", deleted.error().ToString()}});
    }
  }
  log_.AppendIfThereIsRoom(txlog::FlushAbandoned{written.flush_id, "not committed"});
}

void Flusher::DeleteLeftovers() {
  for (const auto& leftover : std::exchange(leftovers_, {})) {
    const auto& table = *committer_.table().metadata;
    if (leftover.sent && MayHaveLanded(table, options_.committer.branch, leftover.base, leftover.flush_id)) {
      log::Info("flush_given_up_may_have_landed", {{"flush_id", leftover.flush_id}});
      log_.AppendIfThereIsRoom(txlog::FlushAbandoned{leftover.flush_id, "may have been committed; its files stay"});
      continue;
    }
    for (const auto& location : leftover.files) (void)parts_.committing.store.Delete(location);
    log_.AppendIfThereIsRoom(txlog::FlushAbandoned{leftover.flush_id, "given up, or left by an earlier process"});
  }
}

}  // namespace k2i::ingest
