// SPDX-License-Identifier: Apache-2.0
#include "maintenance/expiry_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <unordered_set>

#include "progress/lease.h"
#include "progress/progress.h"

namespace k2i::maintenance {
namespace {

using iceberg::Snapshot;
using iceberg::SnapshotRef;
using iceberg::TableMetadata;

constexpr int64_t kDefaultMaxAgeMs = int64_t{5} * 24 * 60 * 60 * 1000;
/// Each is about 1 kB that every commit reads and writes again.
constexpr size_t kDefaultMostSnapshots = 2'000;

template <typename T>
Result<std::optional<T>> NumberProperty(const TableMetadata& table, const std::string& key, T least) {
  const std::string text = table.PropertyOr(key, "");
  if (text.empty()) return std::nullopt;
  T value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value) != std::from_chars_result{end, std::errc()} || value < least) {
    return Fail(
        ErrorCode::kInvalidConfig,
        fmt::format("table property {} is no number of at least {}: '{}'; correct or remove it", key, least, text),
        Component::kCatalog);
  }
  return value;
}

/// `now_ms` - `age_ms`, for ages that mean "never" too.
int64_t Before(int64_t now_ms, int64_t age_ms) {
  int64_t before = 0;
  return __builtin_sub_overflow(now_ms, age_ms, &before) ? INT64_MIN : before;
}

/// The time from which on there are `count` snapshots, whatever branch they are of; INT64_MIN where there are fewer.
int64_t TimeOfNewest(const TableMetadata& table, size_t count) {
  if (table.snapshots.size() <= count) return INT64_MIN;
  std::vector<int64_t> times;
  for (const Snapshot& snapshot : table.snapshots) times.push_back(snapshot.timestamp_ms);
  const auto nth = times.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::ranges::nth_element(times, nth, std::greater());
  return *nth;
}

const std::string* SummaryOf(const Snapshot& snapshot, std::string_view key) {
  const auto found = snapshot.summary.find(std::string(key));
  return found == snapshot.summary.end() ? nullptr : &found->second;
}

/// The pipeline whose offsets `snapshot` states, or null.
const std::string* StatedPipeline(const Snapshot& snapshot) {
  return SummaryOf(snapshot, progress::kOffsetsKey) != nullptr ? SummaryOf(snapshot, progress::kPipelineKey) : nullptr;
}

class Planner {
 public:
  Planner(const TableMetadata& table, const ExpiryPolicy& policy, int64_t now_ms)
      : table_(table), policy_(policy), now_ms_(now_ms) {}

  Result<ExpiryPlan> Plan(const std::set<int64_t>& pinned) {
    kept_.insert(pinned.begin(), pinned.end());
    if (table_.current_snapshot_id) kept_.insert(*table_.current_snapshot_id);
    K2I_RETURN_IF_ERROR(HeedLeases());
    for (const auto& [name, ref] : table_.refs) {
      const bool branch = ref.kind == SnapshotRef::Kind::kBranch;
      const auto ancestry = branch ? progress::Ancestry(table_, ref.snapshot_id)
                                   : std::vector<const Snapshot*>{table_.FindSnapshot(ref.snapshot_id)};
      if (RefMayGo(name, ref, ancestry)) {
        plan_.refs.push_back(name);
        continue;
      }
      kept_.insert(ref.snapshot_id);
      if (branch) KeepOfBranch(ref, ancestry);
    }
    for (const Snapshot& snapshot : table_.snapshots) {
      if (!Stays(snapshot)) plan_.snapshots.push_back(snapshot.snapshot_id);
    }
    return std::move(plan_);
  }

 private:
  Status HeedLeases() {
    K2I_ASSIGN_OR_RETURN(const auto leases, progress::ReadLeases(table_));
    for (const progress::Lease& lease : leases) {
      if (lease.until_ms > now_ms_) {
        kept_.insert(lease.snapshot_id);
      } else {
        plan_.properties.push_back(progress::LeasePropertyName(lease.id));
      }
    }
    return {};
  }

  /// True for the tag of a pipeline that points to a statement of it.
  bool IsBoundaryTag(const std::string& name, const SnapshotRef& ref) const {
    const Snapshot* at = table_.FindSnapshot(ref.snapshot_id);
    const std::string* pipeline = at == nullptr ? nullptr : StatedPipeline(*at);
    return ref.kind == SnapshotRef::Kind::kTag && pipeline != nullptr && name == progress::TagName(*pipeline);
  }

