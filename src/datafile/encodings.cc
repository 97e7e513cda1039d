// SPDX-License-Identifier: Apache-2.0
#include "datafile/encodings.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <cmath>

namespace k2i::datafile {
namespace {

using iceberg::TypeId;

/// A dictionary must be met often enough to pay for hashing each value once.
constexpr double kRowsPerDictionaryEntry = 8;
/// Steps above this leave plain bytes and the codec about as small.
constexpr double kDeltaBits = 20;
/// A codec that saves less than this share is not worth its time, here and at each reader.
constexpr double kWorthCompressing = 0.9;
/// A trial on fewer bytes says little.
constexpr size_t kTrialBytes = 2048;

bool IsIntegerLike(TypeId id) {
  switch (id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      return true;
    default:
      return false;
  }
}

bool DictionaryPays(const ColumnSample& sample, const EncodingLimits& limits, TypeId id) {
  // Booleans are one bit; uuids in a dictionary cannot be read by Iceberg's vectorized reader before 1.10.
  if (id == TypeId::kBoolean || id == TypeId::kUuid || sample.values == 0) return false;
  const double rows = static_cast<double>(std::max(sample.column_rows, sample.values));
  return sample.distinct * kRowsPerDictionaryEntry <= rows &&
         sample.distinct * (sample.mean_width + sizeof(uint32_t)) <= static_cast<double>(limits.dictionary_bytes);
}

/// Bit-packed codes have no bytes that repeat; only a skewed distribution, or runs, leave something to save.
bool CodesCompress(const ColumnSample& sample) {
  const double code_bits = std::ceil(std::log2(std::max(2.0, sample.distinct)));
  return sample.entropy_bits < kWorthCompressing * code_bits;
}

bool PlainCompresses(const ColumnSample& sample, arrow::util::Codec& codec) {
  if (sample.plain.size() < kTrialBytes) return true;
  const auto* input = reinterpret_cast<const uint8_t*>(sample.plain.data());
  const auto size = static_cast<int64_t>(sample.plain.size());
  std::vector<uint8_t> output(static_cast<size_t>(codec.MaxCompressedLen(size, input)));
  auto compressed = codec.Compress(size, input, static_cast<int64_t>(output.size()), output.data());
  return compressed.ok() && static_cast<double>(*compressed) < kWorthCompressing * static_cast<double>(size);
}

ColumnPlan Choose(const ColumnSample& sample, TypeId id, const EncodingLimits& limits, arrow::util::Codec* codec) {
  if (DictionaryPays(sample, limits, id))
    return {ColumnEncoding::kDictionary, codec != nullptr && CodesCompress(sample)};
  if (limits.set == EncodingSet::kCompact && IsIntegerLike(id) && sample.values > 0 &&
      sample.delta_bits <= kDeltaBits) {
    return {ColumnEncoding::kDelta, false};
  }
  return {ColumnEncoding::kPlain, codec != nullptr && PlainCompresses(sample, *codec)};
}

}  // namespace

std::vector<ColumnPlan> ChooseEncodings(const std::vector<ColumnSample>& samples, const std::vector<LeafColumn>& leaves,
                                        const EncodingLimits& limits, arrow::util::Codec* codec) {
  std::vector<ColumnPlan> plans;
  for (size_t i = 0; i < leaves.size(); ++i) plans.push_back(Choose(samples[i], leaves[i].type->id(), limits, codec));
  return plans;
}

}  // namespace k2i::datafile
