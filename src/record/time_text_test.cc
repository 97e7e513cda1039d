// SPDX-License-Identifier: Apache-2.0
#include "record/time_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

namespace k2i::record {
namespace {

int64_t Micros(const char* text, Zone zone = Zone::kWith) {
  int64_t value = -1;
  EXPECT_EQ(ParseTimestamp(text, zone, TimeUnit::kMicros, &value), nullptr) << text;
  return value;
}

TEST(TimeText, ReadsDates) {
  int32_t days = -1;
  EXPECT_EQ(ParseDate("1970-01-01", &days), nullptr);
  EXPECT_EQ(days, 0);
  EXPECT_EQ(ParseDate("1969-12-31", &days), nullptr);
  EXPECT_EQ(days, -1);
  EXPECT_EQ(ParseDate("2000-02-29", &days), nullptr);
  EXPECT_EQ(days, 11016);
  EXPECT_EQ(ParseDate("0000-03-01", &days), nullptr);
  EXPECT_EQ(days, -719468);
  for (const char* text : {"", "2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00",
                           "24-01-01", "2024-1-01", "2024/01/01", "2024-01-01 ", "2024-01-01T00:00:00", "x024-01-01"}) {
    EXPECT_NE(ParseDate(text, &days), nullptr) << text;
  }
}

TEST(TimeText, AgreesWithTheCalendarOfTheStandardLibrary) {
  using namespace std::chrono;
  for (sys_days day = 1600y / January / 1; day < sys_days(2401y / January / 1); day += days(1)) {
    const year_month_day date(day);
    char text[16];
    std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    int32_t value = 0;
    ASSERT_EQ(ParseDate(text, &value), nullptr) << text;
    ASSERT_EQ(value, day.time_since_epoch().count()) << text;
  }
}

TEST(TimeText, ReadsTimes) {
  int64_t micros = -1;
  EXPECT_EQ(ParseTime("12:34:56.789", &micros), nullptr);
  EXPECT_EQ(micros, 45296789000);
  EXPECT_EQ(ParseTime("23:59:59.9999999", &micros), nullptr);
  EXPECT_EQ(micros, 86399999999);
  for (const char* text : {"24:00:00", "12:60:00", "12:00:60", "12:00", "12:00:00.", "12:00:00Z", "1:00:00"}) {
    EXPECT_NE(ParseTime(text, &micros), nullptr) << text;
  }
}

TEST(TimeText, ReadsTimestamps) {
  EXPECT_EQ(Micros("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(Micros("2024-01-31T12:34:56.789Z"), 1706704496789000);
  EXPECT_EQ(Micros("2024-01-31t14:34:56.789+02:00"), 1706704496789000);
  EXPECT_EQ(Micros("2024-01-31 07:04:56.789123-0530"), 1706704496789123);
  EXPECT_EQ(Micros("2024-01-31T12:34:56.123456789Z"), 1706704496123456);
  EXPECT_EQ(Micros("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(Micros("2024-01-31T12:34:56", Zone::kWithout), 1706704496000000);
  int64_t nanos = 0;
  EXPECT_EQ(ParseTimestamp("2024-01-31T12:34:56.123456789Z", Zone::kWith, TimeUnit::kNanos, &nanos), nullptr);
  EXPECT_EQ(nanos, 1706704496123456789);
  EXPECT_STREQ(ParseTimestamp("9999-12-31T23:59:59Z", Zone::kWith, TimeUnit::kNanos, &nanos),
               "is out of the timestamp's range");
}

TEST(TimeText, WantsTheZoneTheColumnHas) {
  int64_t value = 0;
  EXPECT_STREQ(ParseTimestamp("2024-01-31T12:34:56", Zone::kWith, TimeUnit::kMicros, &value),
               "has no UTC offset, but its column is with time zone");
  EXPECT_STREQ(ParseTimestamp("2024-01-31T12:34:56Z", Zone::kWithout, TimeUnit::kMicros, &value),
               "has an UTC offset or other text after the timestamp");
  for (const char* text : {"2024-01-31T12:34:56+2:00", "2024-01-31T12:34:56Zx", "2024-01-31T12:34:56+24:00",
                           "2024-01-31", "2024-01-31T12:34Z", "now", ""}) {
    EXPECT_NE(ParseTimestamp(text, Zone::kWith, TimeUnit::kMicros, &value), nullptr) << text;
  }
}

TEST(TimeText, ReaderAgreesWithParseTimestamp) {
  std::mt19937 random(5);
  for (const TimeUnit unit : {TimeUnit::kMicros, TimeUnit::kNanos}) {
    for (const Zone zone : {Zone::kWith, Zone::kWithout}) {
      TimestampReader reader(zone, unit);
      for (int i = 0; i < 50'000; ++i) {
        std::string text = random() % 2 == 0 ? "2024-01-31T12:34:56.789Z" : "2024-01-31T12:34:56Z";
        if (random() % 8 == 0) text[text.size() - 1] = '0';
        for (unsigned changes = random() % 3; changes > 0; --changes) {
          text[random() % text.size()] = "0123456789:.-Z+"[random() % 15];
        }
        int64_t expected = 0, actual = 0;
        const Why why = ParseTimestamp(text, zone, unit, &expected);
        ASSERT_STREQ(reader.Parse(text, &actual), why) << text;
        if (why == nullptr) {
          ASSERT_EQ(actual, expected) << text;
        }
      }
    }
  }
}

TEST(TimeText, ReaderForgetsAMinuteThatIsNone) {
  TimestampReader reader(Zone::kWith, TimeUnit::kMicros);
  int64_t value = 0;
  EXPECT_EQ(reader.Parse("2024-01-31T12:34:56Z", &value), nullptr);
  EXPECT_NE(reader.Parse("2024-01-32T12:34:56Z", &value), nullptr);
  EXPECT_NE(reader.Parse("2024-01-32T12:34:57Z", &value), nullptr);
  EXPECT_EQ(reader.Parse("2024-01-31T12:34:57Z", &value), nullptr);
  EXPECT_EQ(value, 1706704497000000);
}

TEST(TimeText, TurnsMillisecondsIntoUnits) {
  int64_t value = 0;
  EXPECT_EQ(TimestampFromMillis(1706704496789, TimeUnit::kMicros, &value), nullptr);
  EXPECT_EQ(value, 1706704496789000);
  EXPECT_NE(TimestampFromMillis(int64_t{1} << 62, TimeUnit::kMicros, &value), nullptr);
}

}  // namespace
}  // namespace k2i::record
