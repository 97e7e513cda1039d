// SPDX-License-Identifier: Apache-2.0
//
// Memory that columns are written into, and sealed from without copying.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

namespace arrow {
class Buffer;
class MemoryPool;
}  // namespace arrow

namespace k2i::record {

/// An append-only array of bytes in blocks of a memory pool. What is appended between two seals (the open segment) lies
/// in one piece and begins at a multiple of 64 bytes; a block holds several segments, so that small seals cost no
/// allocation each. Not thread-safe; sealed segments are immutable and may go anywhere.
class ColumnBuffer {
 public:
  /// Offsets of strings and lists are 32 bits wide.
  static constexpr int64_t kMaxSegmentBytes = (int64_t{1} << 31) - 64;

  explicit ColumnBuffer(arrow::MemoryPool* pool) : pool_(pool) {}

  /// Bytes of the open segment, which moves when it grows.
  int64_t size() const { return end_ - begin_; }
  uint8_t* data() { return begin_; }
  const uint8_t* data() const { return begin_; }

  /// Room for `bytes` more, to be made part of the segment by Commit. Throws std::bad_alloc, and std::length_error
  /// beyond kMaxSegmentBytes.
  uint8_t* Reserve(int64_t bytes) {
    if (limit_ - end_ < bytes) [[unlikely]] {
      Grow(bytes);
    }
    return end_;
  }
  void Commit(int64_t bytes) { end_ += bytes; }

  template <typename T>
  void Put(T value) {
    std::memcpy(Reserve(sizeof(T)), &value, sizeof(T));
    end_ += sizeof(T);
  }
  template <typename T>
  T At(int64_t index) const {
    T value;
    std::memcpy(&value, begin_ + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }

  /// Cuts the open segment; no effect when it is no longer than `size`.
  void Truncate(int64_t size) {
    if (size < end_ - begin_) end_ = begin_ + size;
  }
  /// The open segment; the next one is empty.
  std::shared_ptr<arrow::Buffer> Seal();

 private:
  void Grow(int64_t bytes);

  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Buffer> block_;
  uint8_t* begin_ = nullptr;
  uint8_t* end_ = nullptr;
  uint8_t* limit_ = nullptr;
  int64_t last_segment_bytes_ = 0;
};

/// Where the rows of a string or list column begin and end in its values: 32-bit, one more than there are rows.
class OffsetBuffer {
 public:
  explicit OffsetBuffer(arrow::MemoryPool* pool) : offsets_(pool) {}

  /// Adds a row that ends where `end` says and begins where the last one ended.
  void Append(int64_t end) {
    if (offsets_.size() == 0) [[unlikely]] {
      offsets_.Put<int32_t>(0);
    }
    offsets_.Put(static_cast<int32_t>(end));
  }
  /// Where row `row` begins, and the row before it ends.
  int64_t At(int64_t row) const { return row == 0 ? 0 : offsets_.At<int32_t>(row); }
  void Truncate(int64_t rows) { offsets_.Truncate((rows + 1) * static_cast<int64_t>(sizeof(int32_t))); }
  std::shared_ptr<arrow::Buffer> Seal();

 private:
  ColumnBuffer offsets_;
};

/// Bits, least significant first, as Arrow keeps booleans and validity.
class BitBuffer {
 public:
  explicit BitBuffer(arrow::MemoryPool* pool) : bytes_(pool) {}

  int64_t length() const { return length_; }
  void Append(bool bit) {
    const int shift = static_cast<int>(length_ & 7);
    if (shift == 0) bytes_.Put<uint8_t>(0);
    bytes_.data()[length_ >> 3] |= static_cast<uint8_t>(bit << shift);
    ++length_;
  }
  void AppendOnes(int64_t count);
  void Truncate(int64_t length);
  std::shared_ptr<arrow::Buffer> Seal();

 private:
  ColumnBuffer bytes_;
  int64_t length_ = 0;
};

/// Which rows are null; costs nothing until the first one is.
class Validity {
 public:
  explicit Validity(arrow::MemoryPool* pool) : bits_(pool) {}

  void AppendValid() {
    if (materialized_) [[unlikely]] {
      bits_.Append(true);
    }
  }
  /// `length`: rows before this one.
  void AppendNull(int64_t length) {
    if (!materialized_) Materialize(length);
    bits_.Append(false);
  }
  void Truncate(int64_t length) {
    if (materialized_) bits_.Truncate(length);
  }
  /// Null when no row is.
  std::shared_ptr<arrow::Buffer> Seal(int64_t length, int64_t* null_count);

 private:
  void Materialize(int64_t length);

  BitBuffer bits_;
  bool materialized_ = false;
};

}  // namespace k2i::record
