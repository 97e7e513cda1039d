// SPDX-License-Identifier: Apache-2.0
#include "datafile/partition_writer.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <utility>

#include "datafile/arrow_status.h"

namespace k2i::datafile {

Status PartitionWriter::Append(std::shared_ptr<arrow::RecordBatch> rows) {
  K2I_ASSIGN_OR_RETURN(const int64_t total_bytes, FromArrow(arrow::util::ReferencedBufferSize(*rows)));
  RowCount left{rows->num_rows(), total_bytes};
  while (left.rows > 0) {
    const int64_t file_bytes = file_ == nullptr ? 0 : file_->bytes_written();
    const int64_t fit = sizing_.RowsThatFit(pending_count_, file_bytes, left);
    const auto fit_bytes = static_cast<int64_t>(static_cast<double>(left.bytes) * static_cast<double>(fit) /
                                                static_cast<double>(left.rows));
    if (fit > 0) AddPending(fit == rows->num_rows() ? rows : rows->Slice(0, fit), fit_bytes);
    if (fit < left.rows || sizing_.RowGroupFull(pending_count_)) K2I_RETURN_IF_ERROR(EncodePending());
    rows = rows->Slice(fit);
    left = {left.rows - fit, left.bytes - fit_bytes};
  }
  return {};
}

void PartitionWriter::AddPending(std::shared_ptr<arrow::RecordBatch> rows, int64_t bytes) {
  pending_count_.rows += rows->num_rows();
  pending_count_.bytes += bytes;
  state_.pending_bytes += bytes;
  pending_.push_back(std::move(rows));
}

Status PartitionWriter::OpenFile() {
  const std::string name =
      fmt::format("{}-{:05}.parquet", state_.options.file_name_prefix, state_.started_files.size());
  const std::string location = state_.options.data_location.FileLocation(path_, name);
  if (state_.options.on_file_started) K2I_RETURN_IF_ERROR(state_.options.on_file_started(location));
  state_.started_files.push_back(location);
  K2I_ASSIGN_OR_RETURN(file_, ParquetFile::Open(state_.store, location, state_.layout, pending_, state_.pool));
  ++state_.open_files;
  return {};
}

Status PartitionWriter::EncodePending() {
  if (pending_.empty()) return {};
  if (file_ == nullptr) K2I_RETURN_IF_ERROR(OpenFile());
  const int64_t before = file_->bytes_written();
  K2I_RETURN_IF_ERROR(file_->WriteRowGroup(pending_));
  sizing_.Learn(pending_count_.bytes, file_->bytes_written() - before);
  pending_.clear();
  state_.pending_bytes -= std::exchange(pending_count_, {}).bytes;
  return sizing_.FileFull(file_->bytes_written()) ? CloseFile() : Status{};
}

Status PartitionWriter::CloseFile() {
  K2I_RETURN_IF_ERROR(EncodePending());
  if (file_ == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(iceberg::DataFile data_file, file_->Close());
  file_.reset();
  --state_.open_files;
  data_file.spec_id = state_.options.spec.spec_id;
  data_file.partition = tuple_;
  data_file.sort_order_id = state_.options.sort_order_id;
  state_.finished_files.push_back(std::move(data_file));
  if (!state_.options.on_file_finished) return {};
  return state_.options.on_file_finished(state_.finished_files.back());
}

void PartitionWriter::Abort() {
  if (file_ == nullptr) return;
  file_->Abort();
  file_.reset();
  --state_.open_files;
}

}  // namespace k2i::datafile
