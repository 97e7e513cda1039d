// SPDX-License-Identifier: Apache-2.0
#include "maintenance/group_rewriter.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <algorithm>

#include "datafile/arrow_status.h"
#include "datafile/live_row_reader.h"
#include "datafile/row_lineage.h"
#include "iceberg/model/reserved_fields.h"
#include "maintenance/row_sort.h"

namespace k2i::maintenance {
namespace {

constexpr int64_t kBatchRows = 65'536;

/// Rows and bytes of all.
iceberg::DataFile Together(const std::vector<RewriterInput>& files) {
  iceberg::DataFile sum;
  for (const RewriterInput& input : files) {
    sum.record_count += input.file->record_count;
    sum.file_size_in_bytes += input.file->file_size_in_bytes;
  }
  return sum;
}

}  // namespace

datafile::CopyLimits CopyLimitsOf(int64_t memory_bytes, double copy_from_share) {
  const auto share = [&](int64_t full) { return static_cast<int64_t>(copy_from_share * static_cast<double>(full)); };
  return {.least_rows = share(datafile::WriterOptions().row_group_rows), .least_bytes = share(memory_bytes / 3)};
}

/// A group on its way. Rows that are to be sorted are gathered to a run; each run has files of its own, so that each
/// file is sorted from end to end.
struct GroupRewriter::Job {
  std::string name;
  std::stop_token stop;
  iceberg::PartitionTuple partition;                // of the first file
  std::unique_ptr<datafile::RollingWriter> writer;  // null between runs
  int runs = 0;
  arrow::RecordBatchVector run;
  int64_t run_bytes = 0;
  RewrittenGroup result;
};

GroupRewriter::GroupRewriter(io::ObjectStore& store, const iceberg::TableMetadata& table, RewriterOptions options,
                             RateLimit& rate, arrow::MemoryPool* pool)
    : store_(store),
      table_(table),
      options_(std::move(options)),
      rate_(rate),
      pool_(pool),
      order_(table.default_sort_order()),
      schema_(table.format_version < 3 ? table.current_schema() : datafile::WithRowLineage(table.current_schema())),
      deletes_(store, table, pool) {}

Result<RewrittenGroup> GroupRewriter::Run(const std::vector<RewriterInput>& files, const std::string& name,
                                          std::stop_token stop) {
  Job job{.name = name, .stop = stop};
  if (!files.empty()) job.partition = files.front().file->partition;
  const Status done = Rewrite(job, files);
  if (done) return std::move(job.result);
  if (job.writer != nullptr) {
    job.writer->Abort();
    std::ranges::copy(job.writer->started_files(), std::back_inserter(job.result.locations));
  }
  // Nothing refers to them: no commit has been tried.
  for (const std::string& location : job.result.locations) (void)store_.Delete(location);
  return std::unexpected(done.error());
}

Status GroupRewriter::Rewrite(Job& job, const std::vector<RewriterInput>& files) {
  K2I_ASSIGN_OR_RETURN(job.result.copied, Copy(job, files));
  if (job.result.copied) return {};
  K2I_ASSIGN_OR_RETURN(job.result.files, Decode(job, files));
  return {};
}

/// Large row groups are copied; what is left of the group is decoded to a file of its own, whose row groups are copied
/// behind them. False, with nothing done: all is to be decoded, for there is nothing to copy, or what is left is too
/// little for a row group that is worth it.
Result<bool> GroupRewriter::Copy(Job& job, const std::vector<RewriterInput>& files) {
  const auto elsewhere = [&](const RewriterInput& input) {
    return input.file->spec_id != table_.default_spec_id || input.file->partition != files.front().file->partition;
  };
  if (!options_.copy_from_share || !order_.fields.empty() || std::ranges::any_of(files, elsewhere)) return false;
  const auto limits = CopyLimitsOf(options_.memory_bytes, *options_.copy_from_share);
  const datafile::WriterOptions next = NextFiles(job);
  K2I_ASSIGN_OR_RETURN(const auto copy, datafile::RowGroupCopy::Make(store_, next, pool_));
  K2I_ASSIGN_OR_RETURN(const auto rest, AddLarge(*copy, limits, files));
  const iceberg::DataFile left = Together(rest);
  if (copy->empty() || (!rest.empty() && !datafile::MayBeCopied(left, limits))) return false;
  K2I_ASSIGN_OR_RETURN(const auto decoded, Decode(job, rest));
  for (const auto& file : decoded) {
    K2I_ASSIGN_OR_RETURN(const bool added, copy->Add(file, {0, 0}));
    if (!added) job.result.files.push_back(file);  // it stays as it is
  }
  const iceberg::DataFile all = Together(files);
  job.result.rows += all.record_count - left.record_count;
  K2I_RETURN_IF_ERROR(WriteCopy(job, *copy, next, all.file_size_in_bytes - left.file_size_in_bytes));
  for (const auto& file : decoded) {
    const auto stays = std::ranges::find(job.result.files, file.file_path, &iceberg::DataFile::file_path);
    if (stays == job.result.files.end()) (void)store_.Delete(file.file_path);  // else it is an orphan, and no more
  }
  return true;
}

/// Adds what can be copied to `copy`; the rest.
Result<std::vector<RewriterInput>> GroupRewriter::AddLarge(datafile::RowGroupCopy& copy,
                                                           const datafile::CopyLimits& limits,
                                                           const std::vector<RewriterInput>& files) {
  std::vector<RewriterInput> rest;
  for (const RewriterInput& input : files) {
    bool added = false;
    if (input.deletes.empty()) {
      K2I_ASSIGN_OR_RETURN(added, copy.Add(*input.file, limits));
    }
    if (!added) rest.push_back(input);
  }
  return rest;
}

/// The files that the rows of `files` have been written to.
Result<std::vector<iceberg::DataFile>> GroupRewriter::Decode(Job& job, const std::vector<RewriterInput>& files) {
  K2I_RETURN_IF_ERROR(ReadFiles(job, files));
  K2I_RETURN_IF_ERROR(WriteRun(job));
  K2I_RETURN_IF_ERROR(Flush(job));
  return std::exchange(job.result.files, {});
}

/// `bytes`: of the files that were added, to be counted as read.
Status GroupRewriter::WriteCopy(Job& job, datafile::RowGroupCopy& copy, const datafile::WriterOptions& options,
                                int64_t bytes) {
  K2I_ASSIGN_OR_RETURN(const std::string path, iceberg::PartitionPath(options.spec, options.schema, job.partition));
  const std::string location =
      options.data_location.FileLocation(path, fmt::format("{}-00000.parquet", options.file_name_prefix));
  job.result.locations.push_back(location);
  K2I_ASSIGN_OR_RETURN(auto file, copy.Run(location, [&](int64_t piece) {
    const int64_t counted = std::min(piece, bytes);
    bytes -= counted;
    return CountRead(job, counted);
  }));
  datafile::DropLineageMetrics(file);
  job.result.files.push_back(std::move(file));
  return CountRead(job, bytes);  // their footers
}

Status GroupRewriter::ReadFiles(Job& job, const std::vector<RewriterInput>& files) {
  for (const RewriterInput& input : files) {
    if (Status read = ReadFile(job, input); !read) return std::unexpected(read.error().With(input.file->file_path));
  }
  return {};
}

Status GroupRewriter::ReadFile(Job& job, const RewriterInput& input) {
  const iceberg::DataFile& file = *input.file;
  std::shared_ptr<const datafile::DeletedRows> deleted;
  if (!input.deletes.empty()) {
    K2I_ASSIGN_OR_RETURN(deleted, deletes_.Load(file, input.deletes));
  }
  K2I_ASSIGN_OR_RETURN(const auto reader,
                       datafile::LiveRowReader::Open(
                           store_, file, schema_, deleted, pool_,
                           {.batch_rows = kBatchRows, .table = &table_, .sequence_number = input.sequence_number}));
  int64_t rows = 0, bytes = 0;
  while (true) {
    K2I_ASSIGN_OR_RETURN(auto batch, reader->Next());
    if (batch == nullptr) break;
    rows += batch->num_rows();
    K2I_RETURN_IF_ERROR(Take(job, std::move(batch)));
    const double part = static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(file.record_count, rows));
    const auto read = static_cast<int64_t>(part * static_cast<double>(file.file_size_in_bytes));
    K2I_RETURN_IF_ERROR(CountRead(job, read - bytes));
    bytes = read;
  }
  const int64_t left = file.record_count - (deleted == nullptr ? 0 : deleted->positions.cardinality());
  const bool any_number = deleted != nullptr && !deleted->equalities.empty();
  if (rows > left || (rows < left && !any_number)) {
    return Fail(ErrorCode::kCorruption, fmt::format("has {} rows left, but its manifest says {}", rows, left),
                Component::kStorage);
  }
  job.result.rows_deleted += file.record_count - rows;
  return CountRead(job, file.file_size_in_bytes - bytes);
}

