// SPDX-License-Identifier: Apache-2.0
#include "datafile/column_sample.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>

namespace k2i::datafile {
namespace {

constexpr int64_t kRuns = 32;
constexpr int64_t kRunRows = 128;
constexpr size_t kPlainBytes = 64 << 10;

int64_t TotalRows(const arrow::RecordBatchVector& rows) {
  int64_t total = 0;
  for (const auto& batch : rows) total += batch->num_rows();
  return total;
}

/// Runs of rows, evenly spread; all rows where there are few.
arrow::RecordBatchVector Runs(const arrow::RecordBatchVector& rows, int64_t total) {
  if (total <= kRuns * kRunRows) return rows;
  arrow::RecordBatchVector runs;
  const int64_t step = total / kRuns;
  int64_t batch_begin = 0, next = 0;
  for (const auto& batch : rows) {
    const int64_t batch_end = batch_begin + batch->num_rows();
    for (; next < batch_end && next < kRuns * step; next += step) {
      runs.push_back(batch->Slice(next - batch_begin, kRunRows));
    }
    batch_begin = batch_end;
  }
  return runs;
}

/// Views of the values that are there; false for types that are not sampled (boolean).
bool AppendViews(const arrow::Array& array, std::vector<std::string_view>& views) {
  if (arrow::is_binary_like(array.type_id())) {
    const auto& binary = static_cast<const arrow::BinaryArray&>(array);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (!array.IsNull(i)) views.push_back(binary.GetView(i));
    }
    return true;
  }
  if (!arrow::is_fixed_width(array.type_id()) || array.type_id() == arrow::Type::BOOL) return false;
  const auto width = static_cast<size_t>(array.type()->byte_width());
  const auto* bytes = reinterpret_cast<const char*>(array.data()->buffers[1]->data()) + array.offset() * width;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (!array.IsNull(i)) views.emplace_back(bytes + i * width, width);
  }
  return true;
}

int64_t IntegerOf(std::string_view bytes) {
  int64_t wide = 0;
  int32_t narrow = 0;
  if (bytes.size() == sizeof(wide)) {
    std::memcpy(&wide, bytes.data(), sizeof(wide));
    return wide;
  }
  std::memcpy(&narrow, bytes.data(), std::min(bytes.size(), sizeof(narrow)));
  return narrow;
}

double MeanDeltaBits(const std::vector<std::string_view>& views) {
  if (views.size() < 2) return 0;
  double bits = 0;
  for (size_t i = 1; i < views.size(); ++i) {
    const auto before = static_cast<uint64_t>(IntegerOf(views[i - 1]));
    const auto delta = static_cast<int64_t>(static_cast<uint64_t>(IntegerOf(views[i])) - before);
    bits += 64 - std::countl_zero(static_cast<uint64_t>(delta < 0 ? ~delta : delta));
  }
  return bits / static_cast<double>(views.size() - 1);
}

bool IsIntegerLike(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIME64 ||
         type.id() == arrow::Type::TIMESTAMP;
}

/// Chao1: values seen once hint at how many were not seen at all.
void CountDistinct(const std::vector<std::string_view>& views, ColumnSample& sample) {
  std::unordered_map<std::string_view, int64_t> counts;
  for (std::string_view view : views) ++counts[view];
  double once = 0, twice = 0;
  const auto n = static_cast<double>(views.size());
  for (const auto& [view, count] : counts) {
    once += count == 1;
    twice += count == 2;
    const double share = static_cast<double>(count) / n;
    sample.entropy_bits -= share * std::log2(share);
  }
  sample.distinct = static_cast<double>(counts.size()) + once * (once - 1) / (2 * (twice + 1));
}

void DescribeBytes(const std::vector<std::string_view>& views, ColumnSample& sample) {
  size_t total = 0;
  for (std::string_view view : views) {
    total += view.size();
    if (sample.plain.size() < kPlainBytes) sample.plain.append(view.substr(0, kPlainBytes - sample.plain.size()));
  }
  sample.mean_width = static_cast<double>(total) / static_cast<double>(views.size());
}

}  // namespace

Result<std::vector<ColumnSample>> SampleColumns(const arrow::RecordBatchVector& rows,
                                                const std::vector<LeafColumn>& leaves, arrow::MemoryPool* pool) {
  const int64_t total = TotalRows(rows);
  const arrow::RecordBatchVector runs = Runs(rows, total);
  std::vector<ColumnSample> samples;
  for (const LeafColumn& leaf : leaves) {
    ColumnSample& sample = samples.emplace_back(ColumnSample{.column_rows = total});
    std::vector<std::shared_ptr<arrow::Array>> arrays;  // keep what the views see
    std::vector<std::string_view> views;
    bool sampled = true;
    for (const auto& run : runs) {
      K2I_ASSIGN_OR_RETURN(arrays.emplace_back(), LeafValues(*run, leaf, pool));
      sampled = sampled && AppendViews(*arrays.back(), views);
    }
    if (!sampled || views.empty()) continue;
    sample.values = static_cast<int64_t>(views.size());
    CountDistinct(views, sample);
    if (IsIntegerLike(*arrays.front()->type())) sample.delta_bits = MeanDeltaBits(views);
    DescribeBytes(views, sample);
  }
  return samples;
}

}  // namespace k2i::datafile
