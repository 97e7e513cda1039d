// SPDX-License-Identifier: Apache-2.0
#include "datafile/store_output_stream.h"

#include <arrow/status.h>

#include <utility>

namespace k2i::datafile {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

StoreOutputStream::StoreOutputStream(std::unique_ptr<io::OutputFile> file) : file_(std::move(file)) {}

StoreOutputStream::~StoreOutputStream() { Abandon(); }

arrow::Status StoreOutputStream::Write(const void* data, int64_t nbytes) {
  if (file_ == nullptr) return arrow::Status::Invalid("write to a closed file");
  const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(nbytes));
  position_ += nbytes;
  if (gathered_.size() + bytes.size() < kPieceBytes) {
    gathered_.append(bytes);
    return arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(SendGathered());
  if (bytes.size() >= kPieceBytes) return Send(bytes);
  gathered_.assign(bytes);
  return arrow::Status::OK();
}

arrow::Status StoreOutputStream::Send(std::string_view bytes) {
  auto sent = file_->Append(bytes);
  if (sent.has_value()) return arrow::Status::OK();
  store_error_ = sent.error();
  return arrow::Status::IOError(sent.error().message);
}

arrow::Status StoreOutputStream::SendGathered() {
  if (gathered_.empty()) return arrow::Status::OK();
  arrow::Status sent = Send(gathered_);
  gathered_.clear();
  return sent;
}

Status StoreOutputStream::Commit() {
  if (file_ == nullptr) return Fail(ErrorCode::kInternal, "file is closed already");
  if (!SendGathered().ok()) return std::unexpected(*store_error_);
  K2I_RETURN_IF_ERROR(file_->Close());
  file_.reset();
  return {};
}

void StoreOutputStream::Abandon() {
  if (file_ == nullptr) return;
  file_->Abort();
  file_.reset();
}

arrow::Status StoreOutputStream::Close() {
  if (Commit().has_value()) return arrow::Status::OK();
  return arrow::Status::IOError("the file could not be closed");
}

}  // namespace k2i::datafile
