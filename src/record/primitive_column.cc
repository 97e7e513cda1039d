// SPDX-License-Identifier: Apache-2.0
#include "record/primitive_column.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>

#include <cstring>

#include "record/binary_text.h"

namespace k2i::record {
namespace {

constexpr Why kNotAString = "is not a string";
constexpr int64_t kChunk = 16;

/// Copies in chunks of 16 bytes, and so up to 15 more than asked for: cheaper than a call of memcpy for short strings.
/// REQUIRES: the room on both sides.
void CopyGenerously(uint8_t* to, const char* from, int64_t size) {
  int64_t at = 0;
  do {
    std::memcpy(to + at, from + at, kChunk);
    at += kChunk;
  } while (at < size);
}

}  // namespace

BooleanColumn::BooleanColumn(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : Column(std::move(type), pool), bits_(pool) {}

bool BooleanColumn::AppendJson(JsonReader& in) {
  const std::string_view token = in.TakeScalar();
  const bool value = token.front() == 't';
  const bool spelled_right = value ? token.size() == 4 && std::memcmp(token.data(), "true", 4) == 0
                                   : token.size() == 5 && std::memcmp(token.data(), "false", 5) == 0;
  if (!spelled_right) return Reject(in, token, "is not a boolean");
  bits_.Append(value);
  Finish();
  return true;
}

void BooleanColumn::AppendNull() {
  bits_.Append(false);
  FinishNull();
}

void BooleanColumn::AppendZero() {
  bits_.Append(false);
  Finish();
}

void BooleanColumn::Truncate(int64_t length) {
  bits_.Truncate(length);
  TruncateRows(length);
}

std::shared_ptr<arrow::ArrayData> BooleanColumn::Seal() { return SealArray({bits_.Seal()}); }

BytesColumn::BytesColumn(Kind kind, std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : Column(std::move(type), pool), kind_(kind), bytes_(pool), offsets_(pool) {}

bool BytesColumn::AppendJson(JsonReader& in) {
  if (kind_ == Kind::kBinary) return AppendBase64(in);
  std::string_view characters;
  if (in.Peek() == '"') {
    const std::string_view token = in.TakeScalar();
    characters = token.substr(1, token.size() - 2);
    if (in.has_escapes() && characters.find('\\') != std::string_view::npos) return AppendEscaped(in, characters);
  } else if (!in.TakeValue(&characters)) {
    return false;
  }
  const auto size = static_cast<int64_t>(characters.size());
  if (in.text_end() - (characters.data() + size) < kChunk) {
    AppendBytes(characters);
    return true;
  }
  CopyGenerously(bytes_.Reserve(size + kChunk), characters.data(), size);
  bytes_.Commit(size);
  CloseRow();
  return true;
}

bool BytesColumn::AppendEscaped(JsonReader& in, std::string_view characters) {
  auto* out = reinterpret_cast<char*>(bytes_.Reserve(static_cast<int64_t>(characters.size())));
  const int64_t size = UnescapeJson(characters, out);
  if (size < 0) return in.Malformed("a bad escape in a string");
  bytes_.Commit(size);
  CloseRow();
  return true;
}

bool BytesColumn::AppendBase64(JsonReader& in) {
  const std::string_view token = in.TakeScalar();
  std::string_view text;
  if (token.front() != '"') return Reject(in, token, kNotAString);
  if (!in.Unquote(token, &text)) return false;
  int64_t size = 0;
  uint8_t* out = bytes_.Reserve(static_cast<int64_t>(text.size()) + 1);
  if (const Why why = ParseBase64(text, out, &size)) return Reject(in, token, why);
  bytes_.Commit(size);
  CloseRow();
  return true;
}

void BytesColumn::AppendBytes(std::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (size > 0) std::memcpy(bytes_.Reserve(size), bytes.data(), bytes.size());
  bytes_.Commit(size);
  CloseRow();
}

void BytesColumn::AppendNull() {
  offsets_.Append(bytes_.size());
  FinishNull();
}

void BytesColumn::AppendZero() { CloseRow(); }

void BytesColumn::Truncate(int64_t length) {
  bytes_.Truncate(offsets_.At(length));
  offsets_.Truncate(length);
  TruncateRows(length);
}

std::shared_ptr<arrow::ArrayData> BytesColumn::Seal() {
  auto offsets = offsets_.Seal();
  return SealArray({std::move(offsets), bytes_.Seal()});
}

std::string_view BytesColumn::At(int64_t row) const {
  const int64_t begin = offsets_.At(row);
  return {reinterpret_cast<const char*>(bytes_.data()) + begin, static_cast<size_t>(offsets_.At(row + 1) - begin)};
}

FixedBytesColumn::FixedBytesColumn(int32_t width, std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : Column(std::move(type), pool), width_(width), bytes_(pool) {}

bool FixedBytesColumn::AppendJson(JsonReader& in) {
  const std::string_view token = in.TakeScalar();
  std::string_view text;
  if (token.front() != '"') return Reject(in, token, kNotAString);
  if (!in.Unquote(token, &text)) return false;
  int64_t size = 0;
  uint8_t* out = bytes_.Reserve(static_cast<int64_t>(text.size()) + width_);
  if (const Why why = ParseBase64(text, out, &size)) return Reject(in, token, why);
  if (size != width_) return Reject(in, token, "has not the column's number of bytes");
  bytes_.Commit(width_);
  Finish();
  return true;
}

void FixedBytesColumn::PutZeros() {
  std::memset(bytes_.Reserve(width_), 0, static_cast<size_t>(width_));
  bytes_.Commit(width_);
}

void FixedBytesColumn::AppendNull() {
  PutZeros();
  FinishNull();
}

void FixedBytesColumn::AppendZero() {
  PutZeros();
  Finish();
}

void FixedBytesColumn::Truncate(int64_t length) {
  bytes_.Truncate(length * width_);
  TruncateRows(length);
}

std::shared_ptr<arrow::ArrayData> FixedBytesColumn::Seal() { return SealArray({bytes_.Seal()}); }

}  // namespace k2i::record
