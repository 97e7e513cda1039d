// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_sizing.h"

#include <algorithm>

namespace k2i::datafile {
namespace {

constexpr double kFullShare = 0.9;

}  // namespace

int64_t RowGroupSizing::RowsThatFit(const RowCount& pending, int64_t file_bytes, const RowCount& more) const {
  if (more.rows == 0) return 0;
  const double room_in_file = static_cast<double>(std::max<int64_t>(0, limits_.target_file_size_bytes - file_bytes));
  const double room_bytes =
      std::min(RowGroupBytes(), room_in_file / encoded_share_) - static_cast<double>(pending.bytes);
  const double row_bytes = std::max(1.0, static_cast<double>(more.bytes) / static_cast<double>(more.rows));
  const double by_bytes = std::min(static_cast<double>(more.rows), room_bytes / row_bytes);
  const int64_t least = pending.rows == 0 ? 1 : 0;
  return std::clamp(std::min(static_cast<int64_t>(by_bytes), limits_.row_group_rows - pending.rows), least, more.rows);
}

bool RowGroupSizing::RowGroupFull(const RowCount& pending) const {
  return pending.rows >= limits_.row_group_rows || static_cast<double>(pending.bytes) >= RowGroupBytes();
}

double RowGroupSizing::RowGroupBytes() const {
  return std::min(static_cast<double>(limits_.row_group_bytes),
                  static_cast<double>(limits_.row_group_encoded_bytes) / encoded_share_);
}

bool RowGroupSizing::FileFull(int64_t file_bytes) const {
  return static_cast<double>(file_bytes) >= kFullShare * static_cast<double>(limits_.target_file_size_bytes);
}

void RowGroupSizing::Learn(int64_t memory_bytes, int64_t encoded_bytes) {
  if (memory_bytes <= 0 || encoded_bytes <= 0) return;
  encoded_share_ = static_cast<double>(encoded_bytes) / static_cast<double>(memory_bytes);
}

}  // namespace k2i::datafile
