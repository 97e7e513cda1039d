// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction_plan.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace k2i::maintenance {
namespace {

/// Groups that a file is tried on: bounds the work where nothing fits.
constexpr size_t kOpenGroups = 32;

/// Files that may come together.
struct Shelf {
  bool old_spec = false;
  size_t epoch = 0;  // barriers passed
  std::string partition;
  auto operator<=>(const Shelf&) const = default;
};

class Planner {
 public:
  Planner(const std::vector<PlannedFile>& files, int32_t current_spec_id, int64_t sequence_number,
          const CompactionPolicy& policy)
      : files_(files), spec_id_(current_spec_id), sequence_number_(sequence_number), policy_(policy) {
    std::ranges::sort(barriers_ = policy.barriers);
    const int64_t full = policy.target_bytes / 4 * 3;
    small_below_ = policy.small_below_bytes > 0 ? std::min(policy.small_below_bytes, policy.target_bytes) : full;
    group_bytes_ = std::min(policy.target_bytes, policy.max_group_bytes);
    full_ = std::min(full, group_bytes_ / 4 * 3);
  }

  CompactionPlan Plan() {
    std::map<Shelf, std::vector<size_t>> shelves;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (IsCandidate(files_[i])) shelves[ShelfOf(files_[i])].push_back(i);
    }
    for (auto& [shelf, members] : shelves) Pack(shelf, members);
    CutToMaxFiles();
    return std::move(plan_);
  }

 private:
  bool IsCandidate(const PlannedFile& file) {
    if (!file.wanted) return false;
    const bool moved_anyway = (policy_.all_of_old_specs && file.spec_id != spec_id_) || MustGo(file);
    const bool small = file.size_bytes < small_below_ && file.size_bytes <= group_bytes_;
    if (!small && !moved_anyway) return false;
    if (!file.rewritable) ++plan_.not_rewritable;
    return file.rewritable;
  }

  bool MustGo(const PlannedFile& file) const {
    return file.has_deletes && EpochOf(file.sequence_number) == barriers_.size();
  }

  size_t EpochOf(int64_t sequence_number) const {
    return static_cast<size_t>(std::ranges::upper_bound(barriers_, sequence_number) - barriers_.begin());
  }

  Shelf ShelfOf(const PlannedFile& file) const {
    const bool old_spec = file.spec_id != spec_id_;
    return {old_spec, EpochOf(file.sequence_number), old_spec ? std::string() : file.partition};
  }

  void Pack(const Shelf& shelf, std::vector<size_t>& members) {
    std::ranges::sort(members, {}, [&](size_t i) { return std::tie(files_[i].sequence_number, files_[i].path); });
    std::vector<CompactionGroup> open;
    for (const size_t member : members) {
      const int64_t bytes = files_[member].size_bytes;
      auto group = std::ranges::find_if(open, [&](const auto& each) { return each.bytes + bytes <= group_bytes_; });
      if (group == open.end()) {
        if (open.size() == kOpenGroups) {
          Close(std::move(open.front()));
          open.erase(open.begin());
        }
        group = open.insert(open.end(), Empty(shelf));
      }
      group->files.push_back(member);
      group->bytes += bytes;
      group->rows += files_[member].rows;
      group->has_deletes = group->has_deletes || files_[member].has_deletes;
    }
    for (auto& group : open) Close(std::move(group));
  }

  CompactionGroup Empty(const Shelf& shelf) const {
    const bool newest = shelf.epoch == barriers_.size();
    return {.old_spec = shelf.old_spec,
            .sequence_number = newest ? sequence_number_ : std::min(sequence_number_, barriers_[shelf.epoch] - 1)};
  }

  void Close(CompactionGroup group) {
    const bool many = group.files.size() >= static_cast<size_t>(std::max(policy_.min_input_files, 2));
    const bool full = group.files.size() > 1 && group.bytes >= full_;
    if (many || full || Worthwhile(group)) plan_.groups.push_back(std::move(group));
  }

  /// Whatever its size.
  bool Worthwhile(const CompactionGroup& group) const {
    if (policy_.all_of_old_specs && group.old_spec) return true;
    return std::ranges::any_of(group.files, [&](size_t file) { return MustGo(files_[file]); });
  }

  /// The last group that is kept may be cut short.
  void CutToMaxFiles() {
    int64_t left = policy_.max_files;
    size_t kept = 0;
    for (; kept < plan_.groups.size() && left > 0; ++kept) {
      CompactionGroup& group = plan_.groups[kept];
      while (std::ssize(group.files) > left) {
        group.bytes -= files_[group.files.back()].size_bytes;
        group.rows -= files_[group.files.back()].rows;
        group.files.pop_back();
      }
      left -= std::ssize(group.files);
      // One file alone is worth it for its deletes or its spec only.
      if (group.files.size() == 1 && !Worthwhile(group)) break;
    }
    plan_.groups.resize(kept);
  }

  const std::vector<PlannedFile>& files_;
  const int32_t spec_id_;
  const int64_t sequence_number_;
  const CompactionPolicy& policy_;
  std::vector<int64_t> barriers_;
  int64_t small_below_ = 0, group_bytes_ = 0, full_ = 0;
  CompactionPlan plan_;
};

}  // namespace

CompactionPlan PlanCompaction(const std::vector<PlannedFile>& files, int32_t current_spec_id, int64_t sequence_number,
                              const CompactionPolicy& policy) {
  return Planner(files, current_spec_id, sequence_number, policy).Plan();
}

}  // namespace k2i::maintenance
