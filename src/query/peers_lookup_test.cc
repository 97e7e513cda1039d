// SPDX-License-Identifier: Apache-2.0
//
// Look-ups and waits that need a peer.
#include <gmock/gmock.h>

#include <thread>

#include "query/peers_testing.h"

namespace k2i::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

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
