// SPDX-License-Identifier: Apache-2.0
// RdkafkaSource against a real broker: K2I_TEST_KAFKA=host:port (PLAINTEXT, topics are created and left behind), and
// K2I_TEST_KAFKA_SASL=host:port (SASL_PLAINTEXT with SCRAM-SHA-512, alice / alice-secret). Skipped without them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdlib>
#include <set>

#include "base/random.h"
#include "kafka/rdkafka_source.h"

namespace k2i::kafka {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Listener final : RebalanceListener {
  Result<OffsetVector> OnAssigned(const std::vector<TopicPartition>& partitions) override {
    if (failure) return std::unexpected(*failure);
    assigned.insert(partitions.begin(), partitions.end());
    return starts;
  }
  void OnRevoked(const std::vector<TopicPartition>& partitions) override {
    ++revocations;
    for (const auto& tp : partitions) assigned.erase(tp);
  }
  void OnLost(const std::vector<TopicPartition>& partitions) override { OnRevoked(partitions); }

  OffsetVector starts;
  std::optional<Error> failure;
  std::set<TopicPartition> assigned;
  int revocations = 0;
};

/// A producer and an admin client, straight on librdkafka.
class Broker {
 public:
  explicit Broker(const std::string& address, bool transactional = false) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", "1000000", nullptr, 0);
    rd_kafka_conf_set(conf, "compression.type", "lz4", nullptr, 0);
    if (transactional) {
      rd_kafka_conf_set(conf, "transactional.id", Random(Random::SystemSeed()).Uuid().c_str(), nullptr, 0);
    }
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    queue_ = rd_kafka_queue_new(handle_);
    if (transactional) rd_kafka_error_destroy(rd_kafka_init_transactions(handle_, 10000));
  }
  ~Broker() {
    rd_kafka_flush(handle_, 10000);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(handle_);
  }
  void CreateTopic(const std::string& name, int partitions) {
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, nullptr, 0);
    rd_kafka_CreateTopics(handle_, &topic, 1, nullptr, queue_);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, 10000);
    ASSERT_NE(event, nullptr) << "no answer in 10 s";
    ASSERT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
  }
  void DeleteBefore(const std::string& topic, int partition, int64_t offset) {
    auto* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(handle_, &request, 1, nullptr, queue_);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, 10000);
    ASSERT_NE(event, nullptr) << "no answer in 10 s";
    ASSERT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
  }
  void Produce(const std::string& topic, int partition, std::optional<std::string> key,
               std::optional<std::string> value, bool header = false) {
    const auto view = [](std::optional<std::string>& t) { return t ? t->data() : nullptr; };
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    if (header) rd_kafka_header_add(headers, "h", -1, "v", 1);
    while (rd_kafka_producev(handle_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_KEY(view(key), (key ? key->size() : 0)),
                             RD_KAFKA_V_VALUE(view(value), (value ? value->size() : 0)), RD_KAFKA_V_TIMESTAMP(1234567),
                             RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(handle_, 10);
    }
  }
  void Flush() { rd_kafka_flush(handle_, 30000); }
  void Transaction(const std::string& topic, const std::string& value, bool commit) {
    rd_kafka_error_destroy(rd_kafka_begin_transaction(handle_));
    Produce(topic, 0, std::nullopt, value);
    Flush();
    rd_kafka_error_destroy(commit ? rd_kafka_commit_transaction(handle_, 10000)
                                  : rd_kafka_abort_transaction(handle_, 10000));
  }

 private:
  rd_kafka_t* handle_;
  rd_kafka_queue_t* queue_;
};

class RdkafkaLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("K2I_TEST_KAFKA");
    if (address == nullptr) GTEST_SKIP() << "K2I_TEST_KAFKA is not set";
    address_ = address;
    broker_.emplace(address_);
    topic_ = "k2i-test-" + Random(Random::SystemSeed()).Uuid();
  }
  KafkaOptions Options() const {
    return {.bootstrap_servers = {address_},
            .topics = {topic_},
            .group_id = topic_,
            .session_timeout_ms = 6000,
            .heartbeat_interval_ms = 200};
  }
  TopicPartition P(int partition) const { return {topic_, PartitionId{partition}}; }
  /// Polls until `count` records or ten seconds.
  std::vector<MessageBatch> Read(RdkafkaSource& source, size_t count, Duration time = 10s) {
    std::vector<MessageBatch> batches;
    size_t read = 0;
    for (const auto end = std::chrono::steady_clock::now() + time;
         read < count && std::chrono::steady_clock::now() < end;) {
      auto batch = source.Poll(50ms);
      EXPECT_TRUE(batch.has_value()) << batch.error().ToString();
      if (!batch) break;
      read += batch->messages.size();
      if (!batch->messages.empty()) batches.push_back(*std::move(batch));
    }
    return batches;
  }
  std::vector<std::string> Values(const std::vector<MessageBatch>& batches) {
    std::vector<std::string> values;
    for (const MessageBatch& batch : batches) {
      for (const Message& m : batch.messages) values.emplace_back(m.value.value_or("(null)"));
    }
    return values;
  }
  /// The first error that Poll returns within ten seconds.
  Error PollForError(RdkafkaSource& source) {
    for (int i = 0; i < 100; ++i) {
      if (auto batch = source.Poll(100ms); !batch) return batch.error();
    }
    return {ErrorCode::kInternal, "no error"};
  }
  void ProduceNumbers(int from, int to, int partition = 0) {
    for (int i = from; i < to; ++i) broker_->Produce(topic_, partition, "k", std::to_string(i));
    broker_->Flush();
  }

  std::string address_, topic_;
  std::optional<Broker> broker_;
  Listener listener_;
};

TEST_F(RdkafkaLiveTest, DescribesAndMissesTopics) {
  broker_->CreateTopic(topic_, 3);
  const auto info = Probe(Options());
  ASSERT_TRUE(info.has_value()) << info.error().ToString();
  EXPECT_EQ(info->cluster_id.size(), 22u);
  EXPECT_EQ(info->topic_ids.at(topic_).size(), 22u);
  EXPECT_EQ(info->partition_counts.at(topic_), 3);
  KafkaOptions options = Options();
  options.topics = {"k2i-no-such-topic"};
  const auto missing = Probe(options);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("k2i-no-such-topic"));
}

TEST_F(RdkafkaLiveTest, ReadsRecordsAsTheyAre) {
  broker_->CreateTopic(topic_, 1);
  broker_->Produce(topic_, 0, "key", "value", true);
  broker_->Produce(topic_, 0, std::nullopt, std::nullopt);
  broker_->Produce(topic_, 0, "", "");
  broker_->Flush();
  KafkaOptions options = Options();
  options.read_headers = true;
  auto source = RdkafkaSource::Open(options, listener_);
  ASSERT_TRUE(source.has_value());
  auto batches = Read(**source, 3);
  const auto lag = (*source)->Lag();
  ASSERT_TRUE(lag.contains(P(0)));
  EXPECT_EQ(lag.at(P(0)).log_end, Offset{3});
  EXPECT_EQ(lag.at(P(0)).position, Offset{3});
  ASSERT_TRUE((*source)->Acknowledge({{P(0), Offset{3}}}).has_value());
  EXPECT_EQ((*source)->Describe()->partition_counts.at(topic_), 1);
  ASSERT_TRUE((*source)->Close().has_value());
  EXPECT_EQ(listener_.revocations, 1);
  source->reset();  // the records outlive it
  std::vector<Message> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.messages.begin(), batch.messages.end());
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].topic, topic_);
  EXPECT_EQ(all[0].key, "key");
  EXPECT_EQ(all[0].value, "value");
  EXPECT_EQ(all[0].timestamp_ms, 1234567);
  ASSERT_EQ(all[0].headers.size(), 1u);
  EXPECT_EQ(all[0].headers[0].name, "h");
  EXPECT_EQ(all[0].headers[0].value, "v");
  EXPECT_EQ(all[1].offset, Offset{1});
  EXPECT_FALSE(all[1].key.has_value());
  EXPECT_FALSE(all[1].value.has_value());
  EXPECT_EQ(all[2].value, "");
}

