// SPDX-License-Identifier: Apache-2.0
//
// Streams of answers and the list of those that run, without a network.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server/flight/answer_stream.h"
#include "server/flight/flight_status.h"
#include "server/flight/running_streams.h"

namespace k2i::server::flight {
namespace {

/// A call of nobody's.
class FakeCall final : public arrow::flight::ServerCallContext {
 public:
  const std::string& peer_identity() const override { return none_; }
  const std::string& peer() const override { return none_; }
  void AddHeader(const std::string&, const std::string&) const override {}
  void AddTrailer(const std::string& key, const std::string& value) const override { trailers[key] = value; }
  arrow::flight::ServerMiddleware* GetMiddleware(const std::string&) const override { return nullptr; }
  bool is_cancelled() const override { return gone; }
  const arrow::flight::CallHeaders& incoming_headers() const override { return headers_; }

  mutable std::map<std::string, std::string> trailers;
  std::atomic<bool> gone = false;

 private:
  std::string none_;
  arrow::flight::CallHeaders headers_;
};

class OneBatch final : public query::Answer {
 public:
  explicit OneBatch(std::shared_ptr<arrow::RecordBatch> batch) : schema_(batch->schema()), batch_(std::move(batch)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<query::Pinned>& pinned() const override { return pinned_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (cancelled) return Fail(ErrorCode::kCancelled, "cancelled");
    return std::exchange(batch_, nullptr);
  }
  void Cancel() override { cancelled = true; }

  std::atomic<bool> cancelled = false;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<query::Pinned> pinned_;
  std::shared_ptr<arrow::RecordBatch> batch_;
};

std::shared_ptr<arrow::RecordBatch> Texts(const std::vector<size_t>& lengths) {
  arrow::StringBuilder texts;
  for (const size_t length : lengths) EXPECT_TRUE(texts.Append(std::string(length, 'x')).ok());
  const auto array = texts.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("t", arrow::utf8())}), array->length(), {array});
}

/// Bytes of the bodies that a stream sends, its schema aside.
std::vector<int64_t> Sent(arrow::flight::FlightDataStream& stream) {
  std::vector<int64_t> sizes;
  EXPECT_TRUE(stream.GetSchemaPayload().ok());
  while (true) {
    const auto payload = stream.Next().ValueOrDie();
    if (payload.ipc_message.metadata == nullptr) return sizes;
    sizes.push_back(payload.ipc_message.body_length);
  }
}

std::unique_ptr<arrow::flight::FlightDataStream> Stream(const FakeCall& call, RunningStreams& running,
                                                        std::unique_ptr<query::Answer> answer) {
  auto schema = answer->schema();
  return StreamAnswer(call, std::move(answer), running.Enter("id", [] { return false; }).value(), std::move(schema));
}

TEST(AnswerStreamTest, CutsWhatIsTooLargeForAMessage) {
  FakeCall call;
  RunningStreams running(1);
  const size_t megabyte = 1 << 20;
  const auto batch = Texts({megabyte, megabyte, megabyte, megabyte, megabyte, 9 * megabyte, 1, 1});
  const auto stream = Stream(call, running, std::make_unique<OneBatch>(batch));
  const std::vector<int64_t> sizes = Sent(*stream);
  int64_t total = 0;
  for (const int64_t size : sizes) total += size;
  EXPECT_GE(total, int64_t{14} << 20);
  EXPECT_LT(total, int64_t{15} << 20);
  EXPECT_EQ(std::ranges::count_if(sizes, [](int64_t size) { return size > kMaxBatchBytes + 1024; }), 1)
      << "only the row of 9 MiB";
}

TEST(AnswerStreamTest, ErrorsHaveATrailerAndPlacesAreGivenBack) {
  FakeCall call;
  RunningStreams running(1);
  auto answer = std::make_unique<OneBatch>(Texts({1}));
  answer->Cancel();
  auto stream = Stream(call, running, std::move(answer));
  EXPECT_EQ(running.size(), 1u);
  EXPECT_FALSE(stream->Next().ok());
  EXPECT_EQ(call.trailers[kErrorTrailer], "Cancelled");
  stream.reset();
  EXPECT_EQ(running.size(), 0u);
}

class RunningStreamsTest : public testing::Test {
 protected:
  static bool Never() { return false; }
  static ErrorCode CodeOf(const Status& status) { return status.has_value() ? ErrorCode{} : status.error().code; }

  RunningStreams running_{2};
  OneBatch answer_{Texts({1})};
};

TEST_F(RunningStreamsTest, ACallThatIsGoneCancelsItsAnswer) {
  std::atomic<bool> gone = false;
  auto slot = running_.Enter("a", [&] { return gone.load(); }).value();
  ASSERT_TRUE(slot.Attach(answer_).has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(answer_.cancelled);
  gone = true;
  for (int i = 0; i < 500 && !answer_.cancelled; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(answer_.cancelled);
}

TEST_F(RunningStreamsTest, ACancelBeforeTheAnswerIsThereCounts) {
  auto slot = running_.Enter("a", Never).value();
  running_.Cancel("a");
  EXPECT_EQ(CodeOf(slot.Attach(answer_)), ErrorCode::kCancelled);
  running_.Cancel("b");
  EXPECT_EQ(running_.Enter("b", Never).error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(running_.Enter("c", Never).has_value());
}

TEST_F(RunningStreamsTest, PlacesAreBounded) {
  auto first = std::make_unique<RunningStreams::Slot>(running_.Enter("a", Never).value());
  auto second = running_.Enter("a", Never).value();
  EXPECT_EQ(running_.Enter("b", Never).error().code, ErrorCode::kResourceExhausted);
  first.reset();
  EXPECT_TRUE(running_.Enter("b", Never).has_value());
}

TEST_F(RunningStreamsTest, StoppingCancelsAllAndLetsNoneIn) {
  auto slot = running_.Enter("a", Never).value();
  ASSERT_TRUE(slot.Attach(answer_).has_value());
  running_.Stop();
  EXPECT_TRUE(answer_.cancelled);
  EXPECT_EQ(running_.Enter("b", Never).error().code, ErrorCode::kCancelled);
}

TEST_F(RunningStreamsTest, TellsWhatComesBeforeTheAnswer) {
  RunningStreams running(4);
  FakeCall call;
  const auto left = running.Enter("left", [&] { return call.gone.load(); }).value();
  const auto cancelled = running.Enter("cancelled", [] { return false; }).value();
  const auto stopped = running.Enter("stopped", [] { return false; }).value();
  running.Cancel("cancelled");
  EXPECT_TRUE(cancelled.gone().stop_requested());
  EXPECT_FALSE(left.gone().stop_requested());
  call.gone = true;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!left.gone().stop_requested() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(left.gone().stop_requested());
  EXPECT_FALSE(stopped.gone().stop_requested());
  running.Stop();
  EXPECT_TRUE(stopped.gone().stop_requested());
}

}  // namespace
}  // namespace k2i::server::flight
