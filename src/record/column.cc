// SPDX-License-Identifier: Apache-2.0
#include "record/column.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "base/utf8.h"
#include "record/nested_column.h"

namespace k2i::record {
namespace {

constexpr size_t kMaxQuotedBytes = 64;

/// A token as it may stand in a reason: short and valid UTF-8.
std::string Shorten(std::string_view token) {
  if (token == "{") return "an object";
  if (token == "[") return "an array";
  if (token.size() <= kMaxQuotedBytes) return std::string(token);
  return std::string(Utf8Prefix(token, kMaxQuotedBytes)) + "…";
}

/// True when a value can begin like this; otherwise the text is malformed rather than of another type.
bool BeginsValue(char c) { return c == '"' || c == '{' || c == '[' || c == '-' || (c >= '0' && c <= '9'); }

}  // namespace

Column::Column(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : type_(std::move(type)), validity_(pool) {}
Column::~Column() = default;

std::string Column::Path() const { return parent_ == nullptr ? "" : parent_->ChildPath(*this); }

std::shared_ptr<arrow::ArrayData> Column::SealArray(std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                                                    std::vector<std::shared_ptr<arrow::ArrayData>> children) {
  int64_t null_count = 0;
  buffers.insert(buffers.begin(), validity_.Seal(length_, &null_count));
  return arrow::ArrayData::Make(type_, std::exchange(length_, 0), std::move(buffers), std::move(children), null_count);
}

void Column::TruncateRows(int64_t length) {
  if (length >= length_) return;
  validity_.Truncate(length);
  length_ = length;
}

bool Column::Reject(JsonReader& in, std::string_view token, Why why) const {
  if (!BeginsValue(token.front()) && token != "true" && token != "false" && token != "null") {
    return in.Malformed("expected a value");
  }
  return in.Fail(fmt::format("{}: {} {}", Path(), Shorten(token), why));
}

}  // namespace k2i::record