TEST_F(RdkafkaLiveTest, StartsAtTheBoundaryAndNeverAtTheGroupsOffsets) {
  broker_->CreateTopic(topic_, 1);
  ProduceNumbers(0, 10);
  auto first = RdkafkaSource::Open(Options(), listener_);
  Read(**first, 10);
  ASSERT_TRUE((*first)->Acknowledge({{P(0), Offset{9}}}).has_value());
  ASSERT_TRUE((*first)->Close().has_value());
  listener_.starts[P(0)] = Offset{7};
  auto second = RdkafkaSource::Open(Options(), listener_);
  EXPECT_THAT(Values(Read(**second, 3)), ::testing::ElementsAre("7", "8", "9"));
  ASSERT_TRUE((*second)->Close().has_value());
  listener_.starts.clear();  // no boundary: earliest, though the group holds 9
  auto third = RdkafkaSource::Open(Options(), listener_);
  EXPECT_EQ(Values(Read(**third, 10)).size(), 10u);
  KafkaOptions options = Options();
  options.group_id += "-2";
  options.offset_reset = OffsetReset::kNone;
  auto none = RdkafkaSource::Open(options, listener_);
  EXPECT_EQ(PollForError(**none).code, ErrorCode::kInvalidConfig);
}

TEST_F(RdkafkaLiveTest, TellsOffsetsThatAreGone) {
  broker_->CreateTopic(topic_, 1);
  ProduceNumbers(0, 10);
  broker_->DeleteBefore(topic_, 0, 5);
  int64_t end = 10;
  for (const auto& [gone, assignor] : std::vector<std::pair<int64_t, std::string>>{
           {2, "cooperative-sticky"}, {20, "cooperative-sticky"}, {2, "range"}, {20, "range"}}) {
    SCOPED_TRACE(assignor + std::to_string(gone));
    listener_.starts[P(0)] = Offset{gone};
    KafkaOptions options = Options();
    options.group_id += assignor + std::to_string(gone);
    options.properties["partition.assignment.strategy"] = assignor;
    auto source = RdkafkaSource::Open(options, listener_);
    const Error error = PollForError(**source);
    EXPECT_EQ(error.code, ErrorCode::kDataLoss) << error.ToString();
    EXPECT_THAT(error.message, HasSubstr("offset " + std::to_string(gone) + " of " + topic_ +
                                         "[0] is gone: Kafka holds 5 to " + std::to_string(end)));
    const std::string mended = gone == 2 ? "5 --allow-gap`" : std::to_string(end) + " --allow-duplicates`";
    EXPECT_THAT(error.message, HasSubstr("`k2i offsets rewind --partition " + topic_ + "/0 --offset " + mended));
    EXPECT_EQ((*source)->Poll(0ms).error().code, ErrorCode::kDataLoss);
    EXPECT_TRUE((*source)->Close().has_value());

    options.continue_on_data_loss = true;
    auto going_on = RdkafkaSource::Open(options, listener_);
    if (gone == 2) {
      EXPECT_THAT(Values(Read(**going_on, 5)), ::testing::IsSupersetOf({"5", "6", "7", "8", "9"}));
    } else {
      Read(**going_on, 1, 2s);
      broker_->Produce(topic_, 0, "k", "after");
      broker_->Flush();
      ++end;
      EXPECT_THAT(Values(Read(**going_on, 1)), ::testing::ElementsAre("after"));
    }
    EXPECT_TRUE((*going_on)->Close().has_value());
  }
}

TEST_F(RdkafkaLiveTest, SkipsAbortedTransactions) {
  broker_->CreateTopic(topic_, 1);
  Broker transactional(address_, true);
  transactional.Transaction(topic_, "a", true);
  transactional.Transaction(topic_, "b", false);
  transactional.Transaction(topic_, "c", true);
  auto source = RdkafkaSource::Open(Options(), listener_);
  EXPECT_THAT(Values(Read(**source, 2)), ::testing::ElementsAre("a", "c"));
  EXPECT_THAT(Values(Read(**source, 1, 500ms)), ::testing::ElementsAre());
  EXPECT_EQ((*source)->Lag().at(P(0)).log_end, Offset{6});
}

