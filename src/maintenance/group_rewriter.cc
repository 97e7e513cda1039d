// SPDX-License-Identifier: Apache-2.0
#include "maintenance/group_rewriter.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <algorithm>

#include "datafile/arrow_status.h"
#include "datafile/live_row_reader.h"
#include "maintenance/row_sort.h"

namespace k2i::maintenance {
namespace {

constexpr int64_t kBatchRows = 65'536;

}  // namespace

const iceberg::SortOrder& CurrentSortOrder(const iceberg::TableMetadata& table) {
  static const iceberg::SortOrder kUnsorted;
  const auto found = std::ranges::find(table.sort_orders, table.default_sort_order_id, &iceberg::SortOrder::order_id);
  return found == table.sort_orders.end() ? kUnsorted : *found;
}

/// A group on its way. Rows that are to be sorted are gathered to a run; each run has files of its own, so that each
/// file is sorted from end to end.
struct GroupRewriter::Job {
  std::string name;
  std::stop_token stop;
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
      order_(CurrentSortOrder(table)),
      deletes_(store, table, pool) {}

Result<RewrittenGroup> GroupRewriter::Run(const std::vector<RewriterInput>& files, const std::string& name,
                                          std::stop_token stop) {
  Job job{.name = name, .stop = stop};
  Status done = ReadFiles(job, files);
  if (done) done = WriteRun(job);
  if (done) done = Flush(job);
  if (done) return std::move(job.result);
  if (job.writer != nullptr) {
    job.writer->Abort();
    std::ranges::copy(job.writer->started_files(), std::back_inserter(job.result.locations));
  }
  // Nothing refers to them: no commit has been tried.
  for (const std::string& location : job.result.locations) (void)store_.Delete(location);
  return std::unexpected(done.error());
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
                       datafile::LiveRowReader::Open(store_, file, table_.current_schema(), deleted, pool_,
                                                     {.batch_rows = kBatchRows, .table = &table_}));
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
  K2I_ASSIGN_OR_RETURN(const auto sorted,
                       SortRows(std::exchange(job.run, {}), table_.current_schema(), order_, kBatchRows, pool_));
  job.run_bytes = 0;
  K2I_RETURN_IF_ERROR(job.writer->Write(sorted));
  return Flush(job);
}

Status GroupRewriter::Flush(Job& job) {
  if (job.writer == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(auto files, job.writer->Finish());
  std::ranges::copy(job.writer->started_files(), std::back_inserter(job.result.locations));
  job.writer = nullptr;
  std::ranges::move(files, std::back_inserter(job.result.files));
  return {};
}

Result<std::unique_ptr<datafile::RollingWriter>> GroupRewriter::MakeWriter(Job& job) {
  datafile::WriterOptions options{.format_version = table_.format_version,
                                  .data_location = iceberg::DataLocation::Of(table_),
                                  .file_name_prefix = fmt::format("{}-{}", job.name, job.runs++),
                                  .schema = table_.current_schema(),
                                  .spec = table_.default_spec(),
                                  .row_group_bytes = options_.memory_bytes / 3,
                                  .max_pending_bytes = options_.memory_bytes / 3,
                                  .properties = table_.properties};
  // A group is about the target: what it compresses to must not start a second, tiny file.
  options.target_file_size_bytes = options_.target_bytes / 2 * 3;
  options.properties.erase("write.target-file-size-bytes");
  if (!order_.fields.empty()) options.sort_order_id = order_.order_id;
  return datafile::RollingWriter::Make(store_, std::move(options), pool_);
}

}  // namespace k2i::maintenance
