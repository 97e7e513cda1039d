// SPDX-License-Identifier: Apache-2.0
#include "record/column_buffer.h"

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace k2i::record {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kMinBlockBytes = 4 << 10;
constexpr int64_t kMaxSparedBytes = 4 << 20;  // room held for segments to come

int64_t RoundUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

void ColumnBuffer::Grow(int64_t bytes) {
  const int64_t open = size();
  if (open + bytes > kMaxSegmentBytes) {
    throw std::length_error("a column would pass 2 GiB between two seals");
  }
  const int64_t spare = std::min(4 * last_segment_bytes_, kMaxSparedBytes);
  const int64_t capacity = RoundUp(std::max({2 * (open + bytes), spare, kMinBlockBytes}));
  auto block = arrow::AllocateBuffer(capacity, pool_);
  if (!block.ok()) throw std::bad_alloc();
  std::shared_ptr<arrow::Buffer> fresh = std::move(block).ValueUnsafe();
  uint8_t* begin = fresh->mutable_data();
  if (open > 0) std::memcpy(begin, begin_, static_cast<size_t>(open));
  block_ = std::move(fresh);
  begin_ = begin;
  end_ = begin + open;
  limit_ = begin + capacity;
}

std::shared_ptr<arrow::Buffer> ColumnBuffer::Seal() {
  static const uint8_t kNothing[kAlignment] = {};
  if (block_ == nullptr || size() == 0) return std::make_shared<arrow::Buffer>(kNothing, 0);
  auto segment = arrow::SliceBuffer(block_, begin_ - block_->data(), size());
  last_segment_bytes_ = size();
  begin_ += RoundUp(size());  // within the block, whose capacity is a multiple of the alignment
  end_ = begin_;
  if (limit_ - begin_ < last_segment_bytes_) {
    // The next segment is likely not to fit: begin it in a block of its own rather than move it half-way.
    block_.reset();
    begin_ = end_ = limit_ = nullptr;
  }
  return segment;
}

std::shared_ptr<arrow::Buffer> OffsetBuffer::Seal() {
  if (offsets_.size() == 0) offsets_.Put<int32_t>(0);
  return offsets_.Seal();
}

void BitBuffer::AppendOnes(int64_t count) {
  while (count > 0 && (length_ & 7) != 0) {
    Append(true);
    --count;
  }
  const int64_t whole_bytes = count / 8;
  std::memset(bytes_.Reserve(whole_bytes + 1), 0xFF, static_cast<size_t>(whole_bytes));
  bytes_.Commit(whole_bytes);
  length_ += whole_bytes * 8;
  for (count %= 8; count > 0; --count) Append(true);
}

void BitBuffer::Truncate(int64_t length) {
  if (length >= length_) return;
  length_ = length;
  bytes_.Truncate((length + 7) / 8);
  if ((length & 7) != 0) bytes_.data()[length >> 3] &= static_cast<uint8_t>((1 << (length & 7)) - 1);
}

std::shared_ptr<arrow::Buffer> BitBuffer::Seal() {
  length_ = 0;
  return bytes_.Seal();
}

void Validity::Materialize(int64_t length) {
  bits_.Truncate(0);  // in case the last try ran out of memory half-way
  bits_.AppendOnes(length);
  materialized_ = true;
}

std::shared_ptr<arrow::Buffer> Validity::Seal(int64_t length, int64_t* null_count) {
  *null_count = 0;
  if (!materialized_) return nullptr;
  materialized_ = false;
  auto bitmap = bits_.Seal();
  *null_count = length - arrow::internal::CountSetBits(bitmap->data(), 0, length);
  return *null_count == 0 ? nullptr : bitmap;
}

}  // namespace k2i::record
