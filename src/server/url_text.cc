// SPDX-License-Identifier: Apache-2.0
#include "server/url_text.h"

#include "base/hex.h"
#include "base/utf8.h"

namespace k2i::server {
std::optional<std::string> PercentDecode(std::string_view text, bool form) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += form && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return decoded;
}

Result<NamedValues> ParseQuery(std::string_view text) {
  NamedValues values;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    if (field.empty()) continue;
    const std::string_view name_text = field.substr(0, field.find('='));
    auto name = PercentDecode(name_text, /*form=*/true);
    auto value = PercentDecode(field.substr(std::min(name_text.size() + 1, field.size())), /*form=*/true);
    if (!name || !value)
      return Fail(ErrorCode::kInvalidArgument, "the query part of the URL has a % without two hex digits");
    if (!IsUtf8(*name)) return Fail(ErrorCode::kInvalidArgument, "a parameter's name is not UTF-8");
    values.emplace_back(std::move(*name), std::move(*value));
  }
  return values;
}

}  // namespace k2i::server
