// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <mutex>
#include <optional>

#include "io/object_store.h"

namespace k2i::datafile {

/// What Parquet reads from: an io::InputFile as Arrow knows files. ReadAt is thread-safe, the rest is not.
class StoreInputFile final : public arrow::io::RandomAccessFile {
 public:
  StoreInputFile(std::unique_ptr<io::InputFile> file, arrow::MemoryPool* pool) : file_(std::move(file)), pool_(pool) {}

  /// The store's own error behind a failed read; Arrow's status has only its text.
  std::optional<Error> store_error() const;

  arrow::Result<int64_t> GetSize() override { return file_->size_bytes(); }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t nbytes) override;
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

 private:
  std::unique_ptr<io::InputFile> file_;
  arrow::MemoryPool* pool_;
  int64_t position_ = 0;
  bool closed_ = false;
  mutable std::mutex mutex_;
  std::optional<Error> store_error_;  // guarded by mutex_
};

}  // namespace k2i::datafile
