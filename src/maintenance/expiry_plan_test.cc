// SPDX-License-Identifier: Apache-2.0
#include "maintenance/expiry_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "iceberg/update/table_update.h"
#include "progress/lease.h"
#include "progress/progress.h"

namespace k2i::maintenance {
namespace {

using iceberg::Snapshot;
using iceberg::SnapshotRef;
using iceberg::TableMetadata;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'000'000;
constexpr auto kBranch = SnapshotRef::Kind::kBranch;
constexpr auto kTag = SnapshotRef::Kind::kTag;

void Add(TableMetadata& table, int64_t id, std::optional<int64_t> parent, int64_t timestamp_ms,
         const std::string& pipeline = "") {
  Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.parent_snapshot_id = parent;
  snapshot.timestamp_ms = timestamp_ms;
  snapshot.manifest_list = "list";
  if (!pipeline.empty()) {
    progress::Progress progress;
    progress.Set({"t", PartitionId{0}}, Offset{id});
    snapshot.summary = {{std::string(progress::kPipelineKey), pipeline},
                        {std::string(progress::kOffsetsKey), progress::ProgressJson(progress)}};
  }
  table.snapshots.push_back(std::move(snapshot));
}

void Point(TableMetadata& table, const std::string& name, SnapshotRef ref) {
  if (name == "main") table.current_snapshot_id = ref.snapshot_id;
  table.refs[name] = ref;
}

/// Snapshots 1 … count in a row, snapshot n at time 1000 n, main at the last.
TableMetadata Row(int64_t count, const std::string& pipeline = "") {
  TableMetadata table;
  for (int64_t id = 1; id <= count; ++id) {
    Add(table, id, id == 1 ? std::nullopt : std::optional(id - 1), id * 1000, pipeline);
  }
  Point(table, "main", {.snapshot_id = count});
  return table;
}

ExpiryPlan Plan(const TableMetadata& table, int64_t before, int32_t least = 1, const std::set<int64_t>& pinned = {},
                int64_t max_ref_age_ms = INT64_MAX) {
  const ExpiryPolicy policy{
      .expire_before_ms = before, .min_snapshots_to_keep = least, .max_ref_age_ms = max_ref_age_ms};
  const auto plan = PlanExpiry(table, policy, pinned, kNow);
  EXPECT_TRUE(plan.has_value()) << plan.error().ToString();
  return plan.value_or(ExpiryPlan{});
}

TEST(ExpiryPlan, GoesByAgeAndCount) {
  EXPECT_THAT(Plan(Row(5), 3000).snapshots, ElementsAre(1, 2));
  EXPECT_THAT(Plan(Row(5), kNow).snapshots, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Plan(Row(5), kNow, 3).snapshots, ElementsAre(1, 2));
  EXPECT_THAT(Plan(Row(5), 2000, 2).snapshots, ElementsAre(1));
  EXPECT_TRUE(Plan(Row(5), 0).empty());
  EXPECT_TRUE(Plan(TableMetadata{}, kNow).empty());
}

TEST(ExpiryPlan, ABranchsOwnRetentionBeatsTheTables) {
  TableMetadata table = Row(5);
  table.refs["main"].max_snapshot_age_ms = kNow - 4000;
  EXPECT_THAT(Plan(table, kNow).snapshots, ElementsAre(1, 2, 3));
  table.refs["main"].min_snapshots_to_keep = 4;
  EXPECT_THAT(Plan(table, kNow).snapshots, ElementsAre(1));
  Point(table, "side", {.snapshot_id = 1, .kind = kBranch});
  EXPECT_THAT(Plan(table, kNow).snapshots, IsEmpty());
}

TEST(ExpiryPlan, AnAncestorBehindOneThatGoesGoesToo) {
  TableMetadata table = Row(3);
  table.snapshots.Edit(0).timestamp_ms = 9000;  // a clock that was wrong
  EXPECT_THAT(Plan(table, 3000).snapshots, ElementsAre(1, 2));
}

TEST(ExpiryPlan, RefsGoByTheirAge) {
  TableMetadata table = Row(5);
  Point(table, "old", {.snapshot_id = 2, .kind = kTag, .max_ref_age_ms = kNow - 2001});
  Point(table, "kept", {.snapshot_id = 3, .kind = kTag, .max_ref_age_ms = kNow - 3000});
  Point(table, "branch", {.snapshot_id = 2, .kind = kBranch, .max_ref_age_ms = 1});
  const auto plan = Plan(table, kNow);
  EXPECT_THAT(plan.refs, ElementsAre("branch", "old"));
  EXPECT_THAT(plan.snapshots, ElementsAre(1, 2, 4));
  EXPECT_THAT(Plan(table, kNow, 1, {}, 1).refs, ElementsAre("branch", "old"));
  table.refs["kept"].max_ref_age_ms.reset();
  EXPECT_THAT(Plan(table, kNow, 1, {}, 1).refs, ElementsAre("branch", "kept", "old"));
}

TEST(ExpiryPlan, MainStaysHoweverOldItIs) {
  TableMetadata table = Row(2);
  table.refs["main"].max_ref_age_ms = 1;
  EXPECT_THAT(Plan(table, kNow, 1, {}, 1).refs, IsEmpty());
  EXPECT_THAT(Plan(table, kNow, 1, {}, 1).snapshots, ElementsAre(1));
}

TEST(ExpiryPlan, WhatNoRefReachesGoesByAgeAlone) {
  TableMetadata table = Row(2);
  Add(table, 7, 1, 5000);
  Add(table, 8, 1, 6000);
  EXPECT_THAT(Plan(table, 5500).snapshots, ElementsAre(1, 7));
}

TEST(ExpiryPlan, PinsAndLeasesHold) {
  TableMetadata table = Row(5);
  const auto lease = [&](const std::string& id, int64_t snapshot, int64_t until) {
    table.properties[progress::LeasePropertyName(id)] = progress::LeaseJson({id, snapshot, until});
  };
  lease("query", 2, kNow + 1);
  lease("gone", 3, kNow);
  const auto plan = Plan(table, kNow, 1, {4});
  EXPECT_THAT(plan.snapshots, ElementsAre(1, 3));
  EXPECT_THAT(plan.properties, ElementsAre("k2i.lease.gone"));
  table.properties[progress::LeasePropertyName("broken")] = "{}";
  EXPECT_EQ(PlanExpiry(table, {.expire_before_ms = kNow}, {}, kNow).error().code, ErrorCode::kCorruption);
}

TEST(ExpiryPlan, TheTagHoldsTheBoundary) {
  TableMetadata table = Row(3, "p");
  Add(table, 4, 3, 4000);
  Add(table, 5, 4, 5000);
  Point(table, "main", {.snapshot_id = 5});
  Point(table, "k2i-p", {.snapshot_id = 3, .kind = kTag, .max_ref_age_ms = 1});
  const auto plan = Plan(table, kNow);
  EXPECT_THAT(plan.refs, IsEmpty());
  EXPECT_THAT(plan.snapshots, ElementsAre(1, 2, 4));
}

TEST(ExpiryPlan, WithoutTheTagAllThatLeadsToTheBoundaryStays) {
  TableMetadata table = Row(3, "p");
  Add(table, 4, 3, 4000);
  Add(table, 5, 4, 5000);
  Point(table, "main", {.snapshot_id = 5});
  EXPECT_THAT(Plan(table, kNow).snapshots, ElementsAre(1, 2));
  // A tag of that name which says nothing of the pipeline is none.
  Point(table, "k2i-p", {.snapshot_id = 4, .kind = kTag, .max_ref_age_ms = 1});
  EXPECT_THAT(Plan(table, kNow).snapshots, ElementsAre(1, 2));
  EXPECT_THAT(Plan(table, kNow).refs, ElementsAre("k2i-p"));
  // One that somebody has set back.
  Point(table, "k2i-p", {.snapshot_id = 1, .kind = kTag});
  EXPECT_THAT(Plan(table, kNow).snapshots, ElementsAre(2));
}

TEST(ExpiryPlan, ABranchOfThePipelineStaysAndAForkOfItDoesNot) {
  TableMetadata table = Row(3, "p");
  Point(table, "main", {.snapshot_id = 1});
  Point(table, "stream", {.snapshot_id = 3, .kind = kBranch, .max_ref_age_ms = 1});
  Point(table, "k2i-p", {.snapshot_id = 3, .kind = kTag});
  Point(table, "fork", {.snapshot_id = 2, .kind = kBranch, .max_ref_age_ms = 1});
  EXPECT_THAT(Plan(table, kNow).refs, ElementsAre("fork"));
}

TEST(ExpiryPolicy, ByWishThenByPropertyThenAsIcebergHasIt) {
  TableMetadata table;
  auto policy = *PolicyOf(table, {}, kNow);
  EXPECT_EQ(policy.expire_before_ms, kNow - 5 * 24 * 3'600'000);
  EXPECT_EQ(policy.min_snapshots_to_keep, 1);
  EXPECT_EQ(policy.max_ref_age_ms, INT64_MAX);
  table.properties = {{"history.expire.max-snapshot-age-ms", "1000"},
                      {"history.expire.min-snapshots-to-keep", "7"},
                      {"history.expire.max-ref-age-ms", "9"}};
  policy = *PolicyOf(table, {}, kNow);
  EXPECT_EQ(policy.expire_before_ms, kNow - 1000);
  EXPECT_EQ(policy.min_snapshots_to_keep, 7);
  EXPECT_EQ(policy.max_ref_age_ms, 9);
  EXPECT_EQ(PolicyOf(table, {.max_snapshot_age_ms = 5}, kNow)->expire_before_ms, kNow - 5);
  EXPECT_EQ(PolicyOf(table, {.expire_before_ms = 3, .max_snapshot_age_ms = 5}, kNow)->expire_before_ms, 3);
  EXPECT_EQ(PolicyOf(table, {.min_snapshots_to_keep = 2}, kNow)->min_snapshots_to_keep, 2);
  for (const char* text : {"x", "-1", "1.5", "99999999999999999999"}) {
    table.properties["history.expire.max-snapshot-age-ms"] = text;
    EXPECT_EQ(PolicyOf(table, {}, kNow).error().code, ErrorCode::kInvalidConfig) << text;
  }
  table.properties = {{"history.expire.min-snapshots-to-keep", "0"}};
  EXPECT_EQ(PolicyOf(table, {}, kNow).error().code, ErrorCode::kInvalidConfig);
  table.properties = {{"history.expire.max-snapshot-age-ms", std::to_string(INT64_MAX)}};
  EXPECT_LT(PolicyOf(table, {}, kNow)->expire_before_ms, 0);
}

TEST(ExpiryPolicy, WhereNobodySaysAnAgeTheNewestStay) {
  TableMetadata table;
  for (int64_t id = 1; id <= 2'000; ++id) Add(table, id, id > 1 ? std::optional(id - 1) : std::nullopt, kNow - id, "");
  EXPECT_EQ(PolicyOf(table, {}, kNow)->expire_before_ms, kNow - 5 * 24 * 3'600'000);
  Add(table, 2'001, 2'000, kNow, "");
  EXPECT_EQ(PolicyOf(table, {}, kNow)->expire_before_ms, kNow - 1'999);  // of 2,001 the one at kNow - 2,000 is too many
  EXPECT_EQ(PolicyOf(table, {.max_snapshot_age_ms = 3'000}, kNow)->expire_before_ms, kNow - 3'000);
  EXPECT_EQ(PolicyOf(table, {.expire_before_ms = 7}, kNow)->expire_before_ms, 7);
  table.properties = {{"history.expire.max-snapshot-age-ms", "4000"}};
  EXPECT_EQ(PolicyOf(table, {}, kNow)->expire_before_ms, kNow - 4'000);
}

// The same by the words of the spec, as plainly as can be, on random tables.

TableMetadata RandomTable(Random& random, bool with_pipelines) {
  TableMetadata table;
  const auto count = static_cast<int64_t>(1 + random.Below(14));
  for (int64_t id = 1; id <= count; ++id) {
    const bool orphan = id == 1 || random.Below(8) == 0;
    const auto parent = orphan ? std::nullopt : std::optional(1 + static_cast<int64_t>(random.Below(id - 1)));
    // Mostly a row; and clocks are mostly right.
    const auto next = !orphan && random.Below(3) > 0 ? std::optional(id - 1) : parent;
    const auto at = id * 1000 - static_cast<int64_t>(random.Below(4) == 0 ? random.Below(5000) : 0);
    const char* pipeline = with_pipelines && random.Below(2) == 0 ? (random.Below(3) == 0 ? "q" : "p") : "";
    Add(table, id, next, at, pipeline);
  }
  const auto any = [&] { return 1 + static_cast<int64_t>(random.Below(count)); };
  const auto maybe = [&](int64_t value) { return random.Below(2) == 0 ? std::optional(value) : std::nullopt; };
  for (const char* name : {"main", "b", "c"}) {
    if (random.Below(3) == 0 && std::string(name) != "main") continue;
    const auto age = maybe(kNow - static_cast<int64_t>(random.Below(count * 1000)));
    const auto ref_age = maybe(kNow - static_cast<int64_t>(random.Below(count * 1000)));
    const auto least = random.Below(2) == 0 ? std::optional(1 + static_cast<int32_t>(random.Below(4))) : std::nullopt;
    const bool main = std::string(name) == "main";
    Point(table, name, {main && random.Below(2) == 0 ? count : any(), kBranch, least, age, ref_age});
  }
  for (const char* name : {"t", "k2i-p", "k2i-q"}) {
    if (random.Below(2) == 0) continue;
    Point(table, name, {any(), kTag, {}, {}, maybe(kNow - static_cast<int64_t>(random.Below(count * 1000)))});
  }
  return table;
}

std::set<int64_t> KeptByTheSpec(const TableMetadata& table, const ExpiryPolicy& policy,
                                std::set<std::string>& refs_gone) {
  std::set<int64_t> kept, reached;
  for (const auto& [name, ref] : table.refs) {
    const int64_t age = kNow - table.FindSnapshot(ref.snapshot_id)->timestamp_ms;
    if (name != "main" && age > ref.max_ref_age_ms.value_or(policy.max_ref_age_ms)) {
      refs_gone.insert(name);
      continue;
    }
    kept.insert(ref.snapshot_id);
    if (ref.kind == kTag) continue;
    const auto ancestry = progress::Ancestry(table, name);
    const int64_t before = ref.max_snapshot_age_ms ? kNow - *ref.max_snapshot_age_ms : policy.expire_before_ms;
    for (const auto* each : ancestry) reached.insert(each->snapshot_id);
    for (size_t i = 0; i < ancestry.size(); ++i) {
      const bool first = i < static_cast<size_t>(ref.min_snapshots_to_keep.value_or(policy.min_snapshots_to_keep));
      if (ancestry[i]->timestamp_ms < before && !first) break;
      kept.insert(ancestry[i]->snapshot_id);
    }
  }
  for (const Snapshot& snapshot : table.snapshots) {
    if (!reached.contains(snapshot.snapshot_id) && snapshot.timestamp_ms >= policy.expire_before_ms) {
      kept.insert(snapshot.snapshot_id);
    }
  }
  return kept;
}

ExpiryPolicy RandomPolicy(Random& random) {
  return {.expire_before_ms = static_cast<int64_t>(random.Below(16'000)),
          .min_snapshots_to_keep = 1 + static_cast<int32_t>(random.Below(3)),
          .max_ref_age_ms = random.Below(2) == 0 ? INT64_MAX : kNow - static_cast<int64_t>(random.Below(14'000))};
}

TEST(ExpiryPlanProperty, IsTheSpecsOnTablesOfOthers) {
  Random random(20261127);
  for (int round = 0; round < 20'000; ++round) {
    const TableMetadata table = RandomTable(random, /*with_pipelines=*/false);
    const ExpiryPolicy policy = RandomPolicy(random);
    std::set<std::string> refs_gone;
    const auto kept = KeptByTheSpec(table, policy, refs_gone);
    const auto plan = PlanExpiry(table, policy, {}, kNow);
    ASSERT_TRUE(plan.has_value());
    std::set<int64_t> gone;
    for (const Snapshot& snapshot : table.snapshots) {
      if (!kept.contains(snapshot.snapshot_id)) gone.insert(snapshot.snapshot_id);
    }
    ASSERT_EQ(std::set<int64_t>(plan->snapshots.begin(), plan->snapshots.end()), gone) << "round " << round;
    ASSERT_EQ(std::set<std::string>(plan->refs.begin(), plan->refs.end()), refs_gone) << "round " << round;
  }
}

TableMetadata After(TableMetadata table, const ExpiryPlan& plan) {
  const std::set<int64_t> gone(plan.snapshots.begin(), plan.snapshots.end());
  erase_if(table.snapshots, [&](const Snapshot& each) { return gone.contains(each.snapshot_id); });
  for (const std::string& ref : plan.refs) table.refs.erase(ref);
  return table;
}

/// Whether `branch` may be the one that `pipeline` writes: the pipeline's tag is on it, or is lost.
bool MayBeTheBranchOf(const TableMetadata& table, const std::string& pipeline, const std::string& branch) {
  const Snapshot* tagged = table.FindRef(progress::TagName(pipeline));
  if (tagged == nullptr) return true;
  const auto owner = tagged->summary.find(std::string(progress::kPipelineKey));
  if (owner == tagged->summary.end() || owner->second != pipeline) return true;
  const auto ancestry = progress::Ancestry(table, branch);
  return std::ranges::find(ancestry, tagged) != ancestry.end();
}

TEST(ExpiryPlanProperty, TheBoundaryIsFoundAfterwardsAndNothingTheSpecKeepsGoes) {
  Random random(6);
  int boundaries = 0, expired = 0;
  for (int round = 0; round < 20'000; ++round) {
    const TableMetadata table = RandomTable(random, /*with_pipelines=*/true);
    const ExpiryPolicy policy = RandomPolicy(random);
    const auto plan = PlanExpiry(table, policy, {}, kNow);
    ASSERT_TRUE(plan.has_value());
    const TableMetadata after = After(table, *plan);
    for (const auto& [name, ref] : after.refs) ASSERT_NE(after.FindSnapshot(ref.snapshot_id), nullptr) << round;
    ASSERT_NE(after.FindSnapshot(*table.current_snapshot_id), nullptr);
    std::set<std::string> refs_gone, none;
    (void)KeptByTheSpec(table, policy, refs_gone);
    for (const std::string& ref : plan->refs) ASSERT_TRUE(refs_gone.contains(ref)) << round << " " << ref;
    // A branch that stays for the pipeline's sake has its own retention, as if it had no age.
    TableMetadata spared = table;
    for (auto& [name, ref] : spared.refs) {
      if (after.refs.contains(name)) ref.max_ref_age_ms = INT64_MAX;
    }
    for (const int64_t id : KeptByTheSpec(spared, policy, none)) ASSERT_NE(after.FindSnapshot(id), nullptr) << round;
    expired += static_cast<int>(plan->snapshots.size());
    for (const char* pipeline : {"p", "q"}) {
      for (const char* branch : {"main", "b", "c"}) {
        if (!table.refs.contains(branch) || !MayBeTheBranchOf(table, pipeline, branch)) continue;
        const auto found = progress::FindBoundary(table, pipeline, branch);
        ASSERT_TRUE(found.has_value());
        if (!*found) continue;
        const auto again = progress::FindBoundary(after, pipeline, branch);
        ASSERT_TRUE(again.has_value() && again->has_value()) << round << " " << pipeline << " " << branch;
        ASSERT_EQ((*again)->progress, (*found)->progress) << round << " " << pipeline << " " << branch;
        ++boundaries;
      }
    }
  }
  EXPECT_GT(boundaries, 10'000);
  EXPECT_GT(expired, 10'000);
}

}  // namespace
}  // namespace k2i::maintenance
