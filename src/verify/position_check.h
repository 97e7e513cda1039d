// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "iceberg/manifest/manifest.h"
#include "verify/history.h"
#include "verify/position_set.h"

namespace k2i::verify {

/// The deep check: takes the Kafka position of every live row, file by file in any order, and tells which occur twice,
/// lie where nothing was committed, or are missing. Positions are compared within one epoch: an adoption begins a new
/// one, for its offsets are of another log. A position that a rewind has declared to be read again may occur once more.
/// Pure.
class PositionCheck {
 public:
  struct Options {
    const History& history;
    const progress::Progress& committed;  // the newest vector
    const std::vector<progress::Declaration>& declarations;
    /// Rows by statement of `history`, as committed; what is missing is told from it.
    const std::vector<int64_t>& committed_rows;
    /// Rows may be deleted without being gone from the files (delete files), or have been removed as is allowed: what
    /// is repeated or missing is then no problem, but cannot be told.
    bool rows_deleted = false;
  };
  explicit PositionCheck(Options options);

  /// The rows that follow are of this file.
  void StartFile(const iceberg::ManifestEntry& file);
  void Add(std::string_view topic, int32_t partition, int64_t offset);
  /// A row of others: it has no position.
  void AddForeign() { ++rows_without_position_; }

  /// Tells what was found.
  void Finish(Findings& findings);

  int64_t rows() const { return rows_; }
  int64_t rows_without_position() const { return rows_without_position_; }
  int64_t declared_repeats() const { return declared_repeats_; }
  std::map<TopicPartition, int64_t> RowsByPartition() const;

 private:
  /// Offsets [begin, end) were committed by that statement.
  struct Interval {
    int64_t begin, end;
    size_t statement;
  };
  struct Slot {
    TopicPartition partition;
    std::optional<Offset> next;
    int64_t rows = 0;
    std::map<int, std::vector<PositionSet>> seen;     // by epoch; layer n: seen more than n times
    std::map<int, std::vector<Interval>> intervals;   // by epoch, sorted
    std::vector<std::pair<int, OffsetRange>> reread;  // epoch and declared range
  };
  /// Positions with one fault, gathered.
  struct Fault {
    int64_t count = 0;
    int64_t first = 0, last = 0;
    std::string file;
  };

  Slot& SlotOf(std::string_view topic, int32_t partition);
  int EpochOf(int64_t sequence_number) const;
  bool IsDeclared(const Slot& slot, int64_t offset, size_t layer) const;
  std::optional<size_t> StatementOf(const Slot& slot, int64_t offset) const;
  void Blame(const char* kind, const Slot& slot, int64_t offset);
  void TellMissing(Findings& findings) const;

  const Options options_;
  std::vector<int64_t> adoptions_;  // sequence numbers
  std::map<std::pair<std::string, int32_t>, Slot> slots_;
  Slot* last_slot_ = nullptr;
  std::map<std::tuple<std::string, int64_t, TopicPartition>, Fault> faults_;  // by kind, snapshot, partition
  std::vector<int64_t> found_rows_;                                           // by statement

  // Of the file being read.
  const iceberg::ManifestEntry* file_ = nullptr;
  bool file_replayed_ = false;  // dead letters decoded after all
  std::optional<size_t> file_statement_;
  int file_epoch_ = 0;

  int64_t rows_ = 0, rows_without_position_ = 0, declared_repeats_ = 0;
};

}  // namespace k2i::verify
