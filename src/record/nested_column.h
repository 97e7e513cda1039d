// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "record/column.h"
#include "record/primitive_column.h"

namespace k2i::record {

/// Takes the fields that no column is for.
class UnknownFields {
 public:
  virtual ~UnknownFields() = default;
  /// `path` of the object ("" for the record itself), key without escapes, the value's JSON text.
  virtual void Add(const std::string& path, std::string_view key, std::string_view json) = 0;
};

class NestedColumn : public Column {
 public:
  using Column::Column;
  /// Path of the child's value that is being appended.
  virtual std::string ChildPath(const Column& child) const = 0;

 protected:
  void Adopt(Column& child) { child.parent_ = this; }
  /// Appends the value the reader stands at, null included.
  static bool AppendChild(JsonReader& in, Column& child, bool required) {
    return in.Peek() != 'n' ? child.AppendJson(in) : AppendNullTo(in, child, required);
  }
  /// Takes `open`, or rejects what stands there instead.
  bool TakeOpen(JsonReader& in, char open, Why why) const;

 private:
  static bool AppendNullTo(JsonReader& in, Column& child, bool required);
};

/// Fields of an object. As the outermost column it has no array of its own: SealChildren.
class StructColumn final : public NestedColumn {
 public:
  struct Field {
    std::string name;
    bool required = false;
    std::unique_ptr<Column> column;
  };
  /// `unknown` must outlive this.
  StructColumn(std::vector<Field> fields, UnknownFields& unknown, std::shared_ptr<arrow::DataType> type,
               arrow::MemoryPool* pool);

  bool AppendJson(JsonReader& in) override;
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;
  std::vector<std::shared_ptr<arrow::ArrayData>> SealChildren();
  std::string ChildPath(const Column& child) const override;

  /// For values that do not come from JSON: each field gets its value, then CloseRow.
  Column& child(size_t index) { return *fields_[index].column; }
  void CloseRow() { Finish(); }

 private:
  static constexpr int32_t kUnknown = -1;

  bool AppendFields(JsonReader& in, size_t* filled);
  bool AppendField(JsonReader& in, int32_t index, size_t* filled);
  bool AppendUnknown(JsonReader& in, std::string_view key);
  bool FillMissing(JsonReader& in);
  void FillWithNothing();
  int32_t Lookup(std::string_view key) const;

  std::vector<Field> fields_;
  UnknownFields& unknown_;
  std::vector<KeyPattern> patterns_;
  std::unordered_map<std::string_view, int32_t> index_by_name_;
  /// The field that came after field i - 1 the last time; at 0, the first. Producers keep their order, so it mostly
  /// does again.
  std::vector<int32_t> successor_;
};

class ListColumn final : public NestedColumn {
 public:
  ListColumn(std::unique_ptr<Column> element, bool element_required, std::shared_ptr<arrow::DataType> type,
             arrow::MemoryPool* pool);
  bool AppendJson(JsonReader& in) override;
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;
  std::string ChildPath(const Column& child) const override;

  /// For values that do not come from JSON: elements are appended, then CloseRow.
  Column& element() { return *element_; }
  void CloseRow();

 private:
  std::unique_ptr<Column> element_;
  const bool element_required_;
  OffsetBuffer offsets_;
};

/// Keys are strings.
class MapColumn final : public NestedColumn {
 public:
  MapColumn(std::unique_ptr<BytesColumn> keys, std::unique_ptr<Column> values, bool value_required,
            std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool);
  bool AppendJson(JsonReader& in) override;
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;
  std::string ChildPath(const Column& child) const override;

 private:
  bool AppendEntries(JsonReader& in);
  bool CheckKeysDiffer(JsonReader& in) const;
  void CloseRow();

  std::unique_ptr<BytesColumn> keys_;
  std::unique_ptr<Column> values_;
  const bool value_required_;
  OffsetBuffer offsets_;
};

/// As MakeColumn; structs report to `unknown`.
Result<std::unique_ptr<Column>> MakeColumn(const iceberg::Type& type, UnknownFields& unknown, arrow::MemoryPool* pool);
/// The fields of a struct whose names are not in `except`.
Result<std::vector<StructColumn::Field>> MakeFields(const iceberg::Type& type, const std::vector<std::string>& except,
                                                    UnknownFields& unknown, arrow::MemoryPool* pool);

}  // namespace k2i::record
