// SPDX-License-Identifier: Apache-2.0
#include "verify/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/forged_history_testing.h"

namespace k2i::verify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(HistoryTest, CommitsThatJoinAreFine) { EXPECT_THAT(GoodTable().Problems(), IsEmpty()); }

TEST(HistoryTest, AGapIsNamed) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(40, 9), {{kEvents0, Range(30, 40)}});
  table.Tag(4);
  table.Property(Vector(40, 9));
  Findings findings;
  CheckContinuity(ReadHistory(table.metadata, "p", "main", findings), findings);
  ASSERT_EQ(findings.all().size(), 1u);
  EXPECT_EQ(
      findings.all()[0].ToString(),
      "snapshot 4, events/0: gap: offsets [20, 30) were never committed: the snapshot before ends at 20, this one "
      "begins at 30");
}

TEST(HistoryTest, AnOverlapIsNamed) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(30, 9), {{kEvents0, Range(15, 30)}});
  table.Tag(4);
  table.Property(Vector(30, 9));
  EXPECT_THAT(table.Problems(), ElementsAre("overlap/4/0"));
}

TEST(HistoryTest, AVectorThatMovesWithoutARangeIsAGap) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(25, 9), {});
  table.Ours(5, Vector(25, 7), {});
  table.Tag(5);
  table.Property(Vector(25, 7));
  EXPECT_THAT(table.Problems(), ElementsAre("gap/4/0", "overlap/5/1"));
}

TEST(HistoryTest, ForgettingToCarryForwardIsNamed) {
  ForgedTable table = GoodTable();
  progress::Progress only0{"c", {{"events", {"t", {}}}}};
  only0.Set(kEvents0, Offset{30});
  table.Ours(4, only0, {{kEvents0, Range(20, 30)}});
  table.Tag(4);
  table.Property(only0);
  EXPECT_THAT(table.Problems(), ElementsAre("vector/4/1"));
}

TEST(HistoryTest, ARangeMustEndAtTheVector) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(30, 9), {{kEvents0, Range(20, 29)}});
  table.Ours(5, Vector(30, 9), {{kEvents0, Range(30, 29)}});
  table.Tag(5);
  table.Property(Vector(30, 9));
  EXPECT_THAT(table.Problems(), ElementsAre("vector/4/0", "range/5/0"));
}

TEST(HistoryTest, AFirstSnapshotWithOffsetsFromNowhereIsNamed) {
  ForgedTable table;
  table.Ours(1, Vector(10, 5), {{kEvents0, Range(0, 10)}});
  table.Tag(1);
  table.Property(Vector(10, 5));
  EXPECT_THAT(table.Problems(), ElementsAre("vector/1/1"));
}

TEST(HistoryTest, APartitionMayBeginAnywhereAndAnytime) {
  ForgedTable table = GoodTable();
  progress::Progress three = Vector(20, 9);
  const TopicPartition events2{"events", PartitionId{2}};
  three.Set(events2, Offset{70});
  table.Ours(4, three, {{events2, Range(50, 70)}});
  table.Tag(4);
  table.Property(three);
  EXPECT_THAT(table.Problems(), IsEmpty());
}

TEST(HistoryTest, AnotherClusterOrTopicIsNamed) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(30, 9, "other"), {{kEvents0, Range(20, 30)}});
  table.Ours(5, Vector(40, 9, "other", "re-made"), {{kEvents0, Range(30, 40)}});
  table.Tag(5);
  table.Property(Vector(40, 9, "other", "re-made"));
  EXPECT_THAT(table.Problems(), ElementsAre("identity/4", "identity/5"));
}

TEST(HistoryTest, SnapshotsOfOthersAreSteppedOver) {
  ForgedTable table = GoodTable();
  table.Foreign(4, "replace");
  table.Ours(5, Vector(900, 900), {{kEvents0, Range(800, 900)}}, "another");
  table.Ours(6, Vector(30, 9), {{kEvents0, Range(20, 30)}});
  table.Tag(6);
  table.Property(Vector(30, 9));
  EXPECT_THAT(table.Problems(), IsEmpty());
}