Status GroupRewriter::CountRead(Job& job, int64_t bytes) {
  if (options_.on_progress) options_.on_progress(bytes);
  return rate_.Spend(bytes, job.stop) ? Status() : Status(Fail(ErrorCode::kCancelled, "stopped"));
}

Status GroupRewriter::Take(Job& job, std::shared_ptr<arrow::RecordBatch> rows) {
  job.result.rows += rows->num_rows();
  if (order_.fields.empty()) {
    if (job.writer == nullptr) {
      K2I_ASSIGN_OR_RETURN(job.writer, MakeWriter(job));
    }
    return job.writer->Write(std::span(&rows, 1));
  }
  job.run_bytes += arrow::util::TotalBufferSize(*rows);
  job.run.push_back(std::move(rows));
  return job.run_bytes < options_.memory_bytes / 3 ? Status() : WriteRun(job);
}

Status GroupRewriter::WriteRun(Job& job) {
  if (job.run.empty()) return {};
  K2I_ASSIGN_OR_RETURN(job.writer, MakeWriter(job));
  K2I_ASSIGN_OR_RETURN(const auto sorted, SortRows(std::exchange(job.run, {}), schema_, order_, kBatchRows, pool_));
  job.run_bytes = 0;
  K2I_RETURN_IF_ERROR(job.writer->Write(sorted));
  return Flush(job);
}