TEST_F(RdkafkaLiveTest, PausesWithoutLosingOrRepeatingRecords) {
  broker_->CreateTopic(topic_, 1);
  ProduceNumbers(0, 1000);
  KafkaOptions options = Options();
  options.batch_size = 100;
  auto source = RdkafkaSource::Open(options, listener_);
  std::vector<std::string> values = Values(Read(**source, 250));
  ASSERT_TRUE((*source)->Pause().has_value());
  ASSERT_TRUE((*source)->Pause().has_value());
  EXPECT_TRUE(Read(**source, 1, 500ms).empty());
  ASSERT_TRUE((*source)->Resume().has_value());
  const auto rest = Values(Read(**source, 1000 - values.size()));
  values.insert(values.end(), rest.begin(), rest.end());
  ASSERT_EQ(values.size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(values[i], std::to_string(i));
  // A pause before the assignment holds for it.
  options.group_id += "-2";
  auto paused = RdkafkaSource::Open(options, listener_);
  ASSERT_TRUE((*paused)->Pause().has_value());
  EXPECT_TRUE(Read(**paused, 1, 3s).empty());
  ASSERT_TRUE((*paused)->Resume().has_value());
  EXPECT_EQ(Values(Read(**paused, 1000)).size(), 1000u);
}

/// Two members come to share four partitions, and all goes back to the one that stays.
void TestRebalance(const KafkaOptions& options) {
  Listener a, b;
  auto opened = RdkafkaSource::Open(options, a);
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  RdkafkaSource& first = **opened;
  const auto until = [](auto done, auto poll) {
    for (int i = 0; i < 300 && !done(); ++i) poll();
    EXPECT_TRUE(done());
  };
  const auto poll = [](RdkafkaSource& source) {
    const auto batch = source.Poll(30ms);
    EXPECT_TRUE(batch.has_value()) << batch.error().ToString();
  };
  until([&] { return a.assigned.size() == 4; }, [&] { poll(first); });
  auto joined = RdkafkaSource::Open(options, b);
  RdkafkaSource& second = **joined;
  until([&] { return a.assigned.size() == 2 && b.assigned.size() == 2; }, [&] { poll(first), poll(second); });
  EXPECT_GE(a.revocations, 1);
  ASSERT_TRUE(second.Close().has_value());
  EXPECT_TRUE(b.assigned.empty());
  until([&] { return a.assigned.size() == 4; }, [&] { poll(first); });
  ASSERT_TRUE(first.Close().has_value());
  EXPECT_TRUE(a.assigned.empty());
}

TEST_F(RdkafkaLiveTest, RebalancesInEachProtocol) {
  broker_->CreateTopic(topic_, 4);
  for (const std::string protocol : {"cooperative", "eager", "consumer"}) {
    SCOPED_TRACE(protocol);
    if (protocol == "consumer" && rd_kafka_version() < 0x020c00ff) continue;
    KafkaOptions options = Options();
    options.group_id += protocol;
    options.consumer_protocol = protocol == "consumer";
    if (protocol == "eager") options.properties["partition.assignment.strategy"] = "range";
    TestRebalance(options);
  }
}

// librdkafka's partitions stay paused when they are given up, and are so when they come back.
TEST_F(RdkafkaLiveTest, WhatIsResumedBetweenTwoAssignmentsIsRead) {
  broker_->CreateTopic(topic_, 2);
  KafkaOptions options = Options();
  options.properties["partition.assignment.strategy"] = "range";  // eager: all is given up in between
  Listener a, b;
  auto source = RdkafkaSource::Open(options, a);
  ASSERT_TRUE(source.has_value()) << source.error().ToString();
  const auto until = [&](auto done, RdkafkaSource* other) {
    for (int i = 0; i < 300 && !done(); ++i) {
      EXPECT_TRUE((*source)->Poll(30ms).has_value());
      EXPECT_TRUE(other == nullptr || other->Poll(30ms).has_value());
    }
    EXPECT_TRUE(done());
  };
  until([&] { return a.assigned.size() == 2; }, nullptr);
  ASSERT_TRUE((*source)->Pause().has_value());
  auto joined = RdkafkaSource::Open(options, b);
  ASSERT_TRUE(joined.has_value()) << joined.error().ToString();
  until([&] { return a.assigned.empty(); }, nullptr);
  ASSERT_TRUE((*source)->Resume().has_value());
  until([&] { return a.assigned.size() == 1 && b.assigned.size() == 1; }, joined->get());
  ASSERT_TRUE((*joined)->Close().has_value());
  until([&] { return a.assigned.size() == 2; }, nullptr);
  ProduceNumbers(0, 100);
  broker_->Produce(topic_, 1, std::nullopt, "other");
  broker_->Flush();
  EXPECT_EQ(Values(Read(**source, 101)).size(), 101u);
}

TEST_F(RdkafkaLiveTest, TheListenersErrorStopsTheSource) {
  broker_->CreateTopic(topic_, 1);
  listener_.failure = Error{ErrorCode::kDataLoss, "no boundary"};
  auto source = RdkafkaSource::Open(Options(), listener_);
  EXPECT_EQ(PollForError(**source).message, "no boundary");
  EXPECT_EQ((*source)->Poll(0ms).error().message, "no boundary");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE((*source)->Close().has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_F(RdkafkaLiveTest, MissesASubscribedTopic) {
  auto source = RdkafkaSource::Open(Options(), listener_);
  EXPECT_EQ(PollForError(**source).code, ErrorCode::kNotFound);
}

TEST_F(RdkafkaLiveTest, RefusesWrongCredentialsAtOnce) {
  const char* address = std::getenv("K2I_TEST_KAFKA_SASL");
  if (address == nullptr) GTEST_SKIP() << "K2I_TEST_KAFKA_SASL is not set";
  broker_->CreateTopic(topic_, 1);
  KafkaOptions options = Options();
  options.bootstrap_servers = {address};
  options.security = {
      .protocol = "SASL_PLAINTEXT", .mechanism = "SCRAM-SHA-512", .username = "alice", .password = "alice-secret"};
  EXPECT_TRUE(Probe(options).has_value());
  options.security.password = "wrong";
  const auto start = std::chrono::steady_clock::now();
  const auto refused = Probe(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied) << refused.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  auto source = RdkafkaSource::Open(options, listener_);
  EXPECT_EQ(PollForError(**source).code, ErrorCode::kPermissionDenied);
}

TEST_F(RdkafkaLiveTest, ReadsFast) {
  const char* millions = std::getenv("K2I_TEST_KAFKA_MILLIONS");
  if (millions == nullptr) GTEST_SKIP() << "K2I_TEST_KAFKA_MILLIONS is not set";
  const int count = std::atoi(millions) * 1'000'000;
  broker_->CreateTopic(topic_, 8);
  const std::string value(225, 'x');
  for (int i = 0; i < count; ++i) broker_->Produce(topic_, i % 8, std::nullopt, value);
  broker_->Flush();
  auto source = RdkafkaSource::Open(Options(), listener_);
  int read = 0;
  const auto cpu_start = std::clock();
  std::chrono::steady_clock::time_point start{}, end{};
  while (read < count) {
    const auto batch = (*source)->Poll(100ms);
    ASSERT_TRUE(batch.has_value());
    if (read == 0 && !batch->messages.empty()) start = std::chrono::steady_clock::now();
    read += static_cast<int>(batch->messages.size());
  }
  end = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(end - start).count();
  const double cpu = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  std::printf("%d records in %.2f s: %.2f M/s, %.2f CPU s per million\n", count, seconds, count / seconds / 1e6,
              cpu / count * 1e6);
}

}  // namespace
}  // namespace k2i::kafka
