// SPDX-License-Identifier: Apache-2.0
//
// Queries over the rows of several processes.
#include <gmock/gmock.h>

#include "query/peers_testing.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(PeersTest, AnAnswerCoversTheRowsOfAll) {
  mine_.Ingest(0, 2, 4);
  theirs_.Ingest(1, 2, 5);
  Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "2", "3", "100", "101", "102", "103", "104"));
  EXPECT_EQ(pinned_.offsets, (OffsetVector{{kP0, Offset{4}}, {kP1, Offset{5}}}));
  EXPECT_THAT(pinned_.missing, IsEmpty());
  EXPECT_THAT(Reasons(), IsEmpty());
  EXPECT_THAT(Ids(Ask("SELECT count(*), max(_kafka_offset) FROM db.events WHERE _kafka_partition = 1")),
              ElementsAre("5|4"));
}

TEST_F(PeersTest, WithoutPeersItNamesWhatItLacks) {
  theirs_.Ingest(1, 2, 5);
  mine_.Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101"));
  EXPECT_EQ(pinned_.offsets, (OffsetVector{{kP0, Offset{2}}, {kP1, Offset{2}}}));
  EXPECT_THAT(pinned_.missing, ElementsAre(kP1));
}

TEST_F(PeersTest, APeerIsNotAskedInTurn) {
  const auto third = std::make_shared<FakePeer>(
      "third", [](const PeerRequest&) -> Result<PeerRows> { return Fail(ErrorCode::kInternal, "asked"); });
  theirs_.Ingest(1, 2, 3);
  options_.peers = {peer_};
  mine_.Start(options_);
  theirs_.Start({.peers = {third}});
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102"));
  EXPECT_EQ(third->calls(), 0);
  theirs_.engine->Query({.sql = "SELECT * FROM events"}).value();
  EXPECT_EQ(third->calls(), 1) << "where it would have been asked";
}

TEST_F(PeersTest, TakesRowsThatThePeerHasCommittedSince) {
  theirs_.Ingest(1, 2, 5);
  theirs_.table.Flush(/*retain=*/true);
  theirs_.Ingest(1, 5, 6);
  Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102", "103", "104", "105"));
  EXPECT_EQ(pinned_.snapshot_id, 101);
  EXPECT_EQ(pinned_.offsets.at(kP1), Offset{6});
}

TEST_F(PeersTest, NamesWhatThePeerNoLongerHolds) {
  theirs_.Ingest(1, 2, 5);
  theirs_.table.Flush(/*retain=*/false);
  theirs_.Ingest(1, 5, 6);
  Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101"));
  EXPECT_THAT(pinned_.missing, ElementsAre(kP1));
  EXPECT_EQ(pinned_.offsets.at(kP1), Offset{2});
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(PeersTest, MovesToANewerSnapshotWhereThePeerHasLetGo) {
  theirs_.Ingest(1, 2, 5);
  theirs_.table.Flush(/*retain=*/false);
  theirs_.Ingest(1, 5, 6);
  mine_.Ingest(0, 2, 4);
  int loads = 0;
  Start([&]() -> Result<buffer::CommittedTable> {
    ++loads;
    return mine_.table.committed();
  });
  // What the catalog has now and the view does not know.
  mine_.Ingest(1, 2, 5);
  mine_.table.Flush();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "2", "3", "100", "101", "102", "103", "104", "105"));
  EXPECT_EQ(pinned_.snapshot_id, 102);
  EXPECT_EQ(pinned_.offsets, (OffsetVector{{kP0, Offset{4}}, {kP1, Offset{6}}}));
  EXPECT_THAT(pinned_.missing, IsEmpty());
  EXPECT_EQ(loads, 1);
}

TEST_F(PeersTest, ACatalogThatFailsOrLagsLeavesThePartitionMissing) {
  theirs_.Ingest(1, 2, 5);
  theirs_.table.Flush(/*retain=*/false);
  int loads = 0;
  Start([&]() -> Result<buffer::CommittedTable> {
    if (++loads == 1) return Fail(ErrorCode::kUnavailable, "no catalog");
    return mine_.table.committed();  // as the view knows it
  });
  for (int i = 1; i <= 2; ++i) {
    EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101"));
    EXPECT_THAT(pinned_.missing, ElementsAre(kP1));
    EXPECT_EQ(loads, i);
  }
}

