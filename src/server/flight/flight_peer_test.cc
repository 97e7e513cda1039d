// SPDX-License-Identifier: Apache-2.0
//
// Asking a peer over loopback: one that answers, and those that do not as they should.
#include "server/flight/flight_peer.h"

#include <arpa/inet.h>
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "query/fake_service_testing.h"
#include "server/flight/fixed_tables_testing.h"
#include "server/flight/fixed_types_testing.h"
#include "server/flight/flight_server.h"
#include "server/flight/share_metadata.h"
#include "server/flight/tail_ticket.h"

namespace k2i::server::flight {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;

const TopicPartition kP0{"numbers", PartitionId{0}};
const TopicPartition kP3{"numbers", PartitionId{3}};

query::Share SomeShare() {
  return {.table_uuid = "uuid",
          .schema_id = 2,
          .committed = {{kP0, Offset{90}}},
          .rows = {{kP0, {{Offset{100}, Offset{150}}, 40}}, {kP3, {{Offset{7}, Offset{7}}, 0}}},
          .not_held = {{"numbers", PartitionId{5}}}};
}

/// A port at which somebody listens who never says anything.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

class FlightPeerTest : public testing::Test {
 protected:
  FlightPeerTest() {
    service_.tables = {{.database = "lake", .table = "numbers", .pinned = {.table = "lake.numbers"}}};
    service_.answer->schema = Numbers(1)->schema();
    service_.answer->pinned = {{.table = "lake.numbers"}};
    service_.answer->pinned[0].share = SomeShare();
  }
  std::string Serve(query::Service& service) {
    server_ = FlightServer::Start("127.0.0.1", 0, service, {.shutdown_grace = milliseconds(500)}).value();
    return Uri(server_->port());
  }
  static std::string Uri(int port) { return "grpc://127.0.0.1:" + std::to_string(port); }
  Result<query::PeerRows> Fetch(FlightPeer& peer, milliseconds timeout = std::chrono::seconds(20)) {
    request_.deadline = steady_clock::now() + timeout;
    request_.memory = &lease_;
    return peer.Fetch(request_);
  }
  Result<query::PeerRows> Fetch(const std::string& uri, milliseconds timeout = std::chrono::seconds(20)) {
    FlightPeer peer(uri, timeout);
    return Fetch(peer, timeout);
  }

  query::FakeService service_;
  std::unique_ptr<FlightServer> server_;
  query::PeerMemory memory_{1 << 20};
  query::PeerMemory::Lease lease_{memory_};
  query::PeerRequest request_{.table = "lake.numbers", .from = {{kP0, Offset{100}}}};
};

TEST_F(FlightPeerTest, BringsRowsAndWhatIsSaidOfThem) {
  service_.answer->batches.push_back(Numbers(40));
  request_.without = {kP3};
  request_.key = std::string("k\0\xff", 3);
  const auto rows = Fetch(Serve(service_));
  ASSERT_TRUE(rows.has_value()) << rows.error().ToString();
  EXPECT_EQ(ToJson(rows->share), ToJson(SomeShare()));
  ASSERT_EQ(rows->batches.size(), 1u);
  EXPECT_TRUE(rows->batches[0]->Equals(*Numbers(40)));
  EXPECT_GT(lease_.taken_bytes(), 40 * 8);
  EXPECT_TRUE(service_.last_tail.share);
  EXPECT_FALSE(service_.last_tail.follow);
  EXPECT_EQ(service_.last_tail.from, request_.from);
  EXPECT_THAT(service_.last_tail.without, ElementsAre(kP3));
  EXPECT_EQ(service_.last_tail.key, request_.key);
}

TEST_F(FlightPeerTest, OneThatIsDownFailsSoonAndIsFoundAgain) {
  int port = 0;
  {
    const SilentPort free;
    port = free.port();
  }
  FlightPeer peer(Uri(port), std::chrono::seconds(20));
  const auto begun = steady_clock::now();
  EXPECT_EQ(Fetch(peer).error().code, ErrorCode::kUnavailable);
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(10));
  server_ = FlightServer::Start("127.0.0.1", port, service_, {.shutdown_grace = milliseconds(500)}).value();
  Result<query::PeerRows> rows = Fetch(peer);
  const auto until = steady_clock::now() + std::chrono::seconds(10);
  for (; !rows && steady_clock::now() < until; rows = Fetch(peer)) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_TRUE(rows.has_value());
}

TEST_F(FlightPeerTest, OneThatIsSilentTakesItsTimeAndNoMore) {
  const SilentPort silent;
  const auto begun = steady_clock::now();
  const auto rows = Fetch(Uri(silent.port()), milliseconds(200));
  ASSERT_FALSE(rows.has_value());
  // By our clock, or as a connection that has not come about in that time.
  EXPECT_THAT(rows.error().code, testing::AnyOf(ErrorCode::kTimeout, ErrorCode::kUnavailable));
  EXPECT_GE(steady_clock::now() - begun, milliseconds(150));
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(FlightPeerTest, OneThatStopsInTheMiddleToo) {
  service_.answer->batches.push_back(Numbers(10));
  service_.answer->wait_for_cancel = true;
  const auto rows = Fetch(Serve(service_), milliseconds(300));
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, ErrorCode::kTimeout) << rows.error().ToString();
  EXPECT_TRUE(service_.answer->Await(&query::FakeScript::cancelled)) << "the peer does not go on for nobody";
}

