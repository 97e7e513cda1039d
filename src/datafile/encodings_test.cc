// SPDX-License-Identifier: Apache-2.0
#include "datafile/encodings.h"

#include <arrow/api.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <functional>

#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::Type;
using iceberg::TypeId;

constexpr int64_t kRows = 100'000;

class EncodingsTest : public ::testing::Test {
 protected:
  ColumnSample Sample(const iceberg::TypePtr& type, const std::shared_ptr<arrow::Array>& values,
                      int64_t batch_rows = 10'000) {
    schema_ = {.type = Type::Struct({{.field_id = 1, .name = "c", .type = type}})};
    const auto whole = arrow::RecordBatch::Make(iceberg::ToArrowSchema(schema_).value(), values->length(), {values});
    arrow::RecordBatchVector batches;
    for (int64_t at = 0; at < values->length(); at += batch_rows) batches.push_back(whole->Slice(at, batch_rows));
    return SampleColumns(batches, LeafColumns(schema_), arrow::default_memory_pool()).value().front();
  }
  ColumnPlan Plan(const iceberg::TypePtr& type, const std::shared_ptr<arrow::Array>& values,
                  EncodingSet set = EncodingSet::kCompatible) {
    const ColumnSample sample = Sample(type, values);
    return ChooseEncodings({sample}, LeafColumns(schema_), {.set = set}, codec_.get()).front();
  }
  std::shared_ptr<arrow::Array> Longs(const std::function<int64_t(int64_t)>& value) {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < kRows; ++i) Must(builder.Append(value(i)));
    return builder.Finish().ValueOrDie();
  }
  std::shared_ptr<arrow::Array> Strings(const std::function<std::string(int64_t)>& value, int64_t rows = kRows) {
    arrow::StringBuilder builder;
    for (int64_t i = 0; i < rows; ++i) Must(builder.Append(value(i)));
    return builder.Finish().ValueOrDie();
  }

  std::mt19937_64 random_{7};
  iceberg::Schema schema_;
  std::unique_ptr<arrow::util::Codec> codec_ = arrow::util::Codec::Create(arrow::Compression::ZSTD, 1).ValueOrDie();
};

TEST_F(EncodingsTest, FewValuesBecomeADictionary) {
  const auto type = Type::Primitive(TypeId::kString);
  EXPECT_EQ(Plan(type, Strings([&](int64_t) { return "city-" + std::to_string(random_() % 1000); })),
            (ColumnPlan{ColumnEncoding::kDictionary, false}));
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kLong), Longs([&](int64_t) { return random_() % 300; })).encoding,
            ColumnEncoding::kDictionary);
}

TEST_F(EncodingsTest, CodesOfASkewedColumnAreCompressed) {
  const auto skewed = Strings([&](int64_t) { return random_() % 10 == 0 ? std::to_string(random_() % 200) : "usual"; });
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kString), skewed), (ColumnPlan{ColumnEncoding::kDictionary, true}));
}

TEST_F(EncodingsTest, ManyValuesStayPlain) {
  const auto text =
      Strings([&](int64_t i) { return "user-" + std::to_string(random_() % 1000) + "-" + std::to_string(i); });
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kString), text), (ColumnPlan{ColumnEncoding::kPlain, true}));
  const auto noise = Longs([&](int64_t) { return static_cast<int64_t>(random_()); });
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kLong), noise), (ColumnPlan{ColumnEncoding::kPlain, false}));
}

TEST_F(EncodingsTest, MoreDistinctValuesThanTheSampleShowsAreEstimated) {
  // 40,000 values among 100,000 rows: each of the few thousand sampled is nearly always new.
  const auto values = Longs([&](int64_t) { return static_cast<int64_t>(random_() % 40'000) * 7919; });
  const ColumnSample sample = Sample(Type::Primitive(TypeId::kLong), values);
  EXPECT_GT(sample.distinct, 25'000);
  EXPECT_LT(sample.distinct, 60'000);
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kLong), values).encoding, ColumnEncoding::kPlain);
}

TEST_F(EncodingsTest, ADictionaryTooLargeForItsPageStaysPlain) {
  const std::string pad(3000, 'x');
  const auto values = Strings([&](int64_t) { return pad + std::to_string(random_() % 1000); }, 20'000);
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kString), values).encoding, ColumnEncoding::kPlain);
}

TEST_F(EncodingsTest, OffsetsAreDeltasOnlyWhereReadersCanBeTrusted) {
  const auto type = Type::Primitive(TypeId::kLong);
  const auto offsets = Longs([](int64_t i) { return 1'000'000'000 + i; });
  EXPECT_EQ(Plan(type, offsets, EncodingSet::kCompact), (ColumnPlan{ColumnEncoding::kDelta, false}));
  EXPECT_EQ(Plan(type, offsets, EncodingSet::kCompatible), (ColumnPlan{ColumnEncoding::kPlain, true}));
  const auto noise = Longs([&](int64_t) { return static_cast<int64_t>(random_()); });
  EXPECT_EQ(Plan(type, noise, EncodingSet::kCompact).encoding, ColumnEncoding::kPlain);
}

TEST_F(EncodingsTest, UuidsAndBooleansAreNeverDictionaries) {
  arrow::FixedSizeBinaryBuilder uuids(arrow::fixed_size_binary(16));
  arrow::BooleanBuilder flags;
  for (int64_t i = 0; i < kRows; ++i) {
    Must(uuids.Append("0123456789abcdef"));
    Must(flags.Append(i % 2 == 0));
  }
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kUuid), uuids.Finish().ValueOrDie()).encoding, ColumnEncoding::kPlain);
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kBoolean), flags.Finish().ValueOrDie()).encoding, ColumnEncoding::kPlain);
}

TEST_F(EncodingsTest, ColumnsOfNullsAndFewRowsAreFine) {
  const auto nulls = arrow::MakeArrayOfNull(arrow::utf8(), 5000).ValueOrDie();
  EXPECT_EQ(Plan(Type::Primitive(TypeId::kString), nulls), (ColumnPlan{ColumnEncoding::kPlain, true}));
  RandomRows random(3);
  const auto schema = AllTypesSchema(3);
  const auto leaves = LeafColumns(schema);
  for (int64_t rows : {1, 7, 5000}) {
    const auto samples = SampleColumns({random.Batch(schema, rows)}, leaves, arrow::default_memory_pool());
    ASSERT_TRUE(samples.has_value());
    EXPECT_EQ(ChooseEncodings(*samples, leaves, {}, nullptr).size(), leaves.size());
    for (const ColumnPlan& plan : ChooseEncodings(*samples, leaves, {}, nullptr)) EXPECT_FALSE(plan.compress);
  }
}

}  // namespace
}  // namespace k2i::datafile
