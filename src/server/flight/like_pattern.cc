// SPDX-License-Identifier: Apache-2.0
#include "server/flight/like_pattern.h"

namespace k2i::server::flight {
namespace {

/// Bytes of the first character; a stray byte is a character too.
size_t CharacterSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

/// Takes the first thing of `pattern`, which is not %, off both. False: it does not match.
bool Step(std::string_view& text, std::string_view& pattern) {
  if (text.empty()) return false;
  if (pattern.front() == '_') {
    text.remove_prefix(CharacterSize(text));
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  if (text.front() != pattern.front()) return false;
  text.remove_prefix(1);
  pattern.remove_prefix(1);
  return true;
}

}  // namespace

bool MatchesLike(std::string_view text, std::string_view pattern) {
  // The last % seen, and where it was tried last: only it ever needs to take more, so that time is bounded by the
  // product of the lengths.
  std::string_view retry_text;
  std::string_view retry_pattern;
  bool may_retry = false;
  while (true) {
    if (!pattern.empty() && pattern.front() == '%') {
      pattern.remove_prefix(1);
      retry_text = text;
      retry_pattern = pattern;
      may_retry = true;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    if (!pattern.empty() && Step(text, pattern)) continue;
    if (!may_retry || retry_text.empty()) return false;
    retry_text.remove_prefix(CharacterSize(retry_text));
    text = retry_text;
    pattern = retry_pattern;
  }
}

}  // namespace k2i::server::flight
