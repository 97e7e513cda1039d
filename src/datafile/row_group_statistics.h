// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "iceberg/model/type.h"

namespace parquet {
class FileMetaData;
namespace arrow {
struct SchemaManifest;
}
}  // namespace parquet

namespace k2i::datafile {

/// What a Parquet footer says of one row group. Valid while the reader it comes from is.
class RowGroupStatistics {
 public:
  struct Column {
    std::optional<iceberg::Literal> lower;  // of the values that are neither null nor NaN
    std::optional<iceberg::Literal> upper;
    std::optional<int64_t> null_count;
  };

  RowGroupStatistics(const parquet::FileMetaData& metadata, const parquet::arrow::SchemaManifest& manifest, int group)
      : metadata_(metadata), manifest_(manifest), group_(group) {}

  int64_t row_count() const;
  /// Where its first page starts in the file.
  int64_t start() const;
  /// Of a primitive column at the top of the schema, as values of `type`, the column's present one; nullopt where the
  /// footer does not say, or not in a form that can be told.
  std::optional<Column> Of(int32_t field_id, const iceberg::Type& type) const;

 private:
  const parquet::FileMetaData& metadata_;
  const parquet::arrow::SchemaManifest& manifest_;
  int group_;
};

}  // namespace k2i::datafile
