// SPDX-License-Identifier: Apache-2.0
//
// Walks one JSON text without building a tree. simdjson's first stage (SIMD, chosen for the CPU at run time) checks
// UTF-8 and strings and finds the structural characters; this class hands them out token by token. Unlike simdjson's
// on-demand front end it checks all of the text, skipped values and the end included.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace k2i::record {

template <typename T>
T LoadBytes(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// What a field's name looks like in JSON without white space or escapes, ready for comparison in words.
class KeyPattern {
 public:
  explicit KeyPattern(std::string_view name);

  /// True when `text` begins with `"name":`; may be false too when it does, but little follows before `end`.
  bool Matches(const char* text, const char* end) const {
    if (end - text < needs_) return false;
    const uint64_t difference = ((LoadBytes<uint64_t>(text) ^ words_[0]) & masks_[0]) |
                                ((LoadBytes<uint64_t>(text + 8) ^ words_[1]) & masks_[1]);
    return difference == 0 && (quoted_.size() <= 16 || MatchesRest(text));
  }

 private:
  bool MatchesRest(const char* text) const;

  uint64_t words_[2] = {0, 0};
  uint64_t masks_[2] = {0, 0};
  int64_t needs_ = 0;
  std::string quoted_;  // with the quotes and the colon
};

/// One record at a time, on one thread. The caller drives: it must look at each token, and take as RFC 8259 wants them.
/// A method that returns false has set reason(); nothing more may be read of that record.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();

  /// Begins with `json`, which must stay until the next Start; nothing outside it is read. False unless it looks like
  /// one object. Throws std::bad_alloc.
  bool Start(std::string_view json);

  /// First character of the next token: one of {}[]:,"tfn-0123456789, or another for malformed text.
  /// REQUIRES: the text has not ended. It cannot have unless a '}' has just been taken: see CheckGoesOn.
  char Peek() const { return text_[*next_]; }
  /// Takes a token of one character.
  char TakeChar() { return text_[*next_++]; }
  /// Takes a string (with its quotes), number or literal, unchecked but for the end of strings.
  std::string_view TakeScalar();
  /// Takes the key and its ':' if they stand here just so.
  bool TakeKeyIf(const KeyPattern& key);
  /// Takes an integer of one to eight digits if that is what stands here.
  bool TakeShortInteger(int64_t* value);
  /// Takes a string and ':'. The key is unescaped and valid until the next call.
  bool TakeKey(std::string_view* key);
  bool TakeNull();
  /// Takes what follows a member or element. `*more`: a comma; otherwise it was `close`, which ends a nested container.
  bool TakeCommaOr(char close, bool* more);
  /// To be called when a nested '}' or ']' has been taken: false when the text ends there.
  bool CheckGoesOn() { return next_ != end_ || Malformed("the text ends early"); }
  /// To be called when the outermost '}' has been taken.
  bool CheckEnd() { return next_ == end_ || Malformed("text follows the object"); }
  /// Takes a value of any kind, checked in full. `*json`: its text, word for word.
  bool TakeValue(std::string_view* json);

  /// Characters of a string token. Valid until the next call. Cheap where there are no escapes.
  bool Unquote(std::string_view token, std::string_view* characters);
  /// False only if no string of this text has an escape.
  bool has_escapes() const { return has_escapes_; }
  /// One past the last byte of the text.
  const char* text_end() const { return text_ + size_; }

  /// Sets the reason; always false.
  bool Fail(std::string reason);
  bool Malformed(std::string_view what);
  const std::string& reason() const { return reason_; }

 private:
  struct Stage1;

  bool SkipValue(int depth);
  bool SkipObject(int depth);
  bool SkipArray(int depth);
  bool CheckScalar(std::string_view token);

  std::unique_ptr<Stage1> stage1_;
  const char* text_ = nullptr;
  size_t size_ = 0;
  const uint32_t* next_ = nullptr;  // structural positions in text_; *end_ is size_
  const uint32_t* end_ = nullptr;
  bool has_escapes_ = false;
  std::string scratch_;
  std::string reason_;
};

/// Writes the characters of a JSON string (without quotes) to `out`, which has room for `escaped.size()` bytes. Returns
/// their number, or -1 for a bad escape or half a surrogate pair.
int64_t UnescapeJson(std::string_view escaped, char* out);

bool IsUtf8(std::string_view bytes);

/// `text` as a JSON string with its quotes, appended to `out`.
void AppendJsonString(std::string_view text, std::string* out);

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline std::string_view JsonReader::TakeScalar() {
  const uint32_t begin = *next_++;
  // Between a scalar and the next structural character stands nothing but white space: no need to look for its end.
  uint32_t end = *next_;
  while (end > begin + 1 && IsJsonSpace(text_[end - 1])) --end;
  return {text_ + begin, end - begin};
}

/// Eight digits at once: see "Quickly parsing eight digits" (Lemire, Muła).
inline bool JsonReader::TakeShortInteger(int64_t* value) {
  const uint32_t begin = next_[0], end = next_[1];  // in bounds unless '}' stands here, which is no digit
  const uint32_t size = end - begin;
  if (size > 8 || end < 8) return false;
  // The digits at the high end, zeros below: the first digit is the most significant, in the lowest byte.
  uint64_t digits = LoadBytes<uint64_t>(text_ + end - 8) ^ 0x3030303030303030;
  digits &= ~uint64_t{0} << (64 - 8 * size);
  if (((digits + 0x7676767676767676) | digits) & 0x8080808080808080) return false;
  if (size > 1 && text_[begin] == '0') return false;
  digits = digits * 10 + (digits >> 8);
  digits = (((digits & 0x000000FF000000FF) * 0x000F424000000064) +
            ((digits >> 16 & 0x000000FF000000FF) * 0x0000271000000001)) >>
           32;
  *value = static_cast<int64_t>(digits);
  ++next_;
  return true;
}

inline bool JsonReader::TakeKeyIf(const KeyPattern& key) {
  if (!key.Matches(text_ + *next_, text_end())) return false;
  next_ += 2;  // the quote and, as the text matches, the colon
  return true;
}

inline bool JsonReader::TakeNull() {
  return TakeScalar() == "null" || Malformed("a word that is not null, true or false");
}

inline bool JsonReader::TakeCommaOr(char close, bool* more) {
  const char c = TakeChar();
  *more = c == ',';
  return *more || c == close || Malformed(close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

}  // namespace k2i::record
