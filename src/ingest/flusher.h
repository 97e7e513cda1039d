// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "buffer/hot_buffer.h"
#include "datafile/rolling_writer.h"
#include "ingest/metered_store.h"
#include "ingest/patient_log.h"
#include "ingest/recovery.h"
#include "ingest/table_committer.h"
#include "txlog/log.h"

namespace k2i::ingest {

/// Rows that leave the buffer, and the offsets they stand for (more than the rows: holes and rejected records).
struct FlushRequest {
  std::vector<std::shared_ptr<const buffer::Slice>> slices;
  OffsetRanges ranges;
};

struct FlushResult {
  int64_t snapshot_id = 0;                              // 0: all of it had been committed by others
  progress::Progress progress;                          // the table's whole vector
  std::shared_ptr<const iceberg::TableMetadata> table;  // as this flush has left or found it
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t fenced_rows = 0;  // dropped, because others had committed them
  bool fenced = false;      // with Options::drop_fenced off, or by Adopt
  bool too_old = false;     // by Adopt: the files have lain uncommitted for too long
};

/// A flush that a process which is no more has written out completely, and was about to commit, or did.
struct Upload {
  std::string flush_id;
  int64_t snapshot_id = 0;  // that its commit asked for
  std::vector<iceberg::DataFile> files;
  OffsetRanges ranges;
  std::optional<int64_t> watermark_ms;
  std::optional<iceberg::WrittenSince> written_since = {};  // none: it has no files
};

/// Turns rows into files and commits them, every step in the transaction log (design.md §4). One thread.
class Flusher {
 public:
  struct Parts {
    TableCommitter::Parts committing;
    txlog::Log& log;
    arrow::MemoryPool& pool;
  };
  struct Options {
    CommitterOptions committer;
    int64_t target_file_size_bytes = 256 << 20;
    std::string compression;  // empty: the table's property decides
    /// Whether rows that others have committed are dropped by the boundary and the rest goes on; else that is left to
    /// the caller: the result says `fenced`, and nothing was committed.
    bool drop_fenced = true;
  };

  /// `parts` must outlive this. `table` gives schema, partition spec and properties of the files.
  Flusher(Parts parts, Options options, iceberg::LoadedTable table);

  /// Waits through outages of store and catalog until the rows are committed or `stop` is requested. Rows that others
  /// have committed are dropped, and the rest goes on; files that have waited too long for their commit, for which
  /// orphan clean-up may come any time, are written anew.
  /// - CommitStateUnknown: stopped before the outcome was known.
  /// - Cancelled: stopped; nothing was committed.
  /// - everything else: definitely refused; the process must stop and say so.
  Result<FlushResult> Flush(FlushRequest request, const kafka::ClusterInfo& cluster, std::stop_token stop);

  /// Commits an earlier process' files in its place, as Flush does its own. `fenced`: others have committed some of the
  /// ranges; `too_old`: as it says. Then nothing was committed. Deletes nothing, whatever the outcome.
  Result<FlushResult> Adopt(const Upload& upload, const kafka::ClusterInfo& cluster, std::stop_token stop);

  /// Files of flushes that an earlier process left uncommitted, or that were given up with a request under way. They
  /// are deleted once a commit of ours has moved the branch, for until then that request may still land; not if one has
  /// landed by then.
  void DeleteAfterNextCommit(LeftoverFlush leftover) { leftovers_.push_back(std::move(leftover)); }

  /// The newest that has been seen. Not while a flush is under way.
  const iceberg::LoadedTable& table() const { return committer_.table(); }

 private:
  struct Written {
    std::string flush_id;
    std::vector<iceberg::DataFile> files;
    iceberg::WrittenSince since;
  };

  Result<Written> WriteFilesPatiently(const FlushRequest& request, std::stop_token stop);
  Result<Written> WriteFiles(const FlushRequest& request);
  Status WriteRows(const FlushRequest& request, datafile::RollingWriter& writer, Written& written);
  Status LogIntent(const CommitIntentRecord& intent);
  Result<CommitOutcome> Commit(const CommitRequest& request, const kafka::ClusterInfo& cluster, std::stop_token stop);
  Status Confirm(const Written& written, const CommitOutcome& outcome);
  void GiveUp(const Written& written, const CommitOutcome& outcome);
  void DeleteFiles(const Written& written);
  void DeleteLeftovers();
  datafile::WriterOptions LoggedWriterOptions(const std::string& flush_id) const;

  Parts parts_;
  Options options_;
  PatientLog log_;
  MeteredStore store_;
  iceberg::LoadedTable table_;
  std::stop_token stop_;           // of the flush under way
  txlog::CommitIntent under_way_;  // what the log is told of the commit under way, but for the try
  TableCommitter committer_;
  std::vector<LeftoverFlush> leftovers_;
};

/// How files of `table` are written; their names begin with `flush_id`.
datafile::WriterOptions MakeWriterOptions(const iceberg::TableMetadata& table, const Flusher::Options& flushing,
                                          const std::string& flush_id);

}  // namespace k2i::ingest
