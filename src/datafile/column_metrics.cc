// SPDX-License-Identifier: Apache-2.0
#include "datafile/column_metrics.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace k2i::datafile {
namespace {

using iceberg::Bytes;
using iceberg::Literal;
using iceberg::Type;
using iceberg::TypeId;

bool IsText(TypeId id) { return id == TypeId::kString || id == TypeId::kBinary; }
bool IsFloating(TypeId id) { return id == TypeId::kFloat || id == TypeId::kDouble; }

template <typename ArrayType>
int64_t NansIn(const arrow::Array& array) {
  const auto& values = static_cast<const ArrayType&>(array);
  const auto* raw = values.raw_values();
  int64_t nans = 0;
  for (int64_t i = 0; i < values.length(); ++i) nans += raw[i] != raw[i];
  if (nans == 0 || values.null_count() == 0) return nans;
  for (int64_t i = 0; i < values.length(); ++i) nans -= values.IsNull(i) && raw[i] != raw[i];
  return nans;
}

bool HasLongValue(const arrow::BinaryArray& array) {
  const int32_t* offsets = array.raw_value_offsets();
  int32_t longest = 0;
  for (int64_t i = 0; i < array.length(); ++i) longest = std::max(longest, offsets[i + 1] - offsets[i]);
  return longest > kMaxStatisticsBytes;
}

Literal TextLiteral(const Type& type, std::string_view bytes) {
  if (type.id() == TypeId::kString) return std::string(bytes);
  return Bytes{std::string(bytes)};
}

Extremes ExtremesOf(const Type& type, const arrow::BinaryArray& array) {
  std::optional<std::string_view> smallest, largest;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    const std::string_view value = array.GetView(i);
    if (!smallest || value < *smallest) smallest = value;
    if (!largest || value > *largest) largest = value;
  }
  if (!smallest) return {};
  return {TextLiteral(type, *smallest), TextLiteral(type, *largest)};
}

/// Parquet's plain encoding of a statistics value is Iceberg's single-value serialization, save for decimals in
/// integers.
Result<Literal> FromPlain(const Type& type, parquet::Type::type physical, std::string_view plain) {
  if (type.id() != TypeId::kDecimal || physical == parquet::Type::FIXED_LEN_BYTE_ARRAY) {
    return iceberg::DeserializeLiteral(type, plain);
  }
  static_assert(std::endian::native == std::endian::little);
  if (physical == parquet::Type::INT32) {
    int32_t value = 0;
    std::memcpy(&value, plain.data(), std::min(plain.size(), sizeof(value)));
    return iceberg::Decimal128{value};
  }
  int64_t value = 0;
  std::memcpy(&value, plain.data(), std::min(plain.size(), sizeof(value)));
  return iceberg::Decimal128{value};
}

int64_t StartOf(const parquet::ColumnChunkMetaData& chunk) {
  if (!chunk.has_dictionary_page()) return chunk.data_page_offset();
  return std::min(chunk.dictionary_page_offset(), chunk.data_page_offset());
}

}  // namespace

Status MetricsCollector::AddRowGroup(const arrow::RecordBatchVector& rows, arrow::MemoryPool* pool) {
  long_text_.emplace_back();
  for (size_t leaf = 0; leaf < leaves_.size(); ++leaf) {
    const TypeId type = leaves_[leaf].type->id();
    if (IsFloating(type) && modes_[leaf].counts()) K2I_RETURN_IF_ERROR(CountNans(rows, leaf, pool));
    if (IsText(type) && wants_bounds(leaf)) K2I_RETURN_IF_ERROR(FindLongText(rows, leaf, pool));
  }
  return {};
}

Status MetricsCollector::CountNans(const arrow::RecordBatchVector& rows, size_t leaf, arrow::MemoryPool* pool) {
  for (const auto& batch : rows) {
    K2I_ASSIGN_OR_RETURN(auto values, LeafValues(*batch, leaves_[leaf], pool));
    nan_counts_[leaf] += leaves_[leaf].type->id() == TypeId::kFloat ? NansIn<arrow::FloatArray>(*values)
                                                                    : NansIn<arrow::DoubleArray>(*values);
  }
  return {};
}

