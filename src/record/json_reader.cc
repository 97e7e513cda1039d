// SPDX-License-Identifier: Apache-2.0
#include "record/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "record/number_text.h"

namespace k2i::record {
namespace {

constexpr int kMaxDepth = 512;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four hex digits at `text`, or -1.
int32_t HexQuad(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(text[static_cast<size_t>(i)]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

char* PutUtf8(uint32_t code_point, char* out) {
  auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
  return out;
}

/// Reads what follows "\u" at the front of `rest` (a pair of escapes for a code point above U+FFFF) and drops it. -1:
/// bad.
int32_t TakeCodePoint(std::string_view& rest) {
  const int32_t first = HexQuad(rest);
  if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return -1;
  rest.remove_prefix(4);
  if (first < 0xD800 || first >= 0xDC00) return first;
  if (!rest.starts_with("\\u")) return -1;
  const int32_t second = HexQuad(rest.substr(2));
  if (second < 0xDC00 || second >= 0xE000) return -1;
  rest.remove_prefix(6);
  return 0x10000 + (first - 0xD800) * 0x400 + (second - 0xDC00);
}

/// What stands for `\c`, or 0.
char SimpleEscape(char c) {
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const size_t at = kFrom.find(c);
  return at == std::string_view::npos ? '\0' : kTo[at];
}

}  // namespace

KeyPattern::KeyPattern(std::string_view name) : quoted_("\"" + std::string(name) + "\":") {
  const bool plain = std::ranges::none_of(name, [](char c) { return c == '"' || c == '\\' || (c >= 0 && c < 0x20); });
  // A name that JSON has to escape never stands there as it is.
  needs_ = plain ? std::max<int64_t>(16, static_cast<int64_t>(quoted_.size())) : std::numeric_limits<int64_t>::max();
  const size_t compared = std::min<size_t>(16, quoted_.size());
  std::memcpy(words_, quoted_.data(), compared);
  std::memset(masks_, 0xFF, compared);
}

bool KeyPattern::MatchesRest(const char* text) const {
  return std::memcmp(text + 16, quoted_.data() + 16, quoted_.size() - 16) == 0;
}

struct JsonReader::Stage1 {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> impl;
  size_t capacity = 0;

  void Reserve(size_t bytes) {
    if (bytes < capacity) return;
    const size_t wanted = std::max<size_t>(2 * bytes, 4096);
    const auto error = impl ? impl->set_capacity(wanted)
                            : simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, impl);
    if (error != simdjson::SUCCESS) throw std::bad_alloc();
    capacity = wanted;
  }
};

JsonReader::JsonReader() : stage1_(std::make_unique<Stage1>()) {}
JsonReader::~JsonReader() = default;

bool JsonReader::Start(std::string_view json) {
  text_ = json.data();
  size_ = json.size();
  next_ = nullptr;
  if (!reason_.empty()) reason_.clear();
  if (json.empty()) return Malformed("no text");
  stage1_->Reserve(size_);
  auto& impl = *stage1_->impl;
  const auto error = impl.stage1(reinterpret_cast<const uint8_t*>(text_), size_, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return Malformed(simdjson::error_message(error));
  next_ = impl.structural_indexes.get();
  end_ = next_ + impl.n_structural_indexes;
  if (text_[*next_] != '{') return Fail("the value is not a JSON object");
  // The walk leans on this: while tokens are taken that are not '}', there is one more.
  if (text_[end_[-1]] != '}') return Malformed("the object does not end with '}'");
  has_escapes_ = std::memchr(text_, '\\', size_) != nullptr;
  return true;
}

bool JsonReader::TakeKey(std::string_view* key) {
  if (Peek() != '"') return Malformed("expected a field name");
  const std::string_view token = TakeScalar();
  if (!Unquote(token, key)) return false;
  return TakeChar() == ':' || Malformed("expected ':'");
}

bool JsonReader::Unquote(std::string_view token, std::string_view* characters) {
  *characters = token.substr(1, token.size() - 2);
  if (!has_escapes_ || characters->find('\\') == std::string_view::npos) return true;
  scratch_.resize(characters->size());
  const int64_t size = UnescapeJson(*characters, scratch_.data());
  if (size < 0) return Malformed("a bad escape in a string");
  *characters = std::string_view(scratch_.data(), static_cast<size_t>(size));
  return true;
}

bool JsonReader::TakeValue(std::string_view* json) {
  const uint32_t begin = *next_;
  if (!SkipValue(0)) return false;
  uint32_t end = *next_;  // a value is never the last of the text: the outermost '}' follows
  while (IsJsonSpace(text_[end - 1])) --end;
  *json = {text_ + begin, end - begin};
  return true;
}

bool JsonReader::SkipValue(int depth) {
  if (depth > kMaxDepth) return Malformed("nested too deeply");
  if (Peek() == '{') return SkipObject(depth);
  if (Peek() == '[') return SkipArray(depth);
  return CheckScalar(TakeScalar());
}

bool JsonReader::SkipObject(int depth) {
  TakeChar();
  if (Peek() == '}') {
    TakeChar();
    return CheckGoesOn();
  }
  for (bool more = true; more;) {
    std::string_view key;
    if (!TakeKey(&key) || !SkipValue(depth + 1) || !TakeCommaOr('}', &more)) return false;
  }
  return CheckGoesOn();
}

bool JsonReader::SkipArray(int depth) {
  TakeChar();
  if (Peek() == ']') {
    TakeChar();
    return true;
  }
  for (bool more = true; more;) {
    if (!SkipValue(depth + 1) || !TakeCommaOr(']', &more)) return false;
  }
  return true;
}

bool JsonReader::CheckScalar(std::string_view token) {
  std::string_view characters;
  if (token.front() == '"') return Unquote(token, &characters);
  if (token == "true" || token == "false" || token == "null" || IsJsonNumber(token)) return true;
  return Malformed("expected a value");
}

bool JsonReader::Fail(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

bool JsonReader::Malformed(std::string_view what) {
  if (next_ == nullptr) return Fail(fmt::format("malformed JSON: {}", what));
  return Fail(fmt::format("malformed JSON near byte {}: {}", next_ == end_ ? size_ : *next_, what));
}

int64_t UnescapeJson(std::string_view escaped, char* out) {
  char* const begin = out;
  while (!escaped.empty()) {
    const size_t plain = std::min(escaped.find('\\'), escaped.size());
    std::memcpy(out, escaped.data(), plain);
    out += plain;
    escaped.remove_prefix(plain);
    if (escaped.empty()) break;
    if (escaped.size() < 2) return -1;
    const char kind = escaped[1];
    escaped.remove_prefix(2);
    if (kind == 'u') {
      const int32_t code_point = TakeCodePoint(escaped);
      if (code_point < 0) return -1;
      out = PutUtf8(static_cast<uint32_t>(code_point), out);
    } else {
      const char c = SimpleEscape(kind);
      if (c == '\0') return -1;
      *out++ = c;
    }
  }
  return out - begin;
}

bool IsUtf8(std::string_view bytes) {
  // Most keys are short and ASCII: no need to call for the whole machinery.
  uint64_t any = 0;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) any |= LoadBytes<uint64_t>(bytes.data() + at);
  for (; at < bytes.size(); ++at) any |= static_cast<unsigned char>(bytes[at]);
  return (any & 0x8080808080808080) == 0 || simdjson::validate_utf8(bytes.data(), bytes.size());
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<int>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace k2i::record
