// SPDX-License-Identifier: Apache-2.0
#include "datafile/partition_splitter.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "datafile/leaf_column.h"
#include "datafile/random_rows_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::PartitionSpec;
using iceberg::PartitionTuple;
using iceberg::Transform;
using iceberg::Type;
using iceberg::TypeId;

class PartitionSplitterTest : public ::testing::Test {
 protected:
  PartitionSpec Spec(const std::vector<std::pair<std::string, std::string>>& fields) {
    PartitionSpec spec{.spec_id = 1};
    for (const auto& [column, transform] : fields) {
      const int32_t id = 1000 + static_cast<int32_t>(spec.fields.size());
      const int32_t source = schema_.FindField(column)->field_id;
      spec.fields.push_back({source, id, "p" + std::to_string(id), Transform::Parse(transform).value()});
    }
    return spec;
  }

  /// The tuple of a row, by Transform::Apply alone.
  PartitionTuple NaiveTuple(const PartitionSpec& spec, const arrow::RecordBatch& rows, int64_t row) {
    PartitionTuple tuple;
    for (const auto& field : spec.fields) {
      for (const LeafColumn& leaf : LeafColumns(schema_)) {
        if (leaf.field_id != field.source_id) continue;
        const auto values = LeafValues(rows, leaf, pool_).value();
        tuple.push_back(field.transform.Apply(*leaf.type, LiteralAt(*values, *leaf.type, row)));
      }
    }
    return tuple;
  }

  void CheckAgainstNaive(const PartitionSpec& spec, const std::shared_ptr<arrow::RecordBatch>& rows) {
    const auto splitter = PartitionSplitter::Make(spec, schema_);
    ASSERT_TRUE(splitter.has_value()) << splitter.error().ToString();
    std::map<std::string, std::vector<int64_t>> expected;  // rows by key
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      expected[splitter->Key(NaiveTuple(spec, *rows, row))].push_back(row);
    }
    const auto parts = splitter->Split(rows, pool_);
    ASSERT_TRUE(parts.has_value()) << parts.error().ToString();
    std::set<std::string> seen;
    for (const PartitionRows& part : *parts) {
      const std::string key = splitter->Key(part.tuple);
      ASSERT_TRUE(seen.insert(key).second) << "partition twice";
      ASSERT_TRUE(expected.contains(key));
      const auto& numbers = expected[key];
      ASSERT_EQ(part.rows->num_rows(), static_cast<int64_t>(numbers.size()));
      for (size_t i = 0; i < numbers.size(); ++i) {
        ASSERT_TRUE(part.rows->Slice(static_cast<int64_t>(i), 1)
                        ->Equals(*rows->Slice(numbers[i], 1), false, arrow::EqualOptions::Defaults().nans_equal(true)));
      }
    }
    EXPECT_EQ(seen.size(), expected.size());
  }

  iceberg::Schema schema_ = AllTypesSchema(3);
  RandomRows random_{11};
  arrow::MemoryPool* pool_ = arrow::default_memory_pool();
};

TEST_F(PartitionSplitterTest, EveryTransformOnEveryTypeAgreesWithApply) {
  const auto rows = random_.Batch(schema_, 300)->Slice(7);
  int tried = 0;
  for (const LeafColumn& leaf : LeafColumns(schema_)) {
    if (leaf.repeated) continue;
    for (const char* text : {"identity", "bucket[5]", "truncate[3]", "year", "month", "day", "hour", "void"}) {
      if (!Transform::Parse(text).value().ResultType(leaf.type).has_value()) continue;
      SCOPED_TRACE(leaf.name + " " + text);
      CheckAgainstNaive(Spec({{leaf.name, text}}), rows);
      ++tried;
    }
  }
  EXPECT_GE(tried, 70);
}

TEST_F(PartitionSplitterTest, SeveralFieldsMakeOneTuple) {
  const auto rows = random_.Batch(schema_, 500);
  CheckAgainstNaive(Spec({{"ts", "month"}, {"user.address.city", "truncate[1]"}, {"flag", "identity"}}), rows);
  CheckAgainstNaive(Spec({{"big", "bucket[4]"}, {"big", "truncate[10]"}}), rows);
}

TEST_F(PartitionSplitterTest, TimesBeforeTheEpochFallInTheDayBelow) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO), pool_);
  for (int64_t micros :
       {int64_t{-1}, int64_t{0}, int64_t{86'399'999'999}, int64_t{-86'400'000'000}, int64_t{-86'400'000'001}}) {
    Must(builder.Append(micros));
  }
  schema_ = {.type = Type::Struct({{.field_id = 1, .name = "ts", .type = Type::Primitive(TypeId::kTimestamp)}})};
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("ts", builder.type())}), 5, {builder.Finish().ValueOrDie()});
  const auto parts = PartitionSplitter::Make(Spec({{"ts", "day"}}), schema_)->Split(rows, pool_).value();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].tuple, PartitionTuple{int32_t{-1}});
  EXPECT_EQ(parts[0].rows->num_rows(), 2);
  EXPECT_EQ(parts[1].tuple, PartitionTuple{int32_t{0}});
  EXPECT_EQ(parts[2].tuple, PartitionTuple{int32_t{-2}});
}

TEST_F(PartitionSplitterTest, ABatchOfOnePartitionIsNotCopied) {
  const auto rows = random_.Batch(schema_, 50);
  const auto splitter = PartitionSplitter::Make(Spec({{"ts", "void"}}), schema_).value();
  const auto parts = splitter.Split(rows, pool_).value();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].rows, rows);
  EXPECT_TRUE(is_null(parts[0].tuple[0]));
  EXPECT_TRUE(splitter.Split(rows->Slice(0, 0), pool_)->empty());
}

TEST_F(PartitionSplitterTest, KeysTellNullsAndNeighboursApart) {
  const auto splitter = PartitionSplitter::Make(Spec({{"name", "identity"}, {"name", "identity"}}), schema_).value();
  const std::vector<PartitionTuple> tuples = {{Literal(), Literal()},
                                              {std::string(), Literal()},
                                              {std::string("n"), Literal()},
                                              {std::string("ab"), std::string("c")},
                                              {std::string("a"), std::string("bc")}};
  std::set<std::string> keys;
  for (const PartitionTuple& tuple : tuples) keys.insert(splitter.Key(tuple));
  EXPECT_EQ(keys.size(), tuples.size());
}

TEST_F(PartitionSplitterTest, RefusesSourcesItCannotUse) {
  EXPECT_EQ(PartitionSplitter::Make(Spec({{"tags.element", "identity"}}), schema_).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(PartitionSplitter::Make(Spec({{"name", "day"}}), schema_).error().code, ErrorCode::kInvalidArgument);
  PartitionSpec spec = Spec({{"name", "identity"}});
  spec.fields[0].source_id = 9999;
  EXPECT_EQ(PartitionSplitter::Make(spec, schema_).error().code, ErrorCode::kInvalidArgument);
  spec.fields[0].transform = Transform::Parse("void").value();  // a dropped column
  const auto parts = PartitionSplitter::Make(spec, schema_)->Split(random_.Batch(schema_, 3), pool_).value();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(is_null(parts[0].tuple[0]));
}

}  // namespace
}  // namespace k2i::datafile
