// SPDX-License-Identifier: Apache-2.0
#include "datafile/store_input_file.h"

#include <arrow/buffer.h>

#include <utility>

namespace k2i::datafile {

std::optional<Error> StoreInputFile::store_error() const {
  std::lock_guard lock(mutex_);
  return store_error_;
}

arrow::Result<int64_t> StoreInputFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  auto got = file_->ReadAt(position, nbytes, static_cast<char*>(out));
  if (got) return *got;
  std::lock_guard lock(mutex_);
  if (!store_error_) store_error_ = got.error();
  return arrow::Status::IOError(got.error().message);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> StoreInputFile::ReadAt(int64_t position, int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(nbytes, pool_));
  ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, nbytes, buffer->mutable_data()));
  if (got < nbytes) ARROW_RETURN_NOT_OK(buffer->Resize(got));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<int64_t> StoreInputFile::Read(int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, nbytes, out));
  position_ += got;
  return got;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> StoreInputFile::Read(int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, nbytes));
  position_ += buffer->size();
  return buffer;
}

arrow::Status StoreInputFile::Seek(int64_t position) {
  if (position < 0) return arrow::Status::Invalid("seek to a negative position");
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status StoreInputFile::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

}  // namespace k2i::datafile