TEST(HistoryTest, ExpiredHistoryIsCheckedFromTheOldestKept) {
  ForgedTable table = GoodTable();
  const int64_t first = table.metadata.snapshots.front().snapshot_id;
  erase_if(table.metadata.snapshots, [&](const auto& snapshot) { return snapshot.snapshot_id == first; });
  EXPECT_THAT(table.Problems(), IsEmpty());
  Findings findings;
  const History history = ReadHistory(table.metadata, "p", "main", findings);
  EXPECT_FALSE(history.complete);
  EXPECT_EQ(history.statements.size(), 2u);
  table.metadata.snapshots.Edit(0).parent_snapshot_id.reset();  // as PyIceberg leaves it
  EXPECT_THAT(table.Problems(), IsEmpty());
  EXPECT_FALSE(ReadHistory(table.metadata, "p", "main", findings).complete);
}

TEST(HistoryTest, ATableRolledBackByOthersIsTold) {
  ForgedTable table = GoodTable();
  table.metadata.refs["main"].snapshot_id = 2;
  table.Property(Vector(20, 5));
  EXPECT_THAT(table.Problems(), ElementsAre("tag/2"));
  // K2I goes on behind the roll-back: what the dropped snapshot held is missing.
  table.Ours(4, Vector(20, 12), {{kEvents1, Range(9, 12)}});
  table.Tag(4);
  table.Property(Vector(20, 12));
  EXPECT_THAT(table.Problems(), ElementsAre("gap/4/1"));
}

TEST(HistoryTest, TagAndPropertyMustAgreeWithTheNewest) {
  ForgedTable table = GoodTable();
  table.Tag(1);
  table.Property(Vector(20, 10));
  EXPECT_THAT(table.Problems(), ElementsAre("tag/3", "property/3"));
  table.metadata.refs.erase("k2i-p");
  table.metadata.properties.clear();
  EXPECT_THAT(table.Problems(), IsEmpty());
}

TEST(HistoryTest, AnUnreadableStatementIsAProblemOnce) {
  ForgedTable table = GoodTable();
  table.metadata.snapshots.Edit(1).summary["k2i.offsets"] = "{";
  EXPECT_THAT(table.Problems(), ElementsAre("unreadable/2"));
}

TEST(HistoryTest, ADeclaredRewindIsANoteAndNoGap) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(12, 9), {}).summary["k2i.rewind"] = R"({"events":{"0":[20,12]}})";
  table.Ours(5, Vector(25, 9), {{kEvents0, Range(12, 25)}});
  table.Ours(6, Vector(40, 9), {}).summary["k2i.rewind"] = R"({"events":{"0":[25,40]}})";
  table.Tag(6);
  table.Property(Vector(40, 9));
  EXPECT_THAT(table.Problems(), IsEmpty());
  Findings findings;
  CheckContinuity(ReadHistory(table.metadata, "p", "main", findings), findings);
  ASSERT_EQ(findings.all().size(), 2u);
  EXPECT_THAT(findings.all()[0].message, HasSubstr("offsets [12, 20) are read again"));
  EXPECT_THAT(findings.all()[1].message, HasSubstr("offsets [25, 40) are left out"));
}

TEST(HistoryTest, ARewindThatDoesNotSayWhatItDidIsAProblem) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(12, 9), {}).summary["k2i.rewind"] = R"({"events":{"0":[19,12]}})";
  table.Ours(5, Vector(11, 9), {}).summary["k2i.rewind"] = R"({"events":{"0":[12,10]}})";
  table.Tag(5);
  table.Property(Vector(11, 9));
  EXPECT_THAT(table.Problems(), ElementsAre("rewind/4/0", "gap/5/0"));
}

TEST(HistoryTest, AnAdoptionStartsAnew) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(0, 0, "other", "re-made"), {}).summary["k2i.adopt"] = "{}";
  table.Ours(5, Vector(7, 0, "other", "re-made"), {{kEvents0, Range(0, 7)}});
  table.Tag(5);
  table.Property(Vector(7, 0, "other", "re-made"));
  EXPECT_THAT(table.Problems(), IsEmpty());
}

}  // namespace
}  // namespace k2i::verify
