// SPDX-License-Identifier: Apache-2.0
#include "record/nested_column.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace k2i::record {

bool NestedColumn::AppendNullTo(JsonReader& in, Column& child, bool required) {
  if (!in.TakeNull()) return false;
  if (required) return in.Fail(fmt::format("{}: null, but the column is required", child.Path()));
  child.AppendNull();
  return true;
}

bool NestedColumn::TakeOpen(JsonReader& in, char open, Why why) const {
  if (in.Peek() != open) return Reject(in, in.TakeScalar(), why);
  in.TakeChar();
  return true;
}

StructColumn::StructColumn(std::vector<Field> fields, UnknownFields& unknown, std::shared_ptr<arrow::DataType> type,
                           arrow::MemoryPool* pool)
    : NestedColumn(std::move(type), pool), fields_(std::move(fields)), unknown_(unknown) {
  for (size_t i = 0; i < fields_.size(); ++i) {
    Adopt(*fields_[i].column);
    patterns_.emplace_back(fields_[i].name);
    index_by_name_.emplace(fields_[i].name, static_cast<int32_t>(i));
    successor_.push_back(static_cast<int32_t>(i));
  }
  successor_.push_back(kUnknown);
}

bool StructColumn::AppendJson(JsonReader& in) {
  if (!TakeOpen(in, '{', "is not an object")) return false;
  size_t filled = 0;
  if (in.Peek() == '}') {
    in.TakeChar();
  } else if (!AppendFields(in, &filled)) {
    return false;
  }
  if (parent_ != nullptr && !in.CheckGoesOn()) return false;
  if (filled < fields_.size() && !FillMissing(in)) return false;
  Finish();
  return true;
}

inline bool StructColumn::AppendField(JsonReader& in, int32_t index, size_t* filled) {
  Field& field = fields_[static_cast<size_t>(index)];
  if (field.column->length() > length_) {
    field.column->Truncate(length_);  // there twice: the last one counts
  } else {
    ++*filled;
  }
  return AppendChild(in, *field.column, field.required);
}

bool StructColumn::AppendFields(JsonReader& in, size_t* filled) {
  size_t slot = 0;
  for (bool more = true; more;) {
    int32_t index = successor_[slot];
    std::string_view key;
    if (index == kUnknown || !in.TakeKeyIf(patterns_[static_cast<size_t>(index)])) {
      if (!in.TakeKey(&key)) return false;
      index = Lookup(key);
    }
    if (index == kUnknown) {
      if (!AppendUnknown(in, key)) return false;
    } else {
      if (!AppendField(in, index, filled)) return false;
      successor_[slot] = index;
      slot = static_cast<size_t>(index) + 1;
    }
    if (!in.TakeCommaOr('}', &more)) return false;
  }
  return true;
}

bool StructColumn::AppendUnknown(JsonReader& in, std::string_view key) {
  const std::string name(key);  // the reader may reuse the memory of an unescaped key
  std::string_view json;
  if (!in.TakeValue(&json)) return false;
  unknown_.Add(Path(), name, json);
  return true;
}

bool StructColumn::FillMissing(JsonReader& in) {
  for (Field& field : fields_) {
    if (field.column->length() > length_) continue;
    if (field.required) return in.Fail(fmt::format("{}: missing, but the column is required", field.column->Path()));
    field.column->AppendNull();
  }
  return true;
}

int32_t StructColumn::Lookup(std::string_view key) const {
  const auto found = index_by_name_.find(key);
  return found == index_by_name_.end() ? kUnknown : found->second;
}

void StructColumn::FillWithNothing() {
  for (Field& field : fields_) field.required ? field.column->AppendZero() : field.column->AppendNull();
}

void StructColumn::AppendNull() {
  FillWithNothing();
  FinishNull();
}

void StructColumn::AppendZero() {
  FillWithNothing();
  Finish();
}

void StructColumn::Truncate(int64_t length) {
  for (Field& field : fields_) field.column->Truncate(length);
  TruncateRows(length);
}

std::vector<std::shared_ptr<arrow::ArrayData>> StructColumn::SealChildren() {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (Field& field : fields_) children.push_back(field.column->Seal());
  length_ = 0;
  return children;
}

std::shared_ptr<arrow::ArrayData> StructColumn::Seal() {
  const int64_t length = length_;
  auto children = SealChildren();
  length_ = length;
  return SealArray({}, std::move(children));
}

