// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "record/column.h"

namespace k2i::record {

/// Values of one size, side by side.
template <typename T>
class FixedColumn : public Column {
 public:
  FixedColumn(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
      : Column(std::move(type), pool), values_(pool) {}

  void AppendValue(T value) {
    values_.Put(value);
    Finish();
  }
  void AppendNull() override {
    values_.Put(T{});
    FinishNull();
  }
  void AppendZero() override { AppendValue(T{}); }
  void Truncate(int64_t length) override {
    values_.Truncate(length * static_cast<int64_t>(sizeof(T)));
    TruncateRows(length);
  }
  std::shared_ptr<arrow::ArrayData> Seal() override { return SealArray({values_.Seal()}); }

 private:
  ColumnBuffer values_;
};

/// A fixed column whose JSON tokens `parse(reader, token, &value)` reads.
template <typename T, typename Parse>
class ParsedColumn final : public FixedColumn<T> {
 public:
  ParsedColumn(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool, Parse parse)
      : FixedColumn<T>(std::move(type), pool), parse_(std::move(parse)) {}

  bool AppendJson(JsonReader& in) override {
    const std::string_view token = in.TakeScalar();
    T value{};
    if (const Why why = parse_(in, token, &value)) return this->Reject(in, token, why);
    this->AppendValue(value);
    return true;
  }

 private:
  [[no_unique_address]] Parse parse_;
};

class BooleanColumn final : public Column {
 public:
  BooleanColumn(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool);
  bool AppendJson(JsonReader& in) override;
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;

 private:
  BitBuffer bits_;
};

/// Values of any length: strings, and binary as base64.
class BytesColumn final : public Column {
 public:
  enum class Kind { kString, kBinary };
  BytesColumn(Kind kind, std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool);

  bool AppendJson(JsonReader& in) override;
  /// REQUIRES: valid UTF-8 for Kind::kString.
  void AppendBytes(std::string_view bytes);
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;

  /// The value of a row since the last Seal; valid until the next call.
  std::string_view At(int64_t row) const;

 private:
  bool AppendBase64(JsonReader& in);
  bool AppendEscaped(JsonReader& in, std::string_view characters);
  void CloseRow() {
    offsets_.Append(bytes_.size());
    Finish();
  }

  const Kind kind_;
  ColumnBuffer bytes_;
  OffsetBuffer offsets_;
};

/// Bytes of a fixed length, base64 in JSON.
class FixedBytesColumn final : public Column {
 public:
  FixedBytesColumn(int32_t width, std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool);
  bool AppendJson(JsonReader& in) override;
  void AppendNull() override;
  void AppendZero() override;
  void Truncate(int64_t length) override;
  std::shared_ptr<arrow::ArrayData> Seal() override;

 private:
  void PutZeros();

  const int32_t width_;
  ColumnBuffer bytes_;
};

}  // namespace k2i::record
