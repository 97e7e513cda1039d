// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace k2i::datafile {

/// Rows and the memory they take.
struct RowCount {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// Decides where row groups and files end.
class RowGroupSizing {
 public:
  /// All greater than zero.
  struct Limits {
    int64_t row_group_rows = 0;
    int64_t row_group_bytes = 0;  // in memory
    int64_t target_file_size_bytes = 0;
    int64_t row_group_encoded_bytes = std::numeric_limits<int64_t>::max();  // in the file
  };
  explicit RowGroupSizing(const Limits& limits) : limits_(limits) {}

  /// How many rows of `more` may join `pending` in one row group of a file that has `file_bytes` already. At least one
  /// when nothing is pending.
  int64_t RowsThatFit(const RowCount& pending, int64_t file_bytes, const RowCount& more) const;
  bool RowGroupFull(const RowCount& pending) const;
  /// Near enough to the target that another row group is not worth it.
  bool FileFull(int64_t file_bytes) const;
  /// Rows that took `memory_bytes` have become `encoded_bytes` in a file.
  void Learn(int64_t memory_bytes, int64_t encoded_bytes);

 private:
  /// What the rows of a row group may take in memory.
  double RowGroupBytes() const;

  Limits limits_;
  double encoded_share_ = 1.0 / 3;  // of the bytes in memory; a guess until the first row group
};

}  // namespace k2i::datafile
