// SPDX-License-Identifier: Apache-2.0
#include "record/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace k2i::record {
namespace {

TEST(NumberText, KnowsTheGrammar) {
  for (const char* text :
       {"0", "-0", "1", "10", "-1.5", "0.1", "1e5", "1E+5", "1e-5", "123456789012345678901234567890"}) {
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  }
  for (const char* text :
       {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN", "Infinity", "1 ", "--1", "1.2.3", "1e5.5"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
    double value = 0;
    EXPECT_NE(ParseDouble(text, &value), nullptr) << text;
    int64_t integer = 0;
    EXPECT_NE(ParseInt64(text, &integer), nullptr) << text;
  }
}

int64_t Int64(const std::string& text) {
  int64_t value = 0;
  EXPECT_EQ(ParseInt64(text, &value), nullptr) << text;
  return value;
}

TEST(NumberText, ReadsIntegers) {
  EXPECT_EQ(Int64("0"), 0);
  EXPECT_EQ(Int64("-0"), 0);
  EXPECT_EQ(Int64("123456789012345678"), 123456789012345678);
  EXPECT_EQ(Int64("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Int64("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Int64("1.0"), 1);
  EXPECT_EQ(Int64("12e3"), 12000);
  EXPECT_EQ(Int64("1200e-2"), 12);
  EXPECT_EQ(Int64("0e99999999999"), 0);
}

TEST(NumberText, SaysWhyNotAnInteger) {
  int64_t value = 0;
  EXPECT_STREQ(ParseInt64("1.5", &value), "is not an integer");
  EXPECT_STREQ(ParseInt64("1e-1", &value), "is not an integer");
  EXPECT_STREQ(ParseInt64("9223372036854775808", &value), "does not fit a long");
  EXPECT_STREQ(ParseInt64("-9223372036854775809", &value), "does not fit a long");
  EXPECT_STREQ(ParseInt64("1e400000000000", &value), "does not fit a long");
  EXPECT_STREQ(ParseInt64("\"1\"", &value), "is not a number");
  int32_t small = 0;
  EXPECT_EQ(ParseInt32("-2147483648", &small), nullptr);
  EXPECT_EQ(small, std::numeric_limits<int32_t>::min());
  EXPECT_STREQ(ParseInt32("2147483648", &small), "does not fit an int");
}

TEST(NumberText, RoundsDoublesAsTheStandardLibrary) {
  std::mt19937_64 random(3);
  auto check = [](const std::string& text) {
    double value = 0;
    ASSERT_EQ(ParseDouble(text, &value), nullptr) << text;
    EXPECT_EQ(value, std::strtod(text.c_str(), nullptr)) << text;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string text = std::to_string(random() >> random() % 60);
    if (i % 3 != 0) text.insert(1 + random() % text.size(), text.size() > 1 && random() % 2 == 0 ? ".5" : ".0");
    if (i % 5 == 0) text += "e" + std::to_string(static_cast<int>(random() % 600) - 300);
    if (i % 7 == 0) text.insert(0, "-");
    if (IsJsonNumber(text) && std::isfinite(std::strtod(text.c_str(), nullptr))) check(text);
  }
  for (const char* text : {"9007199254740993", "0.1", "123.45", "5e-324", "1e-400", "-1e-400", "1.7976931348623157e308",
                           "0.000000000000000000000000000001", "8.5", "999999999999999", "9999999999999999"}) {
    check(text);
  }
  double value = 0;
  EXPECT_STREQ(ParseDouble("1e309", &value), "does not fit a double");
  EXPECT_EQ(ParseDouble("-0.0", &value), nullptr);
  EXPECT_TRUE(std::signbit(value));
}

TEST(NumberText, RoundsFloatsOnce) {
  float value = 0;
  // By way of a double this would round up.
  EXPECT_EQ(ParseFloat("16777217.000000000931", &value), nullptr);
  EXPECT_EQ(value, 16777218.0F);
  EXPECT_STREQ(ParseFloat("3.5e38", &value), "does not fit a float");
}

std::string Decimal(const char* text, int precision, int scale) {
  iceberg::Decimal128::Rep value = 0;
  if (const Why why = ParseDecimal(text, precision, scale, &value)) return why;
  if (value == 0) return "0";
  std::string digits;
  const bool negative = value < 0;
  for (; value != 0; value /= 10) digits.insert(0, 1, static_cast<char>('0' + std::abs(static_cast<int>(value % 10))));
  return (negative ? "-" : "") + digits;
}

TEST(NumberText, ReadsDecimalsExactly) {
  EXPECT_EQ(Decimal("1.1", 9, 2), "110");
  EXPECT_EQ(Decimal("-0.01", 9, 2), "-1");
  EXPECT_EQ(Decimal("0.10000", 9, 1), "1");
  EXPECT_EQ(Decimal("1e3", 9, 2), "100000");
  EXPECT_EQ(Decimal("12345e-3", 9, 3), "12345");
  EXPECT_EQ(Decimal("0", 1, 0), "0");
  EXPECT_EQ(Decimal("0.000", 1, 0), "0");
  EXPECT_EQ(Decimal("99999999999999999999999999999999999999", 38, 0), "99999999999999999999999999999999999999");
  EXPECT_EQ(Decimal("-0.99999999999999999999999999999999999999", 38, 38), "-99999999999999999999999999999999999999");
  EXPECT_EQ(Decimal("100000000000000000000000000000000000000000e-41", 38, 0), "1");
  EXPECT_EQ(Decimal("1.001", 9, 2), "has more fractional digits than the decimal's scale");
  EXPECT_EQ(Decimal("10000000", 9, 2), "has more digits than the decimal's precision");
  EXPECT_EQ(Decimal("1e99999999999999999999", 9, 2), "has more digits than the decimal's precision");
  EXPECT_EQ(Decimal("abc", 9, 2), "is not a number");
}

}  // namespace
}  // namespace k2i::record
