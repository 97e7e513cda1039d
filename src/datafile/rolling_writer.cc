// SPDX-License-Identifier: Apache-2.0
#include "datafile/rolling_writer.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"
#include "datafile/partition_splitter.h"
#include "datafile/partition_writer.h"

namespace k2i::datafile {
namespace {

Status CheckOptions(const WriterOptions& options) {
  if (options.data_location.empty() || options.file_name_prefix.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "data files need a location and a name");
  }
  const bool positive = options.target_file_size_bytes > 0 && options.row_group_rows > 0 &&
                        options.row_group_bytes > 0 && options.max_pending_bytes > 0 && options.max_copied_bytes > 0 &&
                        options.max_open_files > 0;
  if (!positive) return Fail(ErrorCode::kInvalidArgument, "sizes and limits of data files must be positive");
  return {};
}

}  // namespace

RollingWriter::RollingWriter(std::unique_ptr<WriterState> state, std::optional<PartitionSplitter> splitter)
    : state_(std::move(state)) {
  if (splitter) splitter_ = std::make_unique<PartitionSplitter>(*std::move(splitter));
}

RollingWriter::~RollingWriter() { Abort(); }

Result<std::unique_ptr<RollingWriter>> RollingWriter::Make(io::ObjectStore& store, WriterOptions options,
                                                           arrow::MemoryPool* pool) {
  K2I_RETURN_IF_ERROR(CheckOptions(options));
  K2I_ASSIGN_OR_RETURN(auto layout, FileLayout::Make(options));
  std::optional<PartitionSplitter> splitter;
  if (!options.spec.is_unpartitioned()) {
    K2I_ASSIGN_OR_RETURN(splitter, PartitionSplitter::Make(options.spec, options.schema));
  }
  std::unique_ptr<WriterState> state(
      new WriterState{.store = store, .options = std::move(options), .layout = std::move(layout), .pool = pool});
  return std::unique_ptr<RollingWriter>(new RollingWriter(std::move(state), std::move(splitter)));
}

const std::vector<std::string>& RollingWriter::started_files() const { return state_->started_files; }

Status RollingWriter::Write(std::span<const std::shared_ptr<arrow::RecordBatch>> batches) {
  for (const auto& rows : batches) {
    K2I_RETURN_IF_ERROR(CheckTypes(*rows, *state_->layout->row_schema));
    if (rows->num_rows() > 0) K2I_RETURN_IF_ERROR(WriteBatch(rows));
  }
  return {};
}

Status RollingWriter::WriteBatch(const std::shared_ptr<arrow::RecordBatch>& rows) {
  std::vector<PartitionRows> parts;
  if (splitter_ == nullptr) {
    parts.push_back({{}, rows});
  } else {
    K2I_ASSIGN_OR_RETURN(parts, splitter_->Split(rows, state_->pool));
    if (parts.size() > 1) {
      K2I_ASSIGN_OR_RETURN(const int64_t bytes, FromArrow(arrow::util::ReferencedBufferSize(*rows)));
      copied_bytes_ += bytes;
    }
  }
  for (PartitionRows& part : parts) {
    K2I_ASSIGN_OR_RETURN(PartitionWriter * writer, WriterOf(part.tuple));
    writer->last_used = ++uses_;
    K2I_RETURN_IF_ERROR(writer->Append(std::move(part.rows)));
    K2I_RETURN_IF_ERROR(KeepBounds());
  }
  return EncodeCopies();
}

Result<PartitionWriter*> RollingWriter::WriterOf(const iceberg::PartitionTuple& tuple) {
  std::string key = splitter_ == nullptr ? "" : splitter_->Key(tuple);
  if (const auto found = writers_.find(key); found != writers_.end()) return found->second.get();
  const WriterOptions& options = state_->options;
  K2I_ASSIGN_OR_RETURN(std::string path, iceberg::PartitionPath(options.spec, options.schema, tuple));
  auto writer = std::make_unique<PartitionWriter>(*state_, tuple, std::move(path));
  return writers_.emplace(std::move(key), std::move(writer)).first->second.get();
}

/// Copies are shared by the partitions, so that only all of them together let go of one.
Status RollingWriter::EncodeCopies() {
  if (copied_bytes_ <= state_->options.max_copied_bytes) return {};
  if (std::ssize(writers_) > state_->options.max_open_files) return {};
  for (auto& [key, writer] : writers_) K2I_RETURN_IF_ERROR(writer->EncodePending());
  copied_bytes_ = 0;
  return {};
}

Status RollingWriter::KeepBounds() {
  while (state_->pending_bytes > state_->options.max_pending_bytes) {
    const auto largest =
        std::ranges::max_element(writers_, {}, [](const auto& entry) { return entry.second->pending_bytes(); });
    K2I_RETURN_IF_ERROR(largest->second->EncodePending());
  }
  while (state_->open_files > state_->options.max_open_files) {
    const auto oldest = std::ranges::min_element(writers_, {}, [](const auto& entry) {
      return entry.second->has_open_file() ? entry.second->last_used : UINT64_MAX;
    });
    K2I_RETURN_IF_ERROR(oldest->second->CloseFile());
  }
  return {};
}

Result<std::vector<iceberg::DataFile>> RollingWriter::Finish() {
  for (auto& [key, writer] : writers_) {
    K2I_RETURN_IF_ERROR(writer->CloseFile());
    writer.reset();  // frees the rows' memory as it goes
  }
  writers_.clear();
  return std::move(state_->finished_files);
}

void RollingWriter::Abort() {
  for (auto& [key, writer] : writers_) {
    if (writer != nullptr) writer->Abort();
  }
  writers_.clear();
}

}  // namespace k2i::datafile
