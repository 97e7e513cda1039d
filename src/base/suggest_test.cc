// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.h"

#include <gtest/gtest.h>

namespace k2i {
namespace {

TEST(SuggestTest, CountsEdits) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("form", "from"), 1u);
  EXPECT_EQ(Nearest("tpoic", {"topic", "topics"}), "topic");
  EXPECT_EQ(Nearest("colour", {"topic", "group_id"}), "");
  EXPECT_EQ(Nearest("xy", {"id"}), "");
}

}  // namespace
}  // namespace k2i
