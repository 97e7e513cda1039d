// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace k2i::maintenance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PlannedFile File(std::string path, int64_t size, int64_t sequence_number = 1, std::string partition = "",
                 int32_t spec_id = 0) {
  return {.path = std::move(path),
          .spec_id = spec_id,
          .partition = std::move(partition),
          .size_bytes = size,
          .rows = size * 2,
          .sequence_number = sequence_number};
}

CompactionPolicy Policy(int min_input_files = 2) { return {.target_bytes = 100, .min_input_files = min_input_files}; }

std::vector<std::vector<size_t>> GroupsOf(const CompactionPlan& plan) {
  std::vector<std::vector<size_t>> groups;
  for (const auto& group : plan.groups) groups.push_back(group.files);
  return groups;
}

std::vector<std::vector<size_t>> GroupsOf(const std::vector<PlannedFile>& files, const CompactionPolicy& policy) {
  return GroupsOf(PlanCompaction(files, 0, 9, policy));
}

TEST(CompactionPlanTest, PacksSmallFilesOfAPartitionOldestFirst) {
  const auto plan = PlanCompaction({File("d", 40, 3, "x"), File("b", 30, 1, "x"), File("a", 20, 1, "y"),
                                    File("c", 30, 2, "x"), File("e", 10, 1, "y")},
                                   0, 9, Policy());
  EXPECT_THAT(GroupsOf(plan), ElementsAre(ElementsAre(1, 3, 0), ElementsAre(2, 4)));
  EXPECT_EQ(plan.groups[0].bytes, 100);
  EXPECT_EQ(plan.groups[0].rows, 200);
  EXPECT_EQ(plan.groups[0].sequence_number, 9);
  EXPECT_FALSE(plan.groups[0].old_spec);
}

TEST(CompactionPlanTest, LeavesWhatIsLargeEnough) {
  EXPECT_THAT(GroupsOf({File("a", 75), File("b", 180), File("c", 500), File("d", 74)}, Policy()), IsEmpty());
  auto policy = Policy();
  policy.small_below_bytes = 30;
  EXPECT_THAT(GroupsOf({File("a", 29), File("b", 29), File("c", 30), File("d", 30)}, policy),
              ElementsAre(ElementsAre(0, 1)));
}

TEST(CompactionPlanTest, MakesNoGroupThatDoesNotHelp) {
  EXPECT_THAT(GroupsOf({File("a", 10)}, Policy()), IsEmpty());
  // Two that do not fit into one.
  EXPECT_THAT(GroupsOf({File("a", 60), File("b", 60)}, Policy()), IsEmpty());
  // Few and little: they wait for more, lest the same rows are written again and again …
  EXPECT_THAT(GroupsOf({File("a", 10), File("b", 10)}, Policy(3)), IsEmpty());
  EXPECT_THAT(GroupsOf({File("a", 10), File("b", 10), File("c", 10)}, Policy(3)), ElementsAre(ElementsAre(0, 1, 2)));
  // … unless they fill a file.
  EXPECT_THAT(GroupsOf({File("a", 40), File("b", 40)}, Policy(3)), ElementsAre(ElementsAre(0, 1)));
}

TEST(CompactionPlanTest, FilesOfOldSpecsComeTogetherWhateverTheirPartition) {
  const auto plan =
      PlanCompaction({File("a", 10, 1, "x", 3), File("b", 10, 1, "y", 4), File("c", 10, 1, "x"), File("d", 10, 1, "x")},
                     0, 9, Policy());
  EXPECT_THAT(GroupsOf(plan), ElementsAre(ElementsAre(2, 3), ElementsAre(0, 1)));
  EXPECT_TRUE(plan.groups[1].old_spec);
  auto all = Policy();
  all.all_of_old_specs = true;
  EXPECT_THAT(GroupsOf({File("a", 500, 1, "x", 3), File("b", 10), File("c", 90, 1, "y", 3)}, all),
              ElementsAre(ElementsAre(0), ElementsAre(2)));
}

