// SPDX-License-Identifier: Apache-2.0
#include "datafile/file_layout.h"

#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <parquet/properties.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "datafile/arrow_status.h"
#include "datafile/column_metrics.h"
#include "datafile/file_schema.h"
#include "datafile/table_properties.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

constexpr int64_t kWriteBatchRows = 8192;
constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

std::string PropertyOr(const WriterOptions& options, const std::string& key, const std::string& fallback) {
  const auto found = options.properties.find(key);
  return found == options.properties.end() ? fallback : found->second;
}

Result<arrow::Compression::type> ParseCodec(const std::string& name) {
  using arrow::Compression;
  if (name == "zstd") return Compression::ZSTD;
  if (name == "gzip") return Compression::GZIP;
  if (name == "snappy") return Compression::SNAPPY;
  // The raw block format; Parquet's older LZ4 is the Hadoop framing, which engines read differently.
  if (name == "lz4" || name == "lz4_raw") return Compression::LZ4;
  if (name == "brotli") return Compression::BROTLI;
  if (name == "uncompressed" || name == "none") return Compression::UNCOMPRESSED;
  return Fail(ErrorCode::kInvalidConfig,
              "compression codec \"" + name + "\" is none of zstd, gzip, snappy, lz4, brotli and uncompressed");
}

Status SetCodec(const WriterOptions& options, FileLayout& layout) {
  const std::string name = PropertyOr(options, "write.parquet.compression-codec", options.compression);
  K2I_ASSIGN_OR_RETURN(layout.compression, ParseCodec(name));
  if (layout.compression == arrow::Compression::UNCOMPRESSED) return {};
  // The level of the options is meant for their codec, not for one that the table names instead.
  const auto default_level =
      arrow::util::Codec::DefaultCompressionLevel(layout.compression).ValueOr(arrow::util::kUseDefaultCompressionLevel);
  layout.compression_level =
      name == options.compression ? options.compression_level.value_or(default_level) : default_level;
  const std::string level = PropertyOr(options, "write.parquet.compression-level", "");
  if (!level.empty()) {
    const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), layout.compression_level);
    if (error != std::errc() || end != level.data() + level.size()) {
      return Fail(ErrorCode::kInvalidConfig, "write.parquet.compression-level is not a number: " + level);
    }
  }
  if (!arrow::util::Codec::SupportsCompressionLevel(layout.compression)) {
    layout.compression_level = arrow::util::kUseDefaultCompressionLevel;
  }
  auto codec = arrow::util::Codec::Create(layout.compression, layout.compression_level);
  if (!codec.ok()) return Fail(ErrorCode::kInvalidConfig, "compression " + name + ": " + codec.status().message());
  layout.codec = std::move(codec).ValueUnsafe();
  return {};
}

Status SetEncodings(const WriterOptions& options, FileLayout& layout) {
  layout.encodings.set = options.encodings;
  const std::string set = PropertyOr(options, "k2i.parquet.encodings", "");
  if (set == "compatible") {
    layout.encodings.set = EncodingSet::kCompatible;
  } else if (set == "compact") {
    layout.encodings.set = EncodingSet::kCompact;
  } else if (!set.empty()) {
    return Fail(ErrorCode::kInvalidConfig, "table property k2i.parquet.encodings is neither compatible nor compact");
  }
  K2I_ASSIGN_OR_RETURN(
      layout.encodings.dictionary_bytes,
      PositiveProperty(options.properties, "write.parquet.dict-size-bytes", layout.encodings.dictionary_bytes));
  return {};
}

Status SetSizes(const WriterOptions& options, FileLayout& layout) {
  const auto size = [&](const char* key, int64_t fallback) {
    return PositiveProperty(options.properties, key, fallback);
  };
  layout.limits = {.row_group_rows = options.row_group_rows, .row_group_bytes = options.row_group_bytes};
  K2I_ASSIGN_OR_RETURN(layout.limits.target_file_size_bytes,
                       size("write.target-file-size-bytes", options.target_file_size_bytes));
  K2I_ASSIGN_OR_RETURN(layout.limits.row_group_encoded_bytes, size("write.parquet.row-group-size-bytes", kUnbounded));
  K2I_ASSIGN_OR_RETURN(layout.page_bytes, size("write.parquet.page-size-bytes", layout.page_bytes));
  K2I_ASSIGN_OR_RETURN(layout.page_rows, size("write.parquet.page-row-limit", layout.page_rows));
  return {};
}

Status CheckFormatVersion(const WriterOptions& options, const std::vector<LeafColumn>& leaves) {
  for (const LeafColumn& leaf : leaves) {
    if (iceberg::MinFormatVersion(*leaf.type) <= options.format_version) continue;
    return Fail(ErrorCode::kInvalidArgument, leaf.name + ": format version " + std::to_string(options.format_version) +
                                                 " has no type " + leaf.type->ToString());
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const FileLayout>> FileLayout::Make(const WriterOptions& options) {
  K2I_RETURN_IF_ERROR(CheckFilesCanBeWritten(options.properties));
  auto layout = std::make_shared<FileLayout>();
  layout->leaves = LeafColumns(options.schema);
  K2I_RETURN_IF_ERROR(CheckFormatVersion(options, layout->leaves));
  K2I_ASSIGN_OR_RETURN(layout->row_schema, iceberg::ToArrowSchema(options.schema));
  K2I_ASSIGN_OR_RETURN(layout->file_schema, ToFileSchema(options.schema));
  K2I_ASSIGN_OR_RETURN(layout->modes, MetricsModes(options.properties, layout->leaves));
  K2I_RETURN_IF_ERROR(SetCodec(options, *layout));
  K2I_RETURN_IF_ERROR(SetEncodings(options, *layout));
  K2I_RETURN_IF_ERROR(SetSizes(options, *layout));
  K2I_ASSIGN_OR_RETURN(layout->bloom_filters, BloomFilters(options.properties, layout->leaves, options.row_group_rows));
  return layout;
}

std::shared_ptr<parquet::WriterProperties> FileLayout::Properties(const std::vector<ColumnPlan>& plans,
                                                                  arrow::MemoryPool* pool) const {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->enable_store_decimal_as_integer()
      ->compression(arrow::Compression::UNCOMPRESSED)
      ->disable_dictionary()
      ->dictionary_pagesize_limit(encodings.dictionary_bytes)
      ->data_pagesize(page_bytes)
      ->max_rows_per_page(page_rows)
      ->write_batch_size(std::min(kWriteBatchRows, page_rows))
      ->max_row_group_length(kUnbounded)  // the caller cuts
      ->max_statistics_size(kMaxStatisticsBytes);
  for (size_t i = 0; i < leaves.size(); ++i) {
    const std::string& path = leaves[i].parquet_path;
    if (plans[i].encoding == ColumnEncoding::kDictionary) builder.enable_dictionary(path);
    if (plans[i].encoding == ColumnEncoding::kDelta) builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    if (const auto filter = bloom_filters.find(path); filter != bloom_filters.end()) {
      builder.enable_bloom_filter(path, {filter->second.distinct_values, filter->second.false_positives});
    }
    if (!plans[i].compress || codec == nullptr) continue;
    builder.compression(path, compression);
    if (compression_level != arrow::util::kUseDefaultCompressionLevel)
      builder.compression_level(path, compression_level);
  }
  return builder.build();
}

}  // namespace k2i::datafile