std::string StructColumn::ChildPath(const Column& child) const {
  const auto field = std::ranges::find(fields_, &child, [](const Field& f) { return f.column.get(); });
  return parent_ == nullptr ? field->name : Path() + "." + field->name;
}

ListColumn::ListColumn(std::unique_ptr<Column> element, bool element_required, std::shared_ptr<arrow::DataType> type,
                       arrow::MemoryPool* pool)
    : NestedColumn(std::move(type), pool),
      element_(std::move(element)),
      element_required_(element_required),
      offsets_(pool) {
  Adopt(*element_);
}

bool ListColumn::AppendJson(JsonReader& in) {
  if (!TakeOpen(in, '[', "is not an array")) return false;
  if (in.Peek() == ']') {
    in.TakeChar();
  } else {
    for (bool more = true; more;) {
      if (!AppendChild(in, *element_, element_required_) || !in.TakeCommaOr(']', &more)) return false;
    }
  }
  CloseRow();
  return true;
}

void ListColumn::CloseRow() {
  offsets_.Append(element_->length());
  Finish();
}

void ListColumn::AppendNull() {
  offsets_.Append(element_->length());
  FinishNull();
}

void ListColumn::AppendZero() { CloseRow(); }

void ListColumn::Truncate(int64_t length) {
  element_->Truncate(offsets_.At(length));
  offsets_.Truncate(length);
  TruncateRows(length);
}

std::shared_ptr<arrow::ArrayData> ListColumn::Seal() {
  auto element = element_->Seal();
  return SealArray({offsets_.Seal()}, {std::move(element)});
}

std::string ListColumn::ChildPath(const Column& child) const {
  return fmt::format("{}[{}]", Path(), child.length() - offsets_.At(length_));
}

MapColumn::MapColumn(std::unique_ptr<BytesColumn> keys, std::unique_ptr<Column> values, bool value_required,
                     std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : NestedColumn(std::move(type), pool),
      keys_(std::move(keys)),
      values_(std::move(values)),
      value_required_(value_required),
      offsets_(pool) {
  Adopt(*keys_);
  Adopt(*values_);
}

bool MapColumn::AppendJson(JsonReader& in) {
  if (!TakeOpen(in, '{', "is not an object")) return false;
  if (in.Peek() == '}') {
    in.TakeChar();
  } else if (!AppendEntries(in)) {
    return false;
  }
  if (!in.CheckGoesOn() || !CheckKeysDiffer(in)) return false;
  CloseRow();
  return true;
}

bool MapColumn::AppendEntries(JsonReader& in) {
  for (bool more = true; more;) {
    std::string_view key;
    if (!in.TakeKey(&key)) return false;
    keys_->AppendBytes(key);
    if (!AppendChild(in, *values_, value_required_) || !in.TakeCommaOr('}', &more)) return false;
  }
  return true;
}

bool MapColumn::CheckKeysDiffer(JsonReader& in) const {
  const int64_t begin = offsets_.At(length_);
  if (keys_->length() - begin < 2) return true;
  std::vector<std::string_view> keys;
  for (int64_t row = begin; row < keys_->length(); ++row) keys.push_back(keys_->At(row));
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  return twice == keys.end() || in.Fail(fmt::format("{}: the key \"{}\" is there twice", Path(), *twice));
}

void MapColumn::CloseRow() {
  offsets_.Append(keys_->length());
  Finish();
}

void MapColumn::AppendZero() { CloseRow(); }

void MapColumn::AppendNull() {
  offsets_.Append(keys_->length());
  FinishNull();
}

void MapColumn::Truncate(int64_t length) {
  const int64_t entries = offsets_.At(length);
  keys_->Truncate(entries);
  values_->Truncate(entries);
  offsets_.Truncate(length);
  TruncateRows(length);
}

std::shared_ptr<arrow::ArrayData> MapColumn::Seal() {
  const int64_t entry_count = keys_->length();
  std::vector<std::shared_ptr<arrow::ArrayData>> columns = {keys_->Seal(), values_->Seal()};
  const auto& entry_type = static_cast<const arrow::MapType&>(*type_).value_type();
  auto entries = arrow::ArrayData::Make(entry_type, entry_count, {nullptr}, std::move(columns), 0);
  return SealArray({offsets_.Seal()}, {std::move(entries)});
}

std::string MapColumn::ChildPath(const Column&) const {
  return fmt::format("{}[\"{}\"]", Path(), keys_->At(keys_->length() - 1));
}

}  // namespace k2i::record