Status GroupRewriter::Flush(Job& job) {
  if (job.writer == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(auto files, job.writer->Finish());
  std::ranges::copy(job.writer->started_files(), std::back_inserter(job.result.locations));
  job.writer = nullptr;
  for (auto& file : files) datafile::DropLineageMetrics(file);
  std::ranges::move(files, std::back_inserter(job.result.files));
  return {};
}

datafile::WriterOptions GroupRewriter::NextFiles(Job& job) const {
  datafile::WriterOptions options{.format_version = table_.format_version,
                                  .data_location = iceberg::DataLocation::Of(table_),
                                  .file_name_prefix = fmt::format("{}-{}", job.name, job.runs++),
                                  .schema = schema_,
                                  .spec = table_.default_spec(),
                                  .row_group_bytes = options_.memory_bytes / 3,
                                  .max_pending_bytes = options_.memory_bytes / 3,
                                  .properties = table_.properties};
  // A group is about the target: what it compresses to must not start a second, tiny file.
  options.target_file_size_bytes = options_.target_bytes / 2 * 3;
  options.properties.erase("write.target-file-size-bytes");
  if (!order_.fields.empty()) options.sort_order_id = order_.order_id;
  for (const char* name : {iceberg::kRowIdName, iceberg::kLastUpdatedSequenceName}) {
    options.properties[std::string("write.metadata.metrics.column.") + name] = "none";
  }
  return options;
}

Result<std::unique_ptr<datafile::RollingWriter>> GroupRewriter::MakeWriter(Job& job) {
  return datafile::RollingWriter::Make(store_, NextFiles(job), pool_);
}

}  // namespace k2i::maintenance
