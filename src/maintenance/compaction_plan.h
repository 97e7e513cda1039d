// SPDX-License-Identifier: Apache-2.0
//
// Which data files are rewritten together. Pure: from what manifests say and a policy, never from a directory.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace k2i::maintenance {

/// What the plan has to know of a live data file.
struct PlannedFile {
  std::string path;
  int32_t spec_id = 0;
  std::string partition;  // equal for files of one partition of one spec
  int64_t size_bytes = 0;
  int64_t rows = 0;
  int64_t sequence_number = 0;  // of its data
  bool has_deletes = false;     // delete files apply to it
  bool wanted = true;           // false: the caller's filter leaves it out
  bool rewritable = true;       // false: a format we do not read, encrypted, or referenced twice
};

struct CompactionPolicy {
  int64_t target_bytes = int64_t{256} << 20;
  /// Files from here on are left alone; 0: three quarters of the target.
  int64_t small_below_bytes = 0;
  /// A group of fewer files is made only where it fills three quarters of a file.
  int min_input_files = 5;
  /// Of one group, in bytes of its files, where less than the target fits (rows that are sorted in memory).
  int64_t max_group_bytes = std::numeric_limits<int64_t>::max();
  /// Rewrites files of older specs whatever their size and number, so that none is left.
  bool all_of_old_specs = false;
  /// Of the whole plan.
  int64_t max_files = std::numeric_limits<int64_t>::max();
  /// Sequence numbers that a group must not span: from each on, rows mean something else (offsets of another log).
  std::vector<int64_t> barriers;
};

/// Files that become one, in the order their rows are to have.
struct CompactionGroup {
  std::vector<size_t> files;  // indexes
  int64_t bytes = 0;
  int64_t rows = 0;
  bool old_spec = false;     // its rows go to partitions of the current spec, which may be several
  bool has_deletes = false;  // some of its rows may be deleted
  /// Sequence number that the written files get: that of the snapshot, or the last before the next barrier.
  int64_t sequence_number = 0;
};

struct CompactionPlan {
  std::vector<CompactionGroup> groups;
  int64_t not_rewritable = 0;  // files that would be in it, but cannot be read
};

/// Small files are packed with others of their partition (those of older specs: with all of older specs) to groups of
/// about the target size, first fit in the order of their age. Files that deletes apply to are rewritten whatever their
/// size and number, so that the deletes need not be read any more (but not from before a barrier, where the written
/// file has to stay so old that they still apply). Left alone are other files from `small_below_bytes` on, and groups
/// that would not leave fewer files. The same input gives the same plan. `sequence_number`: of the snapshot the files
/// are of.
CompactionPlan PlanCompaction(const std::vector<PlannedFile>& files, int32_t current_spec_id, int64_t sequence_number,
                              const CompactionPolicy& policy);

}  // namespace k2i::maintenance
