// SPDX-License-Identifier: Apache-2.0
#include "server/json_text.h"

#include <cstdint>

#include "base/utf8.h"

namespace k2i::server {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscaped(char c, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += "\\u00";
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[static_cast<unsigned char>(c) & 0xf];
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  size_t begin = 0;  // of what has not been appended yet
  const auto flush = [&](size_t end) { out->append(text, begin, end - begin); };
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (NeedsEscape(text[i])) {
        flush(i);
        AppendEscaped(text[i], out);
        begin = i + 1;
      }
      ++i;
      continue;
    }
    const size_t length = Utf8Length(text.substr(i));
    if (length == 0) {
      flush(i);
      *out += "\xEF\xBF\xBD";
      begin = i + 1;
    }
    i += length == 0 ? 1 : length;
  }
  flush(text.size());
  *out += '"';
}

}  // namespace k2i::server
