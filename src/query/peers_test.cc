// SPDX-License-Identifier: Apache-2.0
//
// Queries over the rows of several processes, each with a view of its own of one table.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "query/fake_peer_testing.h"
#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const TopicPartition kP0{"events", PartitionId{0}};
const TopicPartition kP1{"events", PartitionId{1}};

iceberg::Schema Columns() {
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "_kafka_partition", Type::Primitive(TypeId::kInt)},
                                {3, "_kafka_offset", Type::Primitive(TypeId::kLong)},
                                {4, "name", Type::Primitive(TypeId::kString)}})};
}

/// A process: what it has in memory, and its engine.
struct Process {
  explicit Process(std::vector<TopicPartition> assigned) : table(Columns()) {
    table.key_column = "name";
    table.assigned = std::move(assigned);
  }
  /// Rows of offsets [from, to); "1:7" is the id of the seventh of partition 1, "key3" the key of every fourth.
  void Ingest(int32_t partition, int64_t from, int64_t to) {
    std::string json = "[";
    for (int64_t i = from; i < to; ++i) {
      const std::string n = std::to_string(i);
      json += (i > from ? ",[" : "[") + std::to_string(partition * 100 + i) + "," + std::to_string(partition) + "," +
              n + ",\"key" + std::to_string(i % 4) + "\"" + (columns > 4 ? ",\"more\"]" : "]");
    }
    table.Ingest(Rows(table.schema(), json + "]"), partition);
  }
  ServedTable served() {
    ServedTable served = table.served();
    served.partition_column = "_kafka_partition";
    served.offset_column = "_kafka_offset";
    return served;
  }
  Engine& Start(EngineOptions options = {}, std::function<Result<buffer::CommittedTable>()> reload = {}) {
    table.Publish();
    ServedTable mine = served();
    mine.reload = std::move(reload);
    engine = Engine::Make(std::move(options), {mine}).value();
    return *engine;
  }

  TestTable table;
  int columns = 4;
  std::unique_ptr<Engine> engine;
};

/// Two rows of each partition are committed, as both processes know; then come rows that each has for itself.
class PeersTest : public testing::Test {
 protected:
  PeersTest() {
    for (Process* process : {&mine_, &theirs_}) {
      process->Ingest(0, 0, 2);
      process->Ingest(1, 0, 2);
      process->table.Flush();
    }
  }
  Engine& Start(std::function<Result<buffer::CommittedTable>()> reload = {}) {
    theirs_.Start();
    if (options_.peers.empty()) options_.peers = {peer_};
    return mine_.Start(options_, std::move(reload));
  }
  std::unique_ptr<Answer> Ask(const std::string& sql = "SELECT id FROM events ORDER BY id") {
    auto answer = mine_.engine->Query({.sql = sql});
    EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
    return answer ? *std::move(answer) : nullptr;
  }
  /// The rows, and what the answer says of itself.
  std::vector<std::string> Ids(std::unique_ptr<Answer> answer) {
    pinned_ = answer->pinned().at(0);
    const auto table = ReadAll(std::move(answer));
    return table ? Lines(**table) : std::vector{table.error().ToString()};
  }
  std::vector<std::string> Ids() { return Ids(Ask()); }
  std::vector<std::string> Lookup(LookupRequest request) {
    request.table = "events";
    auto answer = mine_.engine->Lookup(request);
    if (!answer) return {answer.error().ToString()};
    pinned_ = (*answer)->pinned().at(0);
    return Lines(*(*ReadAll(std::move(answer)))->SelectColumns({0}).ValueOrDie());
  }
  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const auto& failure : pinned_.failed_peers) reasons.push_back(failure.peer + ": " + failure.reason);
    return reasons;
  }

  Process mine_{{kP0}};
  Process theirs_{{kP1}};
  std::shared_ptr<FakePeer> peer_ = std::make_shared<FakePeer>(
      "peer", [this](const PeerRequest& request) { return AskEngine(*theirs_.engine, request); });
  EngineOptions options_;
  Pinned pinned_;
};

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

TEST_F(PeersTest, RowsThatDoNotJoinAreLeftOut) {
  theirs_.Ingest(1, 2, 5);
  theirs_.Start();
  const auto skewed = [&](int64_t by) {
    return std::make_shared<FakePeer>("peer", [this, by](const PeerRequest& request) -> Result<PeerRows> {
      auto rows = AskEngine(*theirs_.engine, request);
      rows->share.rows[kP1].range.begin.value += by;
      return rows;
    });
  };
  for (const int64_t by : {-1, 0}) {
    options_.peers = {skewed(by)};
    mine_.Start(options_);
    EXPECT_THAT(Ids(), by == 0 ? testing::SizeIs(7) : testing::SizeIs(4)) << by;
    EXPECT_THAT(pinned_.missing, by == 0 ? testing::SizeIs(0) : testing::SizeIs(1)) << by;
  }
}

