// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_replay.h"

#include <fmt/format.h>

#include <memory>
#include <set>

#include "base/logging.h"
#include "datafile/rolling_writer.h"
#include "record/decoder.h"

namespace k2i::ingest {
namespace {

/// Snapshots that a replay has made.
std::set<int64_t> ReplaySnapshots(const iceberg::TableMetadata& table) {
  std::set<int64_t> ids;
  for (const auto& snapshot : table.snapshots) {
    if (snapshot.summary.contains(std::string(progress::kReplayKey))) ids.insert(snapshot.snapshot_id);
  }
  return ids;
}

/// Views of letters as the messages they once were; must not outlive them.
kafka::MessageBatch MessagesOf(const std::vector<const Letter*>& letters,
                               std::vector<std::vector<kafka::Header>>& headers) {
  kafka::MessageBatch batch;
  headers.reserve(letters.size());
  for (const Letter* letter : letters) {
    const auto& record = letter->record;
    auto& views = headers.emplace_back();
    for (const auto& [name, value] : record.headers) views.push_back({name, value});
    batch.messages.push_back({.topic = record.partition.topic,
                              .partition = record.partition.partition,
                              .offset = record.offset,
                              .timestamp_ms = record.timestamp_ms,
                              .key = record.key,
                              .value = record.value,
                              .headers = views});
  }
  return batch;
}

int64_t BytesOf(const record::Rejected& record) {
  return static_cast<int64_t>(record.value.value_or("").size() + record.key.value_or("").size() + 200);
}

class Replayer {
 public:
  Replayer(TableCommitter::Parts parts, arrow::MemoryPool& pool, const ReplayOptions& options, std::stop_token stop)
      : parts_(parts), pool_(pool), options_(options), stop_(std::move(stop)) {}

  Result<ReplayReport> Run() {
    K2I_ASSIGN_OR_RETURN(const auto letters, parts_.catalog.LoadTable(options_.dead_letters));
    K2I_RETURN_IF_ERROR(ForEachLetter(parts_.store, *letters.metadata, options_.flusher.committer.branch,
                                      options_.filter, pool_, [this](Letter letter) -> Result<bool> {
                                        if (stop_.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped");
                                        ++report_.letters;
                                        bytes_ += BytesOf(letter.record);
                                        chunk_.push_back(std::move(letter));
                                        if (std::ssize(chunk_) < options_.chunk_letters &&
                                            bytes_ < options_.chunk_bytes)
                                          return true;
                                        K2I_RETURN_IF_ERROR(ReplayChunk());
                                        return true;
                                      }));
    K2I_RETURN_IF_ERROR(ReplayChunk());
    return report_;
  }

 private:
  Status ReplayChunk() {
    constexpr int kMostTries = 5;
    for (int tries = 1; !chunk_.empty(); ++tries) {
      auto done = TryChunk();
      if (done) break;
      // Another replay has committed since the table was searched: search again.
      if (done.error().code != ErrorCode::kFenced || tries == kMostTries) return done;
    }
    chunk_.clear();
    bytes_ = 0;
    return {};
  }

  Status TryChunk() {
    K2I_ASSIGN_OR_RETURN(auto table, parts_.catalog.LoadTable(options_.table));
    ReplayReport found;  // of this try alone
    K2I_ASSIGN_OR_RETURN(const auto candidates, Candidates(*table.metadata, found));
    K2I_ASSIGN_OR_RETURN(const auto rows, Decode(*table.metadata, candidates, found));
    if (found.replayed > 0 && !options_.dry_run) {
      K2I_ASSIGN_OR_RETURN(const int64_t snapshot_id, Commit(std::move(table), rows, found.replayed));
      report_.snapshots.push_back(snapshot_id);
    }
    report_.already_there += found.already_there;
    report_.not_yet_passed += found.not_yet_passed;
    report_.replayed += found.replayed;
    report_.still_rejected += found.still_rejected;
    for (const auto& [reason, count] : found.reasons) {
      if (report_.reasons.contains(reason) || report_.reasons.size() < ReplayReport::kMostReasons)
        report_.reasons[reason] += count;
    }
    return {};
  }

  /// Letters below the table's boundary that it has no row of.
  Result<std::vector<const Letter*>> Candidates(const iceberg::TableMetadata& table, ReplayReport& found) {
    const auto& committer = options_.flusher.committer;
    K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(table, committer.pipeline, committer.branch));
    const auto committed = boundary ? boundary->progress : progress::Progress{};
    std::vector<const Letter*> passed;
    RowPositions wanted;
    for (const auto& letter : chunk_) {
      const auto next = committed.Next(letter.record.partition);
      if (!next || letter.record.offset >= *next) {
        ++found.not_yet_passed;
        continue;
      }
      passed.push_back(&letter);
      wanted[letter.record.partition].insert(letter.record.offset.value);
    }
    K2I_ASSIGN_OR_RETURN(auto present,
                         FindPositions(parts_.store, table, committer.branch, options_.positions, wanted, pool_));
    std::erase_if(passed, [&](const Letter* letter) {
      // insert: a letter that stands in the table twice becomes one row.
      const bool there = !present[letter->record.partition].insert(letter->record.offset.value).second;
      found.already_there += there ? 1 : 0;
      return there;
    });
    return passed;
  }

