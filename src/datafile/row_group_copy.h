// SPDX-License-Identifier: Apache-2.0
//
// Parquet files made into one without decoding them: the bytes of their column chunks are copied, and their footers
// merged. It costs hardly any CPU; pages, encodings and codecs stay as they were.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datafile/writer_options.h"
#include "io/object_store.h"

namespace k2i::datafile {

struct FileLayout;

/// Row groups below both are decoded and written anew: many small ones make a file that is slow to read.
struct CopyLimits {
  int64_t least_rows = 125'000;
  int64_t least_bytes = int64_t{32} << 20;  // encoded, but not compressed
};

/// False when `file` cannot have a row group that is large enough, so that neither its footer nor its metrics matter.
bool MayBeCopied(const iceberg::DataFile& file, const CopyLimits& limits);

/// Told after each piece how many bytes it had; an error ends the copying.
using OnCopied = std::function<Status(int64_t bytes)>;

/// One file made of others. One thread.
class RowGroupCopy {
 public:
  /// `options`: schema, metrics and partition spec of the file. `store` and `pool` must outlive this. Errors as
  /// RollingWriter::Make.
  static Result<std::unique_ptr<RowGroupCopy>> Make(io::ObjectStore& store, const WriterOptions& options,
                                                    arrow::MemoryPool* pool);
  ~RowGroupCopy();

  /// Reads the footer of `file` and takes its rows in, behind those of the files before. False where they have to be
  /// decoded: other columns, row groups that are too small, a codec or encoding that cannot be told, metrics that its
  /// manifest does not have, rows of v3 that inherit their ids. `file` must outlive this. REQUIRES: no row of it is
  /// deleted, and all files are of one partition of the spec. Errors as DataFileReader::Open.
  Result<bool> Add(const iceberg::DataFile& file, const CopyLimits& limits);
  bool empty() const { return sources_.empty(); }

  /// Writes the file. Of the DataFile only the sort order id is not set. Errors of the store and of `on_copied`;
  /// Corruption for a source whose chunks are not where its footer says. Nothing is visible after an error. REQUIRES:
  /// not empty.
  Result<iceberg::DataFile> Run(const std::string& location, const OnCopied& on_copied);

 private:
  class Source;
  class Output;
  RowGroupCopy(io::ObjectStore& store, std::shared_ptr<const FileLayout> layout, int32_t spec_id,
               arrow::MemoryPool* pool);

  io::ObjectStore& store_;
  const std::shared_ptr<const FileLayout> layout_;
  const int32_t spec_id_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<parquet::FileMetaData> expected_;  // columns that a source has to have
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace k2i::datafile