TEST_F(FlightPeerTest, AQueryThatIsCancelledDoesNotWait) {
  service_.answer->wait_for_cancel = true;
  std::stop_source gone;
  request_.gone = gone.get_token();
  std::jthread client([&] {
    EXPECT_TRUE(service_.answer->Await(&query::FakeScript::waiting));
    std::this_thread::sleep_for(milliseconds(100));
    gone.request_stop();
  });
  const auto rows = Fetch(Serve(service_));
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, ErrorCode::kCancelled) << rows.error().ToString();
}

TEST_F(FlightPeerTest, MoreRowsThanThereIsMemoryFor) {
  service_.answer->batches.push_back(Numbers(100'000));
  service_.answer->wait_for_cancel = true;
  const auto rows = Fetch(Serve(service_));
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, ErrorCode::kResourceExhausted) << rows.error().ToString();
  EXPECT_TRUE(service_.answer->Await(&query::FakeScript::cancelled));
}

TEST_F(FlightPeerTest, ServersThatShareNothing) {
  FixedTables tables;
  request_.from = {};
  EXPECT_THAT(Fetch(Serve(tables)).error().ToString(), HasSubstr("Corruption: it does not say what it shares"));
  request_.table = "lake.none";
  const auto none = Fetch(Uri(server_->port()));
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound) << none.error().ToString();
  service_.error = Error{ErrorCode::kUnavailable, "table lake.numbers is not there yet"};
  request_.table = "lake.numbers";
  const auto early = Fetch(Serve(service_));
  EXPECT_EQ(early.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(early.error().message, HasSubstr("is not there yet"));
}

TEST(ShareMetadataTest, ReadsWhatItWrites) {
  const auto read = ParseShare(ToJson(SomeShare()));
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->table_uuid, "uuid");
  EXPECT_EQ(read->schema_id, 2);
  EXPECT_EQ(read->committed, SomeShare().committed);
  EXPECT_EQ(read->rows.at(kP0).range, (OffsetRange{Offset{100}, Offset{150}}));
  EXPECT_EQ(read->rows.at(kP0).row_count, 40);
  EXPECT_EQ(read->rows.at(kP3).row_count, 0);
  EXPECT_THAT(read->not_held, ElementsAre(TopicPartition{"numbers", PartitionId{5}}));
}

TEST(ShareMetadataTest, RefusesRubbish) {
  for (const std::string text :
       {"", "[]", "{}", R"({"table_uuid":1,"schema_id":0})", R"({"table_uuid":"u","schema_id":0,"committed":{}})",
        R"({"table_uuid":"u","schema_id":0,"committed":{},"ranges":{"t":{"0":[1,2]}},"rows":{}})",
        R"({"table_uuid":"u","schema_id":0,"committed":{},"ranges":{},"rows":{"t":{"0":1}}})",
        R"({"table_uuid":"u","schema_id":0,"committed":{},"ranges":{"t":{"x":[1,2]}},"rows":{}})",
        R"({"table_uuid":"u","schema_id":0,"committed":{},"ranges":{},"rows":{},"not_held":{"t":[-1]}})",
        R"({"table_uuid":"u","schema_id":0,"committed":{},"ranges":{},"rows":{},"not_held":{"t":["a"]}})"}) {
    const auto share = ParseShare(text);
    ASSERT_FALSE(share.has_value()) << text;
    EXPECT_EQ(share.error().code, ErrorCode::kCorruption);
  }
}

TEST(TailTicketTest, OfAPeer) {
  const query::TailRequest request{
      .table = "lake.t", .from = {{kP0, Offset{1}}}, .share = true, .position = {{kP0, Offset{9}}}};
  const auto read = ParseTailTicket(ToJson(request));
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_TRUE(read->share);
  EXPECT_EQ(read->position, request.position);
  for (const std::string more :
       {R"("share":1)", R"("without":{"t":[1]})", R"("share":true,"without":{"t":1})", R"("share":true,"without":[])",
        R"("share":true,"follow":true)", R"("key_hex":"6b")", R"("share":true,"key_hex":"6")",
        R"("share":true,"key_hex":"zz")", R"("share":true,"position":{"t":{"0":1,"1":2}})",
        R"("share":true,"position":{"t":{"0":1}},"key_hex":"")"}) {
    EXPECT_FALSE(ParseTailTicket(R"({"table":"t",)" + more + "}").has_value()) << more;
  }
}

}  // namespace
}  // namespace k2i::server::flight