  Result<record::DecodedRows> Decode(const iceberg::TableMetadata& table, const std::vector<const Letter*>& letters,
                                     ReplayReport& found) {
    const auto& schema = table.current_schema();
    K2I_ASSIGN_OR_RETURN(const auto decoding, FitToTable(options_.rows, schema));
    K2I_ASSIGN_OR_RETURN(auto decoder, record::Decoder::Make(schema, decoding, &pool_));
    std::vector<std::vector<kafka::Header>> headers;
    std::vector<record::Rejected> rejected;
    K2I_RETURN_IF_ERROR(decoder->Append(MessagesOf(letters, headers), &rejected));
    found.replayed = decoder->row_count();
    found.still_rejected = std::ssize(rejected);
    for (const auto& record : rejected) ++found.reasons[record.reason];
    return decoder->Seal();
  }

  /// The new snapshot's id. Fenced: another replay was faster.
  Result<int64_t> Commit(iceberg::LoadedTable table, const record::DecodedRows& rows, int64_t row_count) {
    const auto known = ReplaySnapshots(*table.metadata);
    const std::string flush_id = parts_.random.Uuid();
    const auto written_since = iceberg::WrittenSince::Now(parts_.clock);
    K2I_ASSIGN_OR_RETURN(auto writer,
                         datafile::RollingWriter::Make(
                             parts_.store, MakeWriterOptions(*table.metadata, options_.flusher, flush_id), &pool_));
    K2I_RETURN_IF_ERROR(writer->Write(std::span(&rows.rows, 1)));
    CommitRequest request{.flush_id = flush_id, .files = {}, .ranges = {}, .watermark_ms = std::nullopt};
    K2I_ASSIGN_OR_RETURN(request.files, writer->Finish());
    request.written_since = written_since;
    request.summary = {{std::string(progress::kReplayKey), std::to_string(row_count)}};
    request.check_base = [&known](const iceberg::TableMetadata& base) -> Status {
      for (const int64_t id : ReplaySnapshots(base)) {
        if (!known.contains(id)) return Fail(ErrorCode::kFenced, "another replay has committed", Component::kCatalog);
      }
      return {};
    };
    K2I_ASSIGN_OR_RETURN(const auto cluster, ClusterOf(*table.metadata));
    TableCommitter committer(parts_, options_.flusher.committer, std::move(table),
                             [](const CommitIntentRecord&) -> Status { return {}; });
    const auto outcome = committer.Commit(request, cluster, stop_);
    if (outcome && outcome->committed) return outcome->snapshot_id;
    const Error error = outcome ? TooOld(outcome->files_unreferenced) : outcome.error();
    if (error.code != ErrorCode::kCommitStateUnknown) {
      for (const auto& file : request.files) (void)parts_.store.Delete(file.file_path);
    }
    return std::unexpected(error);
  }

  static Error TooOld(bool surely_not_committed) {
    return {surely_not_committed ? ErrorCode::kTimeout : ErrorCode::kCommitStateUnknown,
            "the catalog was away for so long that the rows written are too old to be committed; replay the dead "
            "letters again",
            Component::kCatalog};
  }

  /// The cluster as the table knows it: a replay reads nothing of Kafka.
  Result<kafka::ClusterInfo> ClusterOf(const iceberg::TableMetadata& table) const {
    const auto& committer = options_.flusher.committer;
    K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(table, committer.pipeline, committer.branch));
    kafka::ClusterInfo cluster;
    if (!boundary) return cluster;
    cluster.cluster_id = boundary->progress.cluster_id;
    for (const auto& [name, topic] : boundary->progress.topics) cluster.topic_ids[name] = topic.topic_id;
    return cluster;
  }

  TableCommitter::Parts parts_;
  arrow::MemoryPool& pool_;
  const ReplayOptions& options_;
  std::stop_token stop_;
  std::vector<Letter> chunk_;
  int64_t bytes_ = 0;
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> ReplayDeadLetters(TableCommitter::Parts parts, arrow::MemoryPool& pool,
                                       const ReplayOptions& options, std::stop_token stop) {
  return Replayer(parts, pool, options, std::move(stop)).Run();
}

}  // namespace k2i::ingest
