// SPDX-License-Identifier: Apache-2.0
#include "datafile/bounds.h"

#include <gtest/gtest.h>

#include <random>

namespace k2i::datafile {
namespace {

using iceberg::Bytes;
using iceberg::Literal;
using Cut = std::optional<Literal>;

TEST(BoundsTest, ShortValuesStayAsTheyAre) {
  EXPECT_EQ(LowerBound(std::string("abc"), 3), Cut(std::string("abc")));
  EXPECT_EQ(UpperBound(std::string("abc"), 3), Cut(std::string("abc")));
  EXPECT_EQ(UpperBound(std::string(), 3), Cut(std::string()));
  EXPECT_EQ(UpperBound(Bytes{"\xff\xff"}, 2), Cut(Bytes{"\xff\xff"}));
}

TEST(BoundsTest, LongValuesAreCutAndTheUpperIsRaised) {
  EXPECT_EQ(LowerBound(std::string("abcd"), 3), Cut(std::string("abc")));
  EXPECT_EQ(UpperBound(std::string("abcd"), 3), Cut(std::string("abd")));
  EXPECT_EQ(LowerBound(Bytes{"abcd"}, 3), Cut(Bytes{"abc"}));
  EXPECT_EQ(UpperBound(Bytes{"ab\xff\xff"}, 3), Cut(Bytes{"ac"}));
  EXPECT_EQ(UpperBound(std::string("a\x7f-"), 2), Cut(std::string("a\u0080")));
}

TEST(BoundsTest, TextIsCutByCodePointsAndSkipsSurrogates) {
  EXPECT_EQ(LowerBound(std::string("\u00e9\u4e2d\U0001F600x"), 2), Cut(std::string("\u00e9\u4e2d")));
  EXPECT_EQ(UpperBound(std::string("\u00e9\u4e2d\U0001F600x"), 3), Cut(std::string("\u00e9\u4e2d\U0001F601")));
  EXPECT_EQ(UpperBound(std::string("\uD7FFx"), 1), Cut(std::string("\uE000")));
  EXPECT_EQ(UpperBound(std::string("a\U0010FFFFx"), 2), Cut(std::string("b")));
}

TEST(BoundsTest, NoUpperBoundWhereNothingCanBeRaised) {
  EXPECT_EQ(UpperBound(std::string("\U0010FFFF\U0010FFFFx"), 2), std::nullopt);
  EXPECT_EQ(UpperBound(Bytes{"\xff\xff\xff"}, 2), std::nullopt);
}

TEST(BoundsTest, NoBoundForTextThatIsNotUtf8) {
  for (const char* bad : {"\xc3xx", "\x80xx", "\xf8xxx", "\xe4\xb8", "\xc0\xafx"}) {
    EXPECT_EQ(UpperBound(std::string(bad), 2), std::nullopt) << bad;
    EXPECT_EQ(LowerBound(std::string(bad), 2), std::nullopt) << bad;
  }
}

TEST(BoundsTest, OtherTypesAndFullModeAreNotCut) {
  EXPECT_EQ(UpperBound(int64_t{7}, 1), Cut(int64_t{7}));
  EXPECT_EQ(UpperBound(std::string("abcd"), std::nullopt), Cut(std::string("abcd")));
  EXPECT_EQ(LowerBound(Bytes{"abcd"}, std::nullopt), Cut(Bytes{"abcd"}));
}

TEST(BoundsTest, RandomBytesAreBounded) {
  std::mt19937 random(1);
  for (int round = 0; round < 10'000; ++round) {
    Bytes value;
    for (size_t length = random() % 6; length > 0; --length) value.value += static_cast<char>(0xFD + random() % 3);
    const size_t cut = 1 + random() % 4;
    EXPECT_LE(std::get<Bytes>(*LowerBound(value, cut)), value);
    const auto upper = UpperBound(value, cut);
    EXPECT_TRUE(!upper || std::get<Bytes>(*upper) >= value);
  }
}

TEST(ExtremesTest, IncludeWidens) {
  Extremes all;
  all.Include({});
  EXPECT_TRUE(all.empty());
  all.Include({int32_t{3}, int32_t{5}});
  all.Include({int32_t{-1}, int32_t{4}});
  all.Include({});
  EXPECT_EQ(all.smallest, Literal(int32_t{-1}));
  EXPECT_EQ(all.largest, Literal(int32_t{5}));
  Extremes bytes{Bytes{"a"}, Bytes{"a"}};
  bytes.Include({Bytes{"\xff"}, Bytes{"\xff"}});  // bytes are unsigned
  EXPECT_EQ(bytes.smallest, Literal(Bytes{"a"}));
  EXPECT_EQ(bytes.largest, Literal(Bytes{"\xff"}));
}

}  // namespace
}  // namespace k2i::datafile
