// SPDX-License-Identifier: Apache-2.0
#include "cli/table_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace k2i::cli {
namespace {

constexpr size_t kMinWidth = 4;        // of a column that is cut
constexpr size_t kSeparatorWidth = 3;  // " | "
constexpr std::string_view kEllipsis = "…";

struct Range {
  uint32_t first, last;
};

// The blocks of Unicode 15 that matter on terminals, not every character's property.
constexpr std::array<Range, 12> kZeroWidth{{{0x0300, 0x036F},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05BD},
                                            {0x0610, 0x061A},
                                            {0x064B, 0x065F},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x200B, 0x200F},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F},
                                            {0xE0100, 0xE01EF}}};
constexpr std::array<Range, 16> kWide{{{0x1100, 0x115F},
                                       {0x231A, 0x231B},
                                       {0x23E9, 0x23EC},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x4DBF},
                                       {0x4E00, 0xA4CF},
                                       {0xA960, 0xA97F},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0xFFE0, 0xFFE6},
                                       {0x1F300, 0x1F64F},
                                       {0x1F680, 0x1F6FF},
                                       {0x1F900, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};

template <size_t N>
bool IsIn(const std::array<Range, N>& ranges, uint32_t point) {
  return std::ranges::any_of(ranges, [&](const Range& range) { return point >= range.first && point <= range.last; });
}

size_t PointWidth(uint32_t point) {
  if (point < 0x300) return 1;
  return IsIn(kZeroWidth, point) ? 0 : IsIn(kWide, point) ? 2 : 1;
}

/// Bytes of the character that `text` begins with; one for a byte that begins none.
size_t CharacterBytes(std::string_view text) { return std::max<size_t>(1, Utf8Length(text)); }

size_t CharacterWidth(std::string_view text) { return Utf8Length(text) == 0 ? 1 : PointWidth(Utf8CodePoint(text)); }

std::string Padded(std::string_view text, size_t width, bool right) {
  std::string cell = Shortened(text, width);
  const size_t used = DisplayWidth(cell);
  cell.insert(right ? 0 : cell.size(), width > used ? width - used : 0, ' ');
  return cell;
}

std::vector<size_t> NaturalWidths(const TextTable& table) {
  std::vector<size_t> widths;
  for (const auto& column : table.columns) widths.push_back(std::max<size_t>(1, DisplayWidth(column.name)));
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  return widths;
}

size_t Total(const std::vector<size_t>& widths, size_t cap) {
  size_t total = 2 + kSeparatorWidth * (widths.size() - 1);
  for (const size_t width : widths) total += std::min(width, cap);
  return total;
}

/// Leaves out the last columns and cuts the widest until all fit into `limit`.
void Fit(size_t limit, std::vector<size_t>& widths) {
  while (widths.size() > 1 && Total(widths, kMinWidth) > limit) widths.pop_back();
  size_t cap = kMinWidth;
  while (cap < limit && Total(widths, cap + 1) <= limit) ++cap;
  // What is left over goes to the first of those that are still cut.
  size_t left = limit > Total(widths, cap) ? limit - Total(widths, cap) : 0;
  for (size_t& width : widths) {
    if (width <= cap) continue;
    width = cap + (left > 0 ? 1 : 0);
    left -= left > 0 ? 1 : 0;
  }
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (; !text.empty(); text.remove_prefix(CharacterBytes(text))) width += CharacterWidth(text);
  return width;
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (; !text.empty(); text.remove_prefix(CharacterBytes(text))) {
    if (Utf8Length(text) == 0) {
      printable += "\xEF\xBF\xBD";
      continue;
    }
    const uint32_t point = Utf8CodePoint(text);
    if (point == '\n') {
      printable += "\\n";
    } else if (point == '\t') {
      printable += "\\t";
    } else if (point < 0x20 || (point >= 0x7F && point < 0xA0)) {
      printable += fmt::format("\\x{:02x}", point);
    } else {
      printable += text.substr(0, CharacterBytes(text));
    }
  }
  return printable;
}

std::string Shortened(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string shorter;
  for (size_t used = 0; width > 0; text.remove_prefix(CharacterBytes(text))) {
    used += CharacterWidth(text);
    if (used > width - 1) break;
    shorter += text.substr(0, CharacterBytes(text));
  }
  return width > 0 ? shorter + std::string(kEllipsis) : shorter;
}

RenderedTable RenderTable(const TextTable& table, size_t width) {
  if (table.columns.empty()) return {};
  std::vector<size_t> widths = NaturalWidths(table);
  if (width > 0 && Total(widths, SIZE_MAX / 2) > width) Fit(width, widths);
  RenderedTable rendered{.text = {}, .columns_left_out = table.columns.size() - widths.size()};
  const auto add_line = [&](auto cell) {
    std::string line = " ";
    for (size_t i = 0; i < widths.size(); ++i) line += (i > 0 ? " | " : "") + cell(i);
    while (line.ends_with(' ')) line.pop_back();
    rendered.text += line + '\n';
  };
  add_line([&](size_t i) { return Padded(table.columns[i].name, widths[i], table.columns[i].right); });
  for (size_t i = 0; i < widths.size(); ++i) rendered.text += (i > 0 ? "+" : "") + std::string(widths[i] + 2, '-');
  rendered.text += '\n';
  for (const auto& row : table.rows) {
    add_line([&](size_t i) { return Padded(row[i], widths[i], table.columns[i].right); });
  }
  return rendered;
}

}  // namespace k2i::cli