TEST(CompactionPlanTest, LeavesOutWhatCannotBeRewritten) {
  std::vector<PlannedFile> files{File("a", 10), File("b", 10), File("c", 10), File("d", 10), File("e", 200)};
  files[2].rewritable = files[4].rewritable = false;
  const auto plan = PlanCompaction(files, 0, 9, Policy());
  EXPECT_THAT(GroupsOf(plan), ElementsAre(ElementsAre(0, 1, 3)));
  EXPECT_EQ(plan.not_rewritable, 1);
}

TEST(CompactionPlanTest, FilesWithDeletesAreRewrittenWhateverTheirSize) {
  std::vector<PlannedFile> files{File("a", 500), File("b", 90), File("c", 10), File("d", 10, 1, "x"), File("e", 80)};
  for (const size_t i : {0, 1, 3}) files[i].has_deletes = true;
  const auto plan = PlanCompaction(files, 0, 9, Policy(3));
  EXPECT_THAT(GroupsOf(plan), ElementsAre(ElementsAre(0), ElementsAre(1, 2), ElementsAre(3)));
  EXPECT_TRUE(plan.groups[1].has_deletes);
  // From before a barrier they would have them again, and be rewritten for ever.
  auto policy = Policy(3);
  policy.barriers = {5};
  EXPECT_THAT(GroupsOf(files, policy), IsEmpty());
}

TEST(CompactionPlanTest, DoesNotMixRowsFromBeforeAndAfterABarrier) {
  auto policy = Policy();
  policy.barriers = {7, 4};
  const auto plan = PlanCompaction(
      {File("a", 10, 3), File("b", 10, 4), File("c", 10, 6), File("d", 10, 7), File("e", 10, 8), File("f", 10, 1)}, 0,
      9, policy);
  EXPECT_THAT(GroupsOf(plan), ElementsAre(ElementsAre(5, 0), ElementsAre(1, 2), ElementsAre(3, 4)));
  EXPECT_EQ(plan.groups[0].sequence_number, 3);
  EXPECT_EQ(plan.groups[1].sequence_number, 6);
  EXPECT_EQ(plan.groups[2].sequence_number, 9);
}

TEST(CompactionPlanTest, KeepsToItsBounds) {
  auto policy = Policy();
  policy.max_group_bytes = 40;
  std::vector<PlannedFile> files;
  for (int i = 0; i < 8; ++i) files.push_back(File(std::string(1, static_cast<char>('a' + i)), 20));
  EXPECT_THAT(GroupsOf(files, policy),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4, 5), ElementsAre(6, 7)));
  policy.max_files = 5;
  EXPECT_THAT(GroupsOf(files, policy), ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3)));
  policy.max_files = 7;
  policy.max_group_bytes = 100;
  EXPECT_THAT(GroupsOf(files, policy), ElementsAre(ElementsAre(0, 1, 2, 3, 4), ElementsAre(5, 6)));
  policy.max_files = 0;
  EXPECT_THAT(GroupsOf(files, policy), IsEmpty());
}

class RandomTable {
 public:
  explicit RandomTable(uint64_t seed) : engine_(seed) {}

  std::vector<PlannedFile> Files() {
    std::vector<PlannedFile> files(static_cast<size_t>(Draw(0, 200)));
    for (size_t i = 0; i < files.size(); ++i) {
      files[i] = File("f" + std::to_string(i), Draw(1, Draw(0, 3) == 0 ? 3000 : 200), Draw(1, 50),
                      std::to_string(Draw(0, 4)), static_cast<int32_t>(Draw(0, 2)));
      files[i].has_deletes = Draw(0, 9) == 0;
      files[i].rewritable = Draw(0, 19) != 0;
    }
    return files;
  }
  CompactionPolicy RandomPolicy() {
    CompactionPolicy policy{.target_bytes = 1000, .min_input_files = static_cast<int>(Draw(1, 6))};
    if (Draw(0, 1) == 1) policy.small_below_bytes = Draw(1, 1500);
    if (Draw(0, 3) == 0) policy.max_group_bytes = Draw(100, 2000);
    if (Draw(0, 3) == 0) policy.max_files = Draw(0, 100);
    if (Draw(0, 3) == 0) policy.barriers = {Draw(1, 50), Draw(1, 50)};
    return policy;
  }
  void Shuffle(std::vector<PlannedFile>& files) { std::ranges::shuffle(files, engine_); }