  /// The snapshot of `pipeline`'s tag; null where the tag is gone, or points to nothing of the pipeline's.
  const Snapshot* Tagged(const std::string& pipeline) const {
    const auto tag = table_.refs.find(progress::TagName(pipeline));
    return tag != table_.refs.end() && IsBoundaryTag(tag->first, tag->second)
               ? table_.FindSnapshot(tag->second.snapshot_id)
               : nullptr;
  }

  /// The newest statement of each pipeline that may have its boundary in this branch: its tag is on the branch, or
  /// gone.
  std::vector<size_t> Boundaries(const std::vector<const Snapshot*>& ancestry) const {
    std::vector<size_t> found;
    std::set<std::string> seen;
    for (size_t i = 0; i < ancestry.size(); ++i) {
      const std::string* pipeline = StatedPipeline(*ancestry[i]);
      if (pipeline == nullptr || !seen.insert(*pipeline).second) continue;
      const Snapshot* tagged = Tagged(*pipeline);
      if (tagged == nullptr || std::ranges::find(ancestry, tagged) != ancestry.end()) found.push_back(i);
    }
    return found;
  }

  bool RefMayGo(const std::string& name, const SnapshotRef& ref, const std::vector<const Snapshot*>& ancestry) const {
    if (name == "main" || ancestry.empty() || ancestry[0] == nullptr || IsBoundaryTag(name, ref)) return false;
    if (ancestry[0]->timestamp_ms >= Before(now_ms_, ref.max_ref_age_ms.value_or(policy_.max_ref_age_ms))) return false;
    return ref.kind == SnapshotRef::Kind::kTag || Boundaries(ancestry).empty();
  }

  void KeepOfBranch(const SnapshotRef& branch, const std::vector<const Snapshot*>& ancestry) {
    const int64_t before =
        branch.max_snapshot_age_ms ? Before(now_ms_, *branch.max_snapshot_age_ms) : policy_.expire_before_ms;
    const auto at_least = static_cast<size_t>(branch.min_snapshots_to_keep.value_or(policy_.min_snapshots_to_keep));
    bool keep = true;
    for (size_t i = 0; i < ancestry.size(); ++i) {
      keep = keep && (i < at_least || ancestry[i]->timestamp_ms >= before);
      if (keep) kept_.insert(ancestry[i]->snapshot_id);
      reached_.insert(ancestry[i]->snapshot_id);
    }
    for (const size_t boundary : Boundaries(ancestry)) {
      // The tag finds it, whatever lies between it and the branch's head. Without the tag only the ancestry does.
      if (Tagged(*StatedPipeline(*ancestry[boundary])) == ancestry[boundary]) continue;
      for (size_t i = 0; i <= boundary; ++i) kept_.insert(ancestry[i]->snapshot_id);
    }
  }

  bool Stays(const Snapshot& snapshot) const {
    if (kept_.contains(snapshot.snapshot_id)) return true;
    return !reached_.contains(snapshot.snapshot_id) && snapshot.timestamp_ms >= policy_.expire_before_ms;
  }

  const TableMetadata& table_;
  const ExpiryPolicy& policy_;
  const int64_t now_ms_;
  std::unordered_set<int64_t> kept_;
  std::unordered_set<int64_t> reached_;  // by a branch that stays
  ExpiryPlan plan_;
};

}  // namespace

Result<ExpiryPolicy> PolicyOf(const TableMetadata& table, const ExpiryWishes& wishes, int64_t now_ms) {
  K2I_ASSIGN_OR_RETURN(const auto age, NumberProperty<int64_t>(table, "history.expire.max-snapshot-age-ms", 0));
  K2I_ASSIGN_OR_RETURN(const auto least, NumberProperty<int32_t>(table, "history.expire.min-snapshots-to-keep", 1));
  K2I_ASSIGN_OR_RETURN(const auto ref_age, NumberProperty<int64_t>(table, "history.expire.max-ref-age-ms", 0));
  const auto wished_age = wishes.max_snapshot_age_ms ? wishes.max_snapshot_age_ms : age;
  const int64_t before = wished_age
                             ? Before(now_ms, *wished_age)
                             : std::max(Before(now_ms, kDefaultMaxAgeMs), TimeOfNewest(table, kDefaultMostSnapshots));
  return ExpiryPolicy{.expire_before_ms = wishes.expire_before_ms.value_or(before),
                      .min_snapshots_to_keep = wishes.min_snapshots_to_keep.value_or(least.value_or(1)),
                      .max_ref_age_ms = ref_age.value_or(INT64_MAX)};
}

Result<ExpiryPlan> PlanExpiry(const TableMetadata& table, const ExpiryPolicy& policy, const std::set<int64_t>& pinned,
                              int64_t now_ms) {
  return Planner(table, policy, now_ms).Plan(pinned);
}

}  // namespace k2i::maintenance
