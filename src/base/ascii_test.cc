// SPDX-License-Identifier: Apache-2.0
#include "base/ascii.h"

#include <gtest/gtest.h>

namespace k2i {
namespace {

TEST(AsciiTest, LowersLettersAlone) {
  EXPECT_EQ(LowerAscii("AZaz@[`{09_Ä"), "azaz@[`{09_Ä");
  EXPECT_EQ(LowerAscii(""), "");
}

TEST(AsciiTest, TellsOtherSpellingsFromOtherWords) {
  EXPECT_TRUE(EqualsIgnoringCase("ICEBERG", "iceberg"));
  EXPECT_FALSE(EqualsIgnoringCase("iceberg", "icebergs"));
  EXPECT_FALSE(EqualsIgnoringCase("Ä", "ä"));
}

}  // namespace
}  // namespace k2i