TEST_F(PeersTest, AnswersThatCannotBeAreFailures) {
  theirs_.Ingest(1, 2, 5);
  theirs_.Start();
  using Spoil = std::function<void(PeerRows&)>;
  const std::vector<std::pair<Spoil, std::string>> cases = {
      {[](PeerRows& rows) { rows.share.table_uuid = "other"; }, "InvalidArgument: it has another table of this name"},
      {[](PeerRows& rows) { --rows.share.rows[kP1].row_count; },
       "Corruption: its answer has 3 rows, and says that it has 2"},
      {[](PeerRows& rows) { rows.share.rows[kP1].row_count = 1000; },
       "Corruption: its answer names an impossible range"},
      {[](PeerRows& rows) { rows.share.rows[kP1].range.end.value = 1; }, "Corruption: its answer names an impossible"},
      {[](PeerRows& rows) { rows.batches[0] = rows.batches[0]->RemoveColumn(0).ValueOrDie(); },
       "Corruption: its answer has rows of another schema"},
      {[](PeerRows& rows) {
         const auto field = rows.schema->field(3)->WithType(arrow::list(arrow::int32()));
         const auto none = arrow::MakeArrayOfNull(field->type(), 3).ValueOrDie();
         rows.batches = {rows.batches[0]->SetColumn(3, field, none).ValueOrDie()};
         rows.schema = rows.batches[0]->schema();
       },
       "column of list<item: int32> is not string"}};
  for (const auto& [spoil, reason] : cases) {
    options_.peers = {std::make_shared<FakePeer>("peer", [&](const PeerRequest& request) -> Result<PeerRows> {
      auto rows = AskEngine(*theirs_.engine, request);
      spoil(*rows);
      return rows;
    })};
    mine_.Start(options_);
    EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101")) << reason;
    EXPECT_THAT(pinned_.missing, ElementsAre(kP1)) << reason;
    EXPECT_THAT(Reasons(), ElementsAre(HasSubstr(reason)));
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

TEST_F(PeersTest, ALatePeerCostsABoundedTimeAndIsThenLeftAlone) {
  const auto late = std::make_shared<FakePeer>("late", [](const PeerRequest& request) -> Result<PeerRows> {
    std::this_thread::sleep_until(request.deadline);
    return Fail(ErrorCode::kTimeout, "it has not answered in time");
  });
  theirs_.Ingest(1, 2, 3);
  options_.peers = {late, peer_};
  options_.peer_timeout = std::chrono::milliseconds(100);
  Start();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(Ids(), ElementsAre("0", "1", "100", "101", "102")) << "the others' rows are there";
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(100));
  EXPECT_THAT(Reasons(), ElementsAre("late: Timeout: it has not answered in time"));
  EXPECT_THAT(Ids(), testing::SizeIs(5));
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("late: Unavailable: it has not answered in time of late")));
  EXPECT_EQ(late->calls(), 1);
  EXPECT_EQ(peer_->calls(), 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_THAT(Ids(), testing::SizeIs(5));
  EXPECT_EQ(late->calls(), 2);
}

TEST_F(PeersTest, AQueryThatNobodyWaitsForEndsWhileItAsks) {
  const auto waiting = std::make_shared<FakePeer>("waiting", [](const PeerRequest& request) -> Result<PeerRows> {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_until(lock, request.gone, request.deadline, [] { return false; });
    return Fail(ErrorCode::kCancelled, "cancelled");
  });
  options_.peers = {waiting};
  options_.peer_timeout = std::chrono::seconds(60);
  Start();
  std::stop_source gone;
  std::jthread client([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    gone.request_stop();
  });
  const auto answer = mine_.engine->Query({.sql = "SELECT * FROM events", .gone = gone.get_token()});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
}

TEST_F(PeersTest, RowsOfPeersTakeABoundedMemory) {
  theirs_.Ingest(1, 2, 5);
  const auto hungry = [this](int64_t bytes) {
    return std::make_shared<FakePeer>("hungry", [this, bytes](const PeerRequest& request) -> Result<PeerRows> {
      K2I_RETURN_IF_ERROR(request.memory->Take(bytes));
      return AskEngine(*theirs_.engine, request);
    });
  };
  const int64_t limit = options_.memory_bytes / 4;
  options_.peers = {hungry(limit)};
  Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Ids(), testing::SizeIs(7)) << "each gives it back";
    EXPECT_THAT(Reasons(), IsEmpty());
  }
  const auto open = Ask();
  EXPECT_THAT(Ids(), testing::SizeIs(4)) << "an open answer has it all";
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("ResourceExhausted: rows of peers would take more than")));
  EXPECT_THAT(pinned_.missing, ElementsAre(kP1));
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

