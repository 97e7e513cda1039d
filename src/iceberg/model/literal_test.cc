// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/literal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/calendar.h"
#include "iceberg/model/decimal.h"
#include "iceberg/model/literal_text.h"
#include "iceberg/model/type.h"

namespace k2i::iceberg {
namespace {

using namespace std::string_literals;

TypePtr Of(TypeId id) { return Type::Primitive(id); }
UuidBytes Uuid(std::string_view text) { return *ParseUuid(text); }

struct BinaryCase {
  TypePtr type;
  Literal value;
  std::string bytes;
};

TEST(LiteralTest, BinaryFormOfTheSpec) {
  const BinaryCase cases[] = {
      {Of(TypeId::kBoolean), true, "\x01"s},
      {Of(TypeId::kBoolean), false, "\x00"s},
      {Of(TypeId::kInt), int32_t{34}, "\x22\x00\x00\x00"s},
      {Of(TypeId::kInt), int32_t{-2}, "\xfe\xff\xff\xff"s},
      {Of(TypeId::kLong), int64_t{34}, "\x22\x00\x00\x00\x00\x00\x00\x00"s},
      {Of(TypeId::kFloat), -4.5F, "\x00\x00\x90\xc0"s},
      {Of(TypeId::kDouble), 6.0, "\x00\x00\x00\x00\x00\x00\x18\x40"s},
      {Of(TypeId::kDate), int32_t{1000}, "\xe8\x03\x00\x00"s},
      {Of(TypeId::kTime), int64_t{10000}, "\x10\x27\x00\x00\x00\x00\x00\x00"s},
      {Of(TypeId::kTimestampTzNs), int64_t{400000}, "\x80\x1a\x06\x00\x00\x00\x00\x00"s},
      {Of(TypeId::kString), "ABC"s, "ABC"s},
      {Of(TypeId::kUuid), Uuid("f79c3e09-677c-4bbd-a479-3f349cb785e7"),
       "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"s},
      {Type::Fixed(2), Bytes{"ab"}, "ab"s},
      {Of(TypeId::kBinary), Bytes{"Z\0"s}, "Z\0"s},
      {Type::Decimal(9, 2), Decimal128{1420}, "\x05\x8c"s},
      {Type::Decimal(9, 2), Decimal128{0}, "\x00"s},
      {Type::Decimal(9, 2), Decimal128{-1}, "\xff"s},
      {Type::Decimal(9, 2), Decimal128{127}, "\x7f"s},
      {Type::Decimal(9, 2), Decimal128{128}, "\x00\x80"s},
      {Type::Decimal(9, 2), Decimal128{-128}, "\x80"s},
      {Type::Decimal(9, 2), Decimal128{-129}, "\xff\x7f"s},
  };
  for (const BinaryCase& c : cases) {
    EXPECT_EQ(SerializeLiteral(*c.type, c.value), c.bytes) << c.type->ToString();
    const auto back = DeserializeLiteral(*c.type, c.bytes);
    ASSERT_TRUE(back.has_value()) << c.type->ToString();
    EXPECT_EQ(*back, c.value) << c.type->ToString();
  }
  EXPECT_EQ(SerializeLiteral(*Of(TypeId::kLong), {}), "");
}

TEST(LiteralTest, ReadsBoundsWrittenBeforeAPromotion) {
  EXPECT_EQ(*DeserializeLiteral(*Of(TypeId::kLong), "\xfe\xff\xff\xff"s), Literal(int64_t{-2}));
  EXPECT_EQ(*DeserializeLiteral(*Of(TypeId::kDouble), "\x00\x00\x90\xc0"s), Literal(-4.5));
}

TEST(LiteralTest, RefusesWrongLengths) {
  for (const auto& [type, bytes] :
       std::vector<std::pair<TypePtr, std::string>>{{Of(TypeId::kBoolean), ""s},
                                                    {Of(TypeId::kInt), "123"s},
                                                    {Of(TypeId::kLong), "12345"s},
                                                    {Of(TypeId::kDate), "12345678"s},
                                                    {Of(TypeId::kUuid), "123"s},
                                                    {Type::Fixed(3), "12"s},
                                                    {Type::Decimal(9, 2), ""s},
                                                    {Type::Decimal(38, 2), "12345678901234567"s},
                                                    {Of(TypeId::kUnknown), "1"s}}) {
    const auto result = DeserializeLiteral(*type, bytes);
    ASSERT_FALSE(result.has_value()) << type->ToString();
    EXPECT_EQ(result.error().code, ErrorCode::kCorruption);
  }
}

TEST(LiteralTest, HumanStringsAreJavas) {
  EXPECT_EQ(ToHumanString(*Of(TypeId::kInt), {}), "null");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kBoolean), true), "true");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kLong), int64_t{-7}), "-7");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kDate), int32_t{19753}), "2024-01-31");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kDate), int32_t{-1}), "1969-12-31");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTime), int64_t{36'775'038'194}), "10:12:55.038194");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTime), int64_t{36'720'000'000}), "10:12");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTimestamp), int64_t{1'512'123'175'038'194}), "2017-12-01T10:12:55.038194");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTimestampTz), int64_t{1'512'123'175'038'000}), "2017-12-01T10:12:55.038Z");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTimestamp), int64_t{-1}), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kTimestampNs), int64_t{-1}), "1969-12-31T23:59:59.999999999");
  EXPECT_EQ(ToHumanString(*Type::Decimal(9, 2), Decimal128{-1420}), "-14.20");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kBinary), Bytes{"\x01\x02\x03"s}), "AQID");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kBinary), Bytes{"\xff"s}), "/w==");
  EXPECT_EQ(ToHumanString(*Of(TypeId::kUuid), Uuid("F79C3E09-677c-4bbd-a479-3f349cb785e7")),
            "f79c3e09-677c-4bbd-a479-3f349cb785e7");
}