 private:
  int64_t Draw(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  std::mt19937_64 engine_;
};

std::set<std::set<std::string>> PathsOf(const CompactionPlan& plan, const std::vector<PlannedFile>& files) {
  std::set<std::set<std::string>> all;
  for (const auto& group : plan.groups) {
    std::set<std::string> paths;
    for (const size_t file : group.files) paths.insert(files[file].path);
    all.insert(std::move(paths));
  }
  return all;
}

void CheckGroup(const CompactionGroup& group, const std::vector<PlannedFile>& files, const CompactionPolicy& policy) {
  int64_t bytes = 0;
  std::set<std::string> partitions;
  std::set<std::ptrdiff_t> epochs;
  for (const size_t index : group.files) {
    const PlannedFile& file = files[index];
    bytes += file.size_bytes;
    partitions.insert(file.spec_id == 0 ? "p" + file.partition : "old");
    epochs.insert(
        std::ranges::count_if(policy.barriers, [&](int64_t barrier) { return barrier <= file.sequence_number; }));
    EXPECT_TRUE(file.rewritable);
    EXPECT_TRUE(group.has_deletes || !file.has_deletes);
    const int64_t small = policy.small_below_bytes > 0 ? policy.small_below_bytes : 750;
    EXPECT_TRUE(file.size_bytes < small || file.has_deletes) << "a large one is moved";
    EXPECT_GE(group.sequence_number, file.sequence_number);
  }
  EXPECT_EQ(bytes, group.bytes);
  EXPECT_TRUE(bytes <= std::min(policy.target_bytes, policy.max_group_bytes) || group.files.size() == 1);
  EXPECT_TRUE(group.files.size() > 1 || group.has_deletes);
  EXPECT_EQ(partitions.size(), 1u);
  EXPECT_EQ(epochs.size(), 1u);
}

TEST(CompactionPlanTest, HoldsForRandomTables) {
  size_t groups = 0;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    RandomTable table(seed);
    auto files = table.Files();
    const auto policy = table.RandomPolicy();
    const auto plan = PlanCompaction(files, 0, 50, policy);
    std::set<size_t> seen;
    for (const auto& group : plan.groups) {
      CheckGroup(group, files, policy);
      for (const size_t file : group.files) EXPECT_TRUE(seen.insert(file).second);
    }
    EXPECT_LE(static_cast<int64_t>(seen.size()), policy.max_files);
    groups += plan.groups.size();
    const auto paths = PathsOf(plan, files);
    table.Shuffle(files);
    EXPECT_EQ(PathsOf(PlanCompaction(files, 0, 50, policy), files), paths) << "the order of the input matters";
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(groups, 3000u);
}

TEST(CompactionPlanTest, ComesToAnEnd) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomTable table(seed);
    auto files = table.Files();
    auto policy = table.RandomPolicy();
    policy.max_files = std::numeric_limits<int64_t>::max();
    int passes = 0;
    for (;; ++passes) {
      const auto plan = PlanCompaction(files, 0, 50, policy);
      if (plan.groups.empty()) break;
      std::set<size_t> gone;
      for (const auto& group : plan.groups) gone.insert(group.files.begin(), group.files.end());
      std::vector<PlannedFile> next;
      for (size_t i = 0; i < files.size(); ++i) {
        if (!gone.contains(i)) next.push_back(files[i]);
      }
      for (const auto& group : plan.groups) {
        next.push_back(File("w" + std::to_string(passes) + "-" + std::to_string(next.size()), group.bytes,
                            group.sequence_number, group.old_spec ? "0" : files[group.files.front()].partition));
      }
      const bool deletes = std::ranges::any_of(plan.groups, &CompactionGroup::has_deletes);
      ASSERT_TRUE(deletes || next.size() < files.size());
      files = std::move(next);
    }
    EXPECT_LE(passes, 8) << "seed " << seed;
  }
}

}  // namespace
}  // namespace k2i::maintenance
