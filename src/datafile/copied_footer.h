// SPDX-License-Identifier: Apache-2.0
//
// The footer of a Parquet file whose row groups have been copied from others.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/index_location.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/error.h"

namespace parquet {
class ColumnChunkMetaData;
class FileMetaData;
class FileMetaDataBuilder;
class ParquetFileReader;
}  // namespace parquet

namespace k2i::datafile {

/// Bytes of a file.
struct ChunkRange {
  int64_t start = 0;
  int64_t length = 0;
};

/// A column chunk's pages, and where they have been copied to.
struct ChunkMove {
  ChunkRange from;
  int64_t to = 0;
};

/// Where a chunk's pages are, its dictionary too.
ChunkRange RangeOf(const parquet::ColumnChunkMetaData& chunk);
/// False for chunks whose metadata does not say all that a new footer has to: encrypted ones, data pages of version 2,
/// and those of writers that do not count pages by encoding.
bool MayMoveChunk(const parquet::ColumnChunkMetaData& chunk);

/// Gathers row groups and writes what follows them: bloom filters and page indexes, where they have any, and the
/// metadata. Statistics stay as they are. One thread; throws what Parquet throws.
class CopiedFooter {
 public:
  /// `moves`: one a column. `source` must outlive Write.
  void AddRowGroup(parquet::ParquetFileReader& source, std::shared_ptr<arrow::io::RandomAccessFile> file, int group,
                   std::vector<ChunkMove> moves);
  /// To the end of `sink`, which stands behind the last row group. What a reader of the file would see. REQUIRES: a row
  /// group. Corruption for an index that is not where its footer says.
  Result<std::shared_ptr<parquet::FileMetaData>> Write(arrow::io::OutputStream& sink) const;

 private:
  struct RowGroup {
    parquet::ParquetFileReader* source = nullptr;
    std::shared_ptr<arrow::io::RandomAccessFile> file;
    int group = 0;  // there
    std::vector<ChunkMove> moves;
  };
  using Locations = std::map<parquet::IndexKind, parquet::IndexLocations>;  // of one row group, which is 0

  static Status CopyIndex(const RowGroup& group, parquet::IndexKind kind, arrow::io::OutputStream& sink,
                          Locations& locations);
  static Status MoveOffsetIndex(const RowGroup& group, arrow::io::OutputStream& sink, Locations& locations);
  static std::shared_ptr<parquet::FileMetaData> Describe(const RowGroup& group, int ordinal,
                                                         const Locations& locations);

  std::vector<RowGroup> groups_;
};

}  // namespace k2i::datafile
