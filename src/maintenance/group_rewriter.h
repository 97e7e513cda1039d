// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "datafile/delete_loader.h"
#include "datafile/rolling_writer.h"
#include "datafile/row_group_copy.h"
#include "iceberg/model/table_metadata.h"
#include "io/object_store.h"
#include "maintenance/rate_limit.h"

namespace k2i::maintenance {

/// Smaller row groups are better encoded anew, many in one.
inline constexpr double kCopyFromShare = 1.0 / 8;

/// What is too small to be copied, of row groups as a rewriter with `memory_bytes` makes them.
datafile::CopyLimits CopyLimitsOf(int64_t memory_bytes, double copy_from_share);

struct RewriterOptions {
  int64_t target_bytes = int64_t{256} << 20;
  /// Of decoded rows, beside what DeleteLoader keeps: a third waits to be encoded, and where rows are sorted two thirds
  /// are being sorted.
  int64_t memory_bytes = int64_t{768} << 20;
  /// Files whose row groups are all this share of a full one are copied as they are, where nothing of their rows
  /// changes; none: never.
  std::optional<double> copy_from_share = kCopyFromShare;
  /// Told after each batch how many bytes of the files it was. May be empty.
  std::function<void(int64_t bytes)> on_progress;
};

/// A data file and what may be deleted of it.
struct RewriterInput {
  const iceberg::DataFile* file = nullptr;
  std::optional<int64_t> sequence_number;  // of its data
  iceberg::DeletesOfFile deletes;
};

/// What a group has become.
struct RewrittenGroup {
  std::vector<iceberg::DataFile> files;
  std::vector<std::string> locations;  // all that was written, for clean-up
  int64_t rows = 0;                    // that were left
  int64_t rows_deleted = 0;            // that delete files had deleted
  bool copied = false;                 // some row groups, without decoding them
};

/// Reads data files batch by batch, or copies their row groups, and writes their rows as the table has them now:
/// without those that are deleted, in the current schema (columns a file lacks are null) and partition spec, sorted by
/// the current sort order within each file where there is one; in tables of v3 with the row ids and sequence numbers
/// that they have had. One thread.
class GroupRewriter {
 public:
  /// All must outlive this. `table`: as it was planned on.
  GroupRewriter(io::ObjectStore& store, const iceberg::TableMetadata& table, RewriterOptions options, RateLimit& rate,
                arrow::MemoryPool* pool);

  /// The rows of `files`, in their order. After an error nothing that was written is left, as far as the store lets.
  /// Errors of the store; Cancelled; NotSupported, Corruption and ResourceExhausted as DataFileReader and DeleteLoader;
  /// Corruption where a file does not have the rows its manifest says. `name` makes the names of files unique.
  Result<RewrittenGroup> Run(const std::vector<RewriterInput>& files, const std::string& name, std::stop_token stop);

 private:
  struct Job;
  Status Rewrite(Job& job, const std::vector<RewriterInput>& files);
  Result<bool> Copy(Job& job, const std::vector<RewriterInput>& files);
  Result<std::vector<RewriterInput>> AddLarge(datafile::RowGroupCopy& copy, const datafile::CopyLimits& limits,
                                              const std::vector<RewriterInput>& files);
  Result<std::vector<iceberg::DataFile>> Decode(Job& job, const std::vector<RewriterInput>& files);
  Status WriteCopy(Job& job, datafile::RowGroupCopy& copy, const datafile::WriterOptions& options, int64_t bytes);
  Status ReadFiles(Job& job, const std::vector<RewriterInput>& files);
  Status ReadFile(Job& job, const RewriterInput& input);
  Status CountRead(Job& job, int64_t bytes);
  Status Take(Job& job, std::shared_ptr<arrow::RecordBatch> rows);
  Status WriteRun(Job& job);
  Status Flush(Job& job);
  datafile::WriterOptions NextFiles(Job& job) const;
  Result<std::unique_ptr<datafile::RollingWriter>> MakeWriter(Job& job);

  io::ObjectStore& store_;
  const iceberg::TableMetadata& table_;
  const RewriterOptions options_;
  RateLimit& rate_;
  arrow::MemoryPool* pool_;
  const iceberg::SortOrder& order_;
  const iceberg::Schema schema_;  // of what is written
  datafile::DeleteLoader deletes_;
};

}  // namespace k2i::maintenance
