// SPDX-License-Identifier: Apache-2.0
#include "buffer/lookup.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "buffer/key_column.h"
#include "buffer/slices_testing.h"

namespace k2i::buffer {
namespace {

/// A view of one slice whose column "key" is `keys`.
View ViewOf(std::shared_ptr<arrow::Array> keys) {
  record::DecodedRows decoded;
  decoded.runs = {{Where(0), 0, keys->length(), -1, -1}};
  for (int64_t row = 0; row < keys->length(); ++row) decoded.offsets.push_back(row);
  decoded.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("key", keys->type())}), keys->length(), {keys});
  View view;
  view.slices = {MakeSlice(std::move(decoded), {{Where(0), {Offset{0}, Offset{keys->length()}}}}, Duration(0), 1)};
  view.index = SliceIndex("key", arrow::default_memory_pool());
  view.index.Add(*view.slices.front());
  return view;
}

std::vector<int64_t> RowsOf(const View& view, std::string_view key) {
  std::vector<int64_t> rows;
  const auto hits = FindByKey(view, key, /*all=*/true).value();
  for (const auto& hit : hits) rows.push_back(hit.row);
  return rows;
}

template <typename Builder, typename... Arguments>
std::shared_ptr<arrow::Array> ArrayOf(Builder builder, const Arguments&... values) {
  EXPECT_TRUE((builder.Append(values).ok() && ...));
  EXPECT_TRUE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

TEST(FindByKeyTest, TakesEachTypeByItsText) {
  const auto longs = ViewOf(ArrayOf(arrow::Int64Builder(), int64_t{7}, int64_t{-5'000'000'000}, int64_t{7}));
  EXPECT_EQ(RowsOf(longs, "7"), (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(RowsOf(longs, "-5000000000"), (std::vector<int64_t>{1}));
  EXPECT_TRUE(RowsOf(longs, "8").empty());
  const auto ints = ViewOf(ArrayOf(arrow::Int32Builder(), 7, -8));
  EXPECT_EQ(RowsOf(ints, "-8"), (std::vector<int64_t>{1}));
  const auto strings = ViewOf(ArrayOf(arrow::StringBuilder(), "a", "", "b"));
  EXPECT_EQ(RowsOf(strings, ""), (std::vector<int64_t>{1}));  // and not the null
  const std::string zero("\0x", 2);
  const auto bytes = ViewOf(ArrayOf(arrow::BinaryBuilder(), zero));
  EXPECT_EQ(RowsOf(bytes, zero), (std::vector<int64_t>{0}));
  const std::string raw = "0123456789abcdef";
  const auto uuids = ViewOf(ArrayOf(arrow::FixedSizeBinaryBuilder(arrow::fixed_size_binary(16)), raw));
  EXPECT_EQ(RowsOf(uuids, "30313233-3435-3637-3839-616263646566"), (std::vector<int64_t>{0}));
  EXPECT_EQ(RowsOf(uuids, raw), (std::vector<int64_t>{0}));
}

TEST(FindByKeyTest, RefusesWhatIsNoValue) {
  const auto longs = ViewOf(ArrayOf(arrow::Int64Builder(), int64_t{7}));
  for (const char* text : {"", "x", "7x", " 7", "1.5", "9223372036854775808"}) {
    EXPECT_EQ(FindByKey(longs, text, true).error().code, ErrorCode::kInvalidArgument) << text;
  }
  const auto ints = ViewOf(ArrayOf(arrow::Int32Builder(), 7));
  EXPECT_EQ(FindByKey(ints, "2147483648", true).error().code, ErrorCode::kInvalidArgument);
  const auto uuids = ViewOf(ArrayOf(arrow::FixedSizeBinaryBuilder(arrow::fixed_size_binary(16))));
  EXPECT_EQ(FindByKey(uuids, "30313233", true).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(CanBeKey(*arrow::float64()));
  EXPECT_FALSE(FindByKey(View{}, "7", true).has_value());  // no key is configured
}

TEST(KeyIndexTest, MergedIndexesFindWhatAMapFinds) {
  std::mt19937 random(5);
  for (const int distinct : {1, 3, 1000, 1 << 30}) {
    SCOPED_TRACE(distinct);
    std::multimap<int64_t, std::pair<int64_t, int64_t>> model;
    std::vector<std::shared_ptr<const KeyIndex>> parts;
    std::vector<int64_t> values;
    for (int64_t number = 0; number < 20; ++number) {
      arrow::Int64Builder keys;
      for (int64_t row = 0; row < 300; ++row) {
        values.push_back(static_cast<int64_t>(random() % static_cast<uint32_t>(distinct)));
        model.emplace(values.back(), std::pair(number, row));
        EXPECT_TRUE(keys.Append(values.back()).ok());
      }
      Slice slice;
      slice.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("key", arrow::int64())}), 300,
                                            {keys.Finish().ValueOrDie()});
      slice.offsets.resize(300);
      slice.number = number;
      parts.push_back(KeyIndex::Build(slice, "key", arrow::default_memory_pool()));
    }
    const auto left = KeyIndex::Merge(std::span(parts).first(8), arrow::default_memory_pool());
    const auto right = KeyIndex::Merge(std::span(parts).subspan(8), arrow::default_memory_pool());
    const auto all = KeyIndex::Merge(std::vector{left, right}, arrow::default_memory_pool());
    EXPECT_EQ(all->rows(), 6000);
    for (size_t i = 0; i < values.size(); i += distinct < 10 ? 997 : 7) {
      const auto probe = KeyProbe::Make(*arrow::int64(), std::to_string(values[i])).value();
      std::vector<std::pair<int64_t, int64_t>> found;
      all->ForEach(probe.hash(), [&](const RowPlace& place) {
        found.emplace_back(place.number, place.row);
        return true;
      });
      std::vector<std::pair<int64_t, int64_t>> expected;
      for (auto [it, end] = model.equal_range(values[i]); it != end; ++it) expected.push_back(it->second);
      std::reverse(expected.begin(), expected.end());
      ASSERT_EQ(found, expected) << values[i];
    }
  }
}

TEST(SliceIndexTest, AFewIndexesStandForThousandsOfSlices) {
  SliceIndex index("key", arrow::default_memory_pool());
  size_t most = 0;
  for (int64_t number = 0; number < 6000; ++number) {
    index.Add(*SliceOf({{0, number}}, 0, number));
    most = std::max(most, index.segments());
  }
  EXPECT_LE(most, 7u * 5u);
  EXPECT_LE(index.segments(), 20u);
  index.DropBefore(5999);
  EXPECT_LE(index.segments(), 8u);
  index.DropBefore(6000);
  EXPECT_EQ(index.segments(), 0u);
}

}  // namespace
}  // namespace k2i::buffer