TEST_F(PeersTest, OfAPartitionThatHasMovedNoRowComesTwice) {
  mine_.Ingest(1, 2, 4);  // not dropped yet
  theirs_.Ingest(1, 2, 5);
  Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102", "103", "104"));
  EXPECT_EQ(pinned_.offsets.at(kP1), Offset{5});
  mine_.Ingest(1, 4, 7);  // its new reader has not come so far
  mine_.table.Publish();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102", "103", "104", "105", "106"));
  EXPECT_EQ(pinned_.offsets.at(kP1), Offset{7});
  EXPECT_THAT(pinned_.missing, IsEmpty());
}

TEST_F(PeersTest, OfTwoReadersTheFurthestIsTaken) {
  Process third({kP1});
  third.Ingest(1, 0, 2);
  third.table.Flush();
  third.Ingest(1, 2, 7);
  theirs_.Ingest(1, 2, 5);
  third.Start();
  const auto other = std::make_shared<FakePeer>(
      "third", [&](const PeerRequest& request) { return AskEngine(*third.engine, request); });
  for (const auto& peers : {std::vector<std::shared_ptr<HotPeer>>{peer_, other}, {other, peer_}}) {
    options_.peers = peers;
    Start();
    EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102", "103", "104", "105", "106"));
    EXPECT_EQ(pinned_.offsets.at(kP1), Offset{7});
  }
}

TEST_F(PeersTest, OtherColumnsAreFoundByTheirIds) {
  const iceberg::NestedField more{5, "more", Type::Primitive(TypeId::kString)};
  auto fields = Columns().type->fields();
  fields[3].name = "renamed";
  fields.push_back(more);
  theirs_.Ingest(1, 2, 3);
  mine_.table.Evolve(fields);
  Start();
  EXPECT_THAT(Ids(Ask("SELECT id, renamed, more FROM events WHERE id >= 101 ORDER BY id")),
              ElementsAre("101|key1|NULL", "102|key2|NULL"))
      << "an older peer";
  theirs_.table.Evolve(fields);
  theirs_.columns = 5;
  theirs_.Ingest(1, 3, 4);
  theirs_.table.Publish();
  EXPECT_THAT(Ids(Ask("SELECT id, renamed, more FROM events WHERE id >= 102 ORDER BY id")),
              ElementsAre("102|key2|NULL", "103|key3|more"));
}

TEST_F(PeersTest, ANewerPeersColumnsAreLookedUp) {
  auto fields = Columns().type->fields();
  fields.push_back({5, "more", Type::Primitive(TypeId::kString)});
  theirs_.table.Evolve(fields);
  theirs_.columns = 5;
  theirs_.Ingest(1, 2, 3);
  Start([&]() -> Result<buffer::CommittedTable> { return mine_.table.committed(); });
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102")) << "the catalog has none that is newer";
  mine_.table.Evolve(fields);  // now it has, and the view does not know
  EXPECT_THAT(Ids(Ask("SELECT id, more FROM events WHERE id > 100 ORDER BY id")), ElementsAre("101|NULL", "102|more"));
}

TEST_F(PeersTest, PartitionsThatNoCommitKnows) {
  const TopicPartition p2{"events", PartitionId{2}};
  theirs_.table.assigned = {{kP1, p2}};
  theirs_.Ingest(2, 0, 2);
  Start();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "200", "201"));
  EXPECT_EQ(pinned_.offsets.at(p2), Offset{2});
  // Committed there, so rows may come before those in its memory.
  theirs_.table.Flush();
  theirs_.Ingest(2, 2, 3);
  theirs_.table.Publish();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101"));
  EXPECT_FALSE(pinned_.offsets.contains(p2));
}

}  // namespace
}  // namespace k2i::query