TEST_F(PeersTest, LooksUpByPositionWhereThePartitionIsRead) {
  mine_.Ingest(0, 2, 4);
  theirs_.Ingest(1, 2, 5);
  Start();
  EXPECT_THAT(Lookup({.position = {{kP0, Offset{3}}}}), ElementsAre("3"));
  EXPECT_THAT(Lookup({.position = {{kP1, Offset{1}}}}), ElementsAre("101")) << "in the table";
  EXPECT_EQ(peer_->calls(), 0);
  EXPECT_THAT(Lookup({.position = {{kP1, Offset{3}}}}), ElementsAre("103"));
  EXPECT_THAT(Lookup({.position = {{kP1, Offset{4}}}, .hot_only = true}), ElementsAre("104"));
  EXPECT_THAT(pinned_.missing, IsEmpty());
  EXPECT_EQ(peer_->last_rows(), 1) << "no other row travels";
  EXPECT_THAT(Lookup({.position = {{kP1, Offset{9}}}}),
              ElementsAre("NotFound: db.events has no row of offset 9 of events-1"));
}

TEST_F(PeersTest, LooksUpByKeyInAll) {
  mine_.Ingest(0, 2, 4);
  theirs_.Ingest(1, 2, 9);
  Start();
  EXPECT_THAT(Lookup({.key = "key2"}), ElementsAre("106")) << "the newest of all";
  EXPECT_EQ(peer_->last_rows(), 2);
  EXPECT_THAT(Lookup({.key = "key3", .all = true}), UnorderedElementsAre("107", "3", "103"));
  EXPECT_THAT(Lookup({.key = "key1", .all = true, .hot_only = true}), ElementsAre("105"));
  EXPECT_THAT(pinned_.missing, IsEmpty());
  EXPECT_THAT(Lookup({.key = "none"}), ElementsAre("NotFound: db.events has no row of key none"));
}

TEST_F(PeersTest, LookUpsSayWhatTheyDoNotCover) {
  mine_.Ingest(0, 2, 4);
  options_.peers = {std::make_shared<FakePeer>(
      "down", [](const PeerRequest&) -> Result<PeerRows> { return Fail(ErrorCode::kUnavailable, "nobody there"); })};
  Start();
  EXPECT_THAT(Lookup({.key = "key2"}), ElementsAre("2"));
  EXPECT_THAT(pinned_.missing, ElementsAre(kP1));
  EXPECT_THAT(Reasons(), ElementsAre("down: Unavailable: nobody there"));
  EXPECT_THAT(
      Lookup({.position = {{kP1, Offset{3}}}}),
      ElementsAre(HasSubstr("events-1; the newest rows of 1 partitions that other processes read are not known")));
}

TEST_F(PeersTest, WaitsForRowsThatAPeerReads) {
  theirs_.Ingest(1, 2, 3);
  Start();
  std::thread stream([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    theirs_.Ingest(1, 3, 5);
    theirs_.table.Publish();
  });
  auto answer = mine_.engine->Query(
      {.sql = "SELECT id FROM events WHERE id >= 102", .wait_for = {{kP0, Offset{1}}, {kP1, Offset{4}}}});
  stream.join();
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_THAT(Ids(*std::move(answer)), UnorderedElementsAre("102", "103", "104"));
  EXPECT_THAT(Lookup({.key = "key0", .wait_for = {{kP1, Offset{4}}}}), ElementsAre("104"));
  const auto late = mine_.engine->Query(
      {.sql = "SELECT 1 FROM events", .wait_for = {{kP1, Offset{5}}}, .timeout = std::chrono::milliseconds(60)});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().ToString(),
            "Timeout: db.events: offset 5 of events-1 is not there: the next one to come is 5");
}

TEST_F(PeersTest, AWaitThatNobodyWaitsForEnds) {
  mine_.Start();
  std::stop_source gone;
  std::jthread client([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    gone.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto answer =
      mine_.engine->Query({.sql = "SELECT * FROM events", .wait_for = {{kP0, Offset{100}}}, .gone = gone.get_token()});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(
      mine_.engine->Lookup({.table = "events", .key = "k", .wait_for = {{kP0, Offset{100}}}, .gone = gone.get_token()})
          .error()
          .code,
      ErrorCode::kCancelled);
}

}  // namespace
}  // namespace k2i::query