TEST(LiteralTest, DecimalsAsText) {
  EXPECT_EQ(DecimalToText({5}, 0), "5");
  EXPECT_EQ(DecimalToText({5}, 6), "0.000005");
  EXPECT_EQ(DecimalToText({5}, 7), "5E-7");
  EXPECT_EQ(DecimalToText({-15}, 10), "-1.5E-9");
  EXPECT_EQ(DecimalToPlainText({5}, 7), "0.0000005");
  const Decimal128 least{std::numeric_limits<Decimal128::Rep>::min()};
  EXPECT_EQ(DecimalToPlainText(least, 0), "-170141183460469231731687303715884105728");
  EXPECT_EQ(DecimalToBytes(least).size(), 16U);
  EXPECT_EQ(*DecimalFromBytes(DecimalToBytes(least)), least);
  EXPECT_EQ(DecimalFromPlainText("-14.20", 9, 2), Decimal128{-1420});
  EXPECT_EQ(DecimalFromPlainText("007", 1, 0), Decimal128{7});
  for (const char* bad : {"", "-", "14.2", "14.200", "14", "a.20", "1 .20", ".20", "12345678.90"}) {
    EXPECT_FALSE(DecimalFromPlainText(bad, 9, 2).has_value()) << bad;
  }
}

TEST(LiteralTest, FloatingTextIsJavas) {
  EXPECT_EQ(FloatingText(1.0), "1.0");
  EXPECT_EQ(FloatingText(-0.0), "-0.0");
  EXPECT_EQ(FloatingText(0.001), "0.001");
  EXPECT_EQ(FloatingText(0.0001), "1.0E-4");
  EXPECT_EQ(FloatingText(1234567.5), "1234567.5");
  EXPECT_EQ(FloatingText(1e7), "1.0E7");
  EXPECT_EQ(FloatingText(1.25e-300), "1.25E-300");
  EXPECT_EQ(FloatingText(0.1F), "0.1");
  EXPECT_EQ(FloatingText(100.0F), "100.0");
  EXPECT_EQ(FloatingText(std::nan("")), "NaN");
  EXPECT_EQ(FloatingText(-INFINITY), "-Infinity");
}

TEST(CalendarTest, DaysAndDatesAreInverse) {
  for (int64_t days = -3'000'000; days <= 3'000'000; days += 379) {
    ASSERT_EQ(calendar::ToDays(calendar::FromDays(days)), days);
  }
  EXPECT_EQ(calendar::FormatDate(0), "1970-01-01");
  EXPECT_EQ(calendar::FormatDate(calendar::ToDays({2000, 2, 29}) + 1), "2000-03-01");
  EXPECT_EQ(calendar::FormatDate(calendar::ToDays({1900, 2, 28}) + 1), "1900-03-01");
  EXPECT_EQ(calendar::FormatIsoDate(calendar::ToDays({10000, 1, 1})), "+10000-01-01");
  EXPECT_EQ(calendar::FormatDate(std::numeric_limits<int32_t>::max()), "5881580-07-11");
}

TEST(CalendarTest, ParsesWhatItPrints) {
  EXPECT_EQ(calendar::ParseDate("2024-01-31"), 19753);
  EXPECT_EQ(calendar::ParseDate("+10000-01-01"), calendar::ToDays({10000, 1, 1}));
  EXPECT_EQ(calendar::ParseTime("05:04"), 18'240'000'000'000);
  EXPECT_EQ(calendar::ParseTime("00:00:00.12"), 120'000'000);
  EXPECT_EQ(calendar::ParseTimestamp("1970-01-02T00:00:00.000001+00:00", true)->nanos_of_day, 1000);
  EXPECT_EQ(calendar::ParseTimestamp("1970-01-02T00:00Z", true)->days, 1);
  for (const char* bad : {"2023-02-29", "2024-13-01", "2024-00-01", "24-01-01", "2024-1-1", "2024-01-01 ", ""}) {
    EXPECT_FALSE(calendar::ParseDate(bad).has_value()) << bad;
  }
  for (const char* bad : {"24:00", "12:60", "12", "12:00:60", "12:00:00.", "12:00:00.1234567890", "1-:00"}) {
    EXPECT_FALSE(calendar::ParseTime(bad).has_value()) << bad;
  }
  EXPECT_FALSE(calendar::ParseTimestamp("2024-01-01T00:00+01:00", true).has_value());
  EXPECT_FALSE(calendar::ParseTimestamp("2024-01-01T00:00", true).has_value());
}

}  // namespace
}  // namespace k2i::iceberg
