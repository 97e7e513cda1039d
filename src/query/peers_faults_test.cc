// SPDX-License-Identifier: Apache-2.0
//
// Peers that are late, wrong or too much.
#include <gmock/gmock.h>

#include <condition_variable>
#include <thread>

#include "query/peers_testing.h"

namespace k2i::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

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

}  // namespace
}  // namespace k2i::query
