// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/partition_spec.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/calendar.h"
#include "iceberg/model/literal_text.h"
#include "iceberg/model/murmur3.h"

namespace k2i::iceberg {
namespace {

using namespace std::string_literals;

TypePtr Of(TypeId id) { return Type::Primitive(id); }
Transform Parsed(const std::string& text) { return *Transform::Parse(text); }

Literal Apply(const std::string& transform, const TypePtr& type, const Literal& value) {
  return Parsed(transform).Apply(*type, value);
}

int64_t Micros(const char* timestamp) {
  const auto moment = *calendar::ParseTimestamp(timestamp, false);
  return moment.days * calendar::kMicrosPerDay + moment.nanos_of_day / 1000;
}

TEST(TransformTest, TextReadsBackAsItself) {
  for (const std::string text : {"identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour", "void"}) {
    EXPECT_EQ(Parsed(text).ToString(), text);
  }
  for (const std::string text : {"", "days", "bucket", "bucket[]", "bucket[0]", "bucket[-1]", "bucket[1", "bucket[1]x",
                                 "truncate[a]", "day[1]", "bucket[99999999999]", "Bucket[1]"}) {
    const auto transform = Transform::Parse(text);
    ASSERT_FALSE(transform.has_value()) << text;
    EXPECT_EQ(transform.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(TransformTest, ResultTypes) {
  const auto result = [](const std::string& transform, const TypePtr& source) {
    return (*Parsed(transform).ResultType(source))->ToString();
  };
  EXPECT_EQ(result("identity", Of(TypeId::kUuid)), "uuid");
  EXPECT_EQ(result("bucket[4]", Type::Decimal(9, 2)), "int");
  EXPECT_EQ(result("truncate[4]", Of(TypeId::kString)), "string");
  EXPECT_EQ(result("day", Of(TypeId::kTimestampTzNs)), "date");
  EXPECT_EQ(result("hour", Of(TypeId::kTimestamp)), "int");
  EXPECT_EQ(result("void", Of(TypeId::kDouble)), "double");
}

TEST(TransformTest, RefusesTypesThatTheSpecDoesNotList) {
  const TypePtr list = Type::List({.field_id = 1, .type = Of(TypeId::kInt)});
  for (const auto& [transform, source] :
       std::vector<std::pair<std::string, TypePtr>>{{"identity", list},
                                                    {"bucket[4]", Of(TypeId::kDouble)},
                                                    {"bucket[4]", Of(TypeId::kBoolean)},
                                                    {"truncate[4]", Of(TypeId::kUuid)},
                                                    {"truncate[4]", Of(TypeId::kDate)},
                                                    {"hour", Of(TypeId::kDate)},
                                                    {"day", Of(TypeId::kTime)},
                                                    {"year", Of(TypeId::kLong)}}) {
    const auto result = Parsed(transform).ResultType(source);
    ASSERT_FALSE(result.has_value()) << transform;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  }
}

// Bucketing by 2^31 - 1 shows the hash itself, less its sign bit.
void ExpectHash(const TypePtr& type, const Literal& value, int32_t hash) {
  const auto bucket = std::get<int32_t>(Apply("bucket[2147483647]", type, value));
  EXPECT_EQ(bucket, hash & std::numeric_limits<int32_t>::max()) << type->ToString();
}

TEST(TransformTest, HashesOfAppendixB) {
  const int64_t moment = Micros("2017-11-16T22:31:08");
  ExpectHash(Of(TypeId::kInt), int32_t{34}, 2017239379);
  ExpectHash(Of(TypeId::kLong), int64_t{34}, 2017239379);
  ExpectHash(Type::Decimal(9, 2), Decimal128{1420}, -500754589);
  ExpectHash(Of(TypeId::kDate), static_cast<int32_t>(*calendar::ParseDate("2017-11-16")), -653330422);
  ExpectHash(Of(TypeId::kTime), *calendar::ParseTime("22:31:08") / 1000, -662762989);
  ExpectHash(Of(TypeId::kTimestamp), moment, -2047944441);
  ExpectHash(Of(TypeId::kTimestampTz), moment, -2047944441);
  ExpectHash(Of(TypeId::kTimestamp), moment + 1, -1207196810);
  ExpectHash(Of(TypeId::kTimestampNs), moment * 1000, -2047944441);
  ExpectHash(Of(TypeId::kTimestampTzNs), moment * 1000 + 1001, -1207196810);
  ExpectHash(Of(TypeId::kString), "iceberg"s, 1210000089);
  ExpectHash(Of(TypeId::kUuid), *ParseUuid("f79c3e09-677c-4bbd-a479-3f349cb785e7"), 1488055340);
  ExpectHash(Type::Fixed(4), Bytes{"\0\1\2\3"s}, -188683207);
  ExpectHash(Of(TypeId::kBinary), Bytes{"\0\1\2\3"s}, -188683207);
}

TEST(TransformTest, MurmurOfOtherLengths) {
  EXPECT_EQ(Murmur3(""), 0);
  EXPECT_EQ(static_cast<uint32_t>(Murmur3("a")), 0x3c2569b2U);
}

TEST(TransformTest, BucketOfANegativeHashIsNotNegative) {
  EXPECT_EQ(Apply("bucket[16]", Of(TypeId::kDate), int32_t{17486}), Literal((-653330422 & 0x7fffffff) % 16));
}

TEST(TransformTest, TruncateNumbersDownwards) {
  EXPECT_EQ(Apply("truncate[10]", Of(TypeId::kInt), int32_t{1}), Literal(int32_t{0}));
  EXPECT_EQ(Apply("truncate[10]", Of(TypeId::kInt), int32_t{-1}), Literal(int32_t{-10}));
  EXPECT_EQ(Apply("truncate[10]", Of(TypeId::kInt), int32_t{-10}), Literal(int32_t{-10}));
  EXPECT_EQ(Apply("truncate[10]", Of(TypeId::kLong), int64_t{-11}), Literal(int64_t{-20}));
  EXPECT_EQ(Apply("truncate[50]", Type::Decimal(9, 2), Decimal128{1065}), Literal(Decimal128{1050}));
  EXPECT_EQ(Apply("truncate[10]", Type::Decimal(9, 2), Decimal128{-1}), Literal(Decimal128{-10}));
  EXPECT_EQ(Apply("truncate[10]", Of(TypeId::kLong), std::numeric_limits<int64_t>::min()),
            Literal(std::numeric_limits<int64_t>::max() - 1));
}

TEST(TransformTest, TruncateTextByCodePointsAndBinaryByBytes) {
  EXPECT_EQ(Apply("truncate[3]", Of(TypeId::kString), "iceberg"s), Literal("ice"s));
  EXPECT_EQ(Apply("truncate[3]", Of(TypeId::kString), "ic"s), Literal("ic"s));
  EXPECT_EQ(Apply("truncate[2]", Of(TypeId::kString), "\u00e9\U0001F600x"s), Literal("\u00e9\U0001F600"s));
  EXPECT_EQ(Apply("truncate[2]", Of(TypeId::kBinary), Bytes{"\x01\x02\x03"s}), Literal(Bytes{"\x01\x02"s}));
}

TEST(TransformTest, DatePartsAreFloored) {
  const int64_t before = -1;  // 1969-12-31T23:59:59.999999
  EXPECT_EQ(Apply("year", Of(TypeId::kTimestamp), before), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("month", Of(TypeId::kTimestamp), before), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("day", Of(TypeId::kTimestamp), before), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("hour", Of(TypeId::kTimestampTz), before), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("hour", Of(TypeId::kTimestampNs), before), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("month", Of(TypeId::kDate), int32_t{-31}), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("month", Of(TypeId::kDate), int32_t{-32}), Literal(int32_t{-2}));
  const int64_t moment = Micros("2017-11-16T22:31:08");
  EXPECT_EQ(Apply("year", Of(TypeId::kTimestamp), moment), Literal(int32_t{47}));
  EXPECT_EQ(Apply("month", Of(TypeId::kTimestamp), moment), Literal(int32_t{574}));
  EXPECT_EQ(Apply("day", Of(TypeId::kTimestamp), moment), Literal(int32_t{17486}));
  EXPECT_EQ(Apply("hour", Of(TypeId::kTimestamp), moment), Literal(int32_t{419686}));
}

TEST(TransformTest, NullStaysNullAndVoidMakesNull) {
  for (const std::string text : {"identity", "bucket[16]", "truncate[4]", "day", "void"}) {
    EXPECT_TRUE(is_null(Apply(text, Of(TypeId::kTimestamp), {}))) << text;
  }
  EXPECT_TRUE(is_null(Apply("void", Of(TypeId::kInt), int32_t{1})));
}

class PartitionPathTest : public ::testing::Test {
 protected:
  std::string Path(const std::vector<std::string>& transforms, int32_t source_id, const PartitionTuple& tuple) {
    PartitionSpec spec;
    for (const std::string& text : transforms) {
      const int32_t id = 1000 + static_cast<int32_t>(spec.fields.size());
      spec.fields.push_back({source_id, id, "ts_" + text.substr(0, text.find('[')), Parsed(text)});
    }
    return *PartitionPath(spec, schema_, tuple);
  }

  Schema schema_{.type = Type::Struct({{.field_id = 1, .name = "ts", .type = Of(TypeId::kTimestampTz)},
                                       {.field_id = 2, .name = "s", .type = Of(TypeId::kString)}})};
};

TEST_F(PartitionPathTest, PrintsEachTransformAsJava) {
  EXPECT_EQ(Path({"day"}, 1, {int32_t{19753}}), "ts_day=2024-01-31");
  EXPECT_EQ(Path({"year", "month"}, 1, {int32_t{54}, int32_t{648}}), "ts_year=2024/ts_month=2024-01");
  EXPECT_EQ(Path({"hour"}, 1, {int32_t{19753 * 24 + 5}}), "ts_hour=2024-01-31-05");
  EXPECT_EQ(Path({"month", "hour"}, 1, {int32_t{-1}, int32_t{-1}}), "ts_month=1969-12/ts_hour=1969-12-31-23");
  EXPECT_EQ(Path({"bucket[16]"}, 1, {int32_t{3}}), "ts_bucket=3");
  EXPECT_EQ(Path({"day"}, 1, {Literal()}), "ts_day=null");
  EXPECT_EQ(Path({"identity"}, 1, {int64_t{1'706'677'445'000'000}}), "ts_identity=2024-01-31T05%3A04%3A05Z");
  EXPECT_EQ(Path({}, 1, {}), "");
}

TEST_F(PartitionPathTest, EncodesAsJavasUrlEncoder) {
  EXPECT_EQ(Path({"identity"}, 2, {"a b/c=d%*-._~\u00e9"s}), "ts_identity=a+b%2Fc%3Dd%25*-._%7E%C3%A9");
}

TEST_F(PartitionPathTest, RefusesATupleOfTheWrongSize) {
  EXPECT_EQ(PartitionPath(PartitionSpec{}, schema_, {Literal()}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(PartitionPathTest, PartitionTypeHasAnOptionalFieldForEach) {
  const PartitionSpec spec{.spec_id = 1,
                           .fields = {{1, 1000, "ts_day", Parsed("day")},
                                      {2, 1001, "s_bucket", Parsed("bucket[4]")},
                                      {2, 1002, "s", Parsed("identity")}}};
  EXPECT_EQ((*spec.PartitionType(schema_))->ToString(),
            "struct<1000: ts_day: optional date, 1001: s_bucket: optional int, 1002: s: optional string>");
  const PartitionSpec dropped{.fields = {{9, 1000, "gone_bucket", Parsed("bucket[4]")}}};
  EXPECT_EQ((*dropped.PartitionType(schema_))->ToString(), "struct<1000: gone_bucket: optional int>");
  const PartitionSpec lost{.fields = {{9, 1000, "gone", Parsed("identity")}}};
  EXPECT_EQ(lost.PartitionType(schema_).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace k2i::iceberg
