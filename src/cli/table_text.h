// SPDX-License-Identifier: Apache-2.0
//
// Rows as a table on a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace k2i::cli {

struct TextTable {
  struct Column {
    std::string name;
    bool right = false;  // numbers
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // a cell for each column
};

/// Columns that `text` takes up on a terminal. UTF-8; wide characters (East Asian, emoji) take two, combining ones
/// none.
size_t DisplayWidth(std::string_view text);

/// `text` without what would move the cursor or colour the screen: control characters as \n, \t or \x1b, and bytes that
/// are not UTF-8 as U+FFFD.
std::string Printable(std::string_view text);

/// `text` within `width` columns: cut, with … as the last character, where it is longer.
std::string Shortened(std::string_view text, size_t width);

struct RenderedTable {
  std::string text;
  size_t columns_left_out = 0;  // for which there was no room at all
};
/// ` id | name` and so on, lines within `width` columns; 0: as wide as it takes. Long cells are cut, the longest first.
RenderedTable RenderTable(const TextTable& table, size_t width);

}  // namespace k2i::cli
