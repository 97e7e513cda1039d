// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <optional>
#include <string>

#include "io/object_store.h"

namespace k2i::datafile {

/// What Parquet writes to: gathers small pieces (page headers, short pages) and hands them to an io::OutputFile in
/// pieces of about a megabyte. One thread at a time.
class StoreOutputStream final : public arrow::io::OutputStream {
 public:
  explicit StoreOutputStream(std::unique_ptr<io::OutputFile> file);
  ~StoreOutputStream() override;

  /// Makes the file visible; the store's own error when it fails.
  Status Commit();
  /// Leaves nothing visible; writes fail from now on (Parquet's writers still write a footer when destroyed).
  void Abandon();
  /// The store's own error behind the last failed write; Arrow's status has only its text.
  const std::optional<Error>& store_error() const { return store_error_; }
  /// Written so far, gathered bytes included.
  int64_t bytes_written() const { return position_; }

  arrow::Status Write(const void* data, int64_t nbytes) override;
  using arrow::io::OutputStream::Write;
  /// Does nothing: what has been gathered goes out with the next megabyte or Commit.
  arrow::Status Flush() override { return arrow::Status::OK(); }
  arrow::Status Close() override;
  bool closed() const override { return file_ == nullptr; }
  arrow::Result<int64_t> Tell() const override { return position_; }

 private:
  arrow::Status Send(std::string_view bytes);
  arrow::Status SendGathered();

  std::unique_ptr<io::OutputFile> file_;
  std::string gathered_;
  int64_t position_ = 0;
  std::optional<Error> store_error_;
};

}  // namespace k2i::datafile
