// SPDX-License-Identifier: Apache-2.0
#include "cli/table_text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace k2i::cli {
namespace {

TEST(TableTextTest, WidthsAreThoseOfTheTerminal) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("äß"), 2u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);  // e and a combining accent
  EXPECT_EQ(DisplayWidth("😀"), 2u);
  EXPECT_EQ(DisplayWidth("\xFF"), 1u);
}

TEST(TableTextTest, NothingMovesTheCursor) {
  EXPECT_EQ(Printable("a\nb\tc\x1b[2J\x7F"), "a\\nb\\tc\\x1b[2J\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"), "\\x9b");
  EXPECT_EQ(Printable("ä\xFF"), "ä\xEF\xBF\xBD");
}

TEST(TableTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(Shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(Shortened("abcdef", 5), "abcd…");
  EXPECT_EQ(Shortened("日本語", 5), "日本…");
  EXPECT_EQ(Shortened("日本語", 4), "日…");
  EXPECT_EQ(Shortened("abc", 1), "…");
}

TEST(TableTextTest, AlignsAndPads) {
  const TextTable table{.columns = {{"id", true}, {"名前"}, {"x"}},
                        .rows = {{"1", "a", "NULL"}, {"100", "日本語", ""}}};
  EXPECT_EQ(RenderTable(table, 0).text,
            "  id | 名前   | x\n"
            "-----+--------+------\n"
            "   1 | a      | NULL\n"
            " 100 | 日本語 |\n");
}

TEST(TableTextTest, FitsIntoTheTerminal) {
  const TextTable table{.columns = {{"id", true}, {"long"}, {"longer"}},
                        .rows = {{"1", std::string(30, 'a'), std::string(50, 'b')}}};
  for (const size_t width : {24u, 25u, 40u, 79u}) {
    const RenderedTable rendered = RenderTable(table, width);
    EXPECT_EQ(rendered.columns_left_out, 0u);
    std::istringstream lines(rendered.text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), width) << line;
  }
  EXPECT_EQ(RenderTable(table, 30).text,
            " id | long       | longer\n"
            "----+------------+------------\n"
            "  1 | aaaaaaaaa… | bbbbbbbbb…\n");
  EXPECT_EQ(RenderTable(table, 12).columns_left_out, 1u);
  EXPECT_EQ(RenderTable({}, 80).text, "");
}

}  // namespace
}  // namespace k2i::cli
