// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace k2i {
namespace {

TEST(Utf8Test, TakesWellFormedSequences) {
  for (const std::string_view text :
       {"a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(Utf8Length(text), text.size());
    EXPECT_TRUE(IsUtf8(text));
  }
  EXPECT_EQ(Utf8CodePoint("\xE2\x82\xAC"), 0x20ACu);
  EXPECT_EQ(Utf8CodePoint("\xF0\x9F\x98\x80"), 0x1F600u);
}

TEST(Utf8Test, RefusesOverlongSurrogatesAndTornSequences) {
  for (const std::string_view text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                                      "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
    EXPECT_EQ(Utf8Length(text), 0u);
    EXPECT_FALSE(IsUtf8(text));
  }
  EXPECT_TRUE(IsUtf8(""));
}

TEST(Utf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(Utf8Prefix("abc", 3), "abc");
  EXPECT_EQ(Utf8Prefix("abc", 2), "ab");
  EXPECT_EQ(Utf8Prefix("a\xc3\xa4z", 2), "a");
  EXPECT_EQ(Utf8Prefix("a\xc3\xa4z", 3), "a\xc3\xa4");
  EXPECT_EQ(Utf8Prefix("\xe2\x82\xac", 2), "");
}

}  // namespace
}  // namespace k2i