Status MetricsCollector::FindLongText(const arrow::RecordBatchVector& rows, size_t leaf, arrow::MemoryPool* pool) {
  arrow::ArrayVector arrays;
  bool found = false;
  for (const auto& batch : rows) {
    K2I_ASSIGN_OR_RETURN(arrays.emplace_back(), LeafValues(*batch, leaves_[leaf], pool));
    found = found || HasLongValue(static_cast<const arrow::BinaryArray&>(*arrays.back()));
  }
  if (!found) return {};
  Extremes& extremes = long_text_.back()[leaf];
  for (const auto& array : arrays) {
    extremes.Include(ExtremesOf(*leaves_[leaf].type, static_cast<const arrow::BinaryArray&>(*array)));
  }
  return {};
}

Status MetricsCollector::Finish(const parquet::FileMetaData& metadata, iceberg::DataFile& file) const {
  file.record_count = metadata.num_rows();
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    file.split_offsets.push_back(StartOf(*metadata.RowGroup(group)->ColumnChunk(0)));
  }
  for (size_t leaf = 0; leaf < leaves_.size(); ++leaf) K2I_RETURN_IF_ERROR(FinishLeaf(metadata, leaf, file));
  return {};
}

Status MetricsCollector::FinishLeaf(const parquet::FileMetaData& metadata, size_t leaf, iceberg::DataFile& file) const {
  const int32_t id = leaves_[leaf].field_id;
  Extremes extremes;
  bool bounded = wants_bounds(leaf);
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto chunk = metadata.RowGroup(group)->ColumnChunk(static_cast<int>(leaf));
    file.column_sizes[id] += chunk->total_compressed_size();
    if (!modes_[leaf].counts()) continue;
    const auto statistics = chunk->statistics();
    if (statistics == nullptr) return Fail(ErrorCode::kInternal, "no Parquet statistics for " + leaves_[leaf].name);
    file.value_counts[id] += chunk->num_values();
    file.null_value_counts[id] += statistics->null_count();
    if (!bounded) continue;
    K2I_ASSIGN_OR_RETURN(bounded, IncludeChunk(*chunk, static_cast<size_t>(group), leaf, extremes));
  }
  if (modes_[leaf].counts() && IsFloating(leaves_[leaf].type->id())) file.nan_value_counts[id] = nan_counts_[leaf];
  if (bounded && !extremes.empty()) SetBounds(leaf, extremes, file);
  return {};
}

/// False when the chunk has values but its smallest and largest are not known: then the file has no bounds.
Result<bool> MetricsCollector::IncludeChunk(const parquet::ColumnChunkMetaData& chunk, size_t row_group, size_t leaf,
                                            Extremes& extremes) const {
  const LeafColumn& column = leaves_[leaf];
  if (const auto found = long_text_[row_group].find(leaf); found != long_text_[row_group].end()) {
    extremes.Include(found->second);
    return true;
  }
  const auto statistics = chunk.statistics();
  if (!statistics->HasMinMax()) {
    // Floating-point values without a smallest one are all NaN.
    return IsFloating(column.type->id()) || statistics->null_count() == chunk.num_values();
  }
  K2I_ASSIGN_OR_RETURN(Literal smallest, FromPlain(*column.type, chunk.type(), statistics->EncodeMin()));
  K2I_ASSIGN_OR_RETURN(Literal largest, FromPlain(*column.type, chunk.type(), statistics->EncodeMax()));
  extremes.Include({std::move(smallest), std::move(largest)});
  return true;
}

void MetricsCollector::SetBounds(size_t leaf, const Extremes& extremes, iceberg::DataFile& file) const {
  const LeafColumn& column = leaves_[leaf];
  std::optional<size_t> length;
  if (modes_[leaf].kind == MetricsMode::Kind::kTruncate && IsText(column.type->id())) length = modes_[leaf].length;
  if (const auto lower = LowerBound(extremes.smallest, length)) {
    file.lower_bounds[column.field_id] = iceberg::SerializeLiteral(*column.type, *lower);
  }
  if (const auto upper = UpperBound(extremes.largest, length)) {
    file.upper_bounds[column.field_id] = iceberg::SerializeLiteral(*column.type, *upper);
  }
}

}  // namespace k2i::datafile
