// SPDX-License-Identifier: Apache-2.0
// What can be known of the librdkafka source without a broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kafka/rdkafka_client.h"
#include "kafka/rdkafka_error.h"
#include "kafka/rdkafka_source.h"

namespace k2i::kafka {
namespace {

using ::testing::HasSubstr;

struct NoListener final : RebalanceListener {
  Result<OffsetVector> OnAssigned(const std::vector<TopicPartition>&) override { return OffsetVector{}; }
  void OnRevoked(const std::vector<TopicPartition>&) override {}
  void OnLost(const std::vector<TopicPartition>&) override {}
};

std::map<std::string, std::string> PropertyMap(const KafkaOptions& options) {
  const auto properties = Properties(options);
  EXPECT_TRUE(properties.has_value()) << properties.error().message;
  std::map<std::string, std::string> map;
  for (const auto& [name, value] : *properties) map[name] = value;  // the last wins, as in librdkafka
  return map;
}

TEST(RdkafkaPropertiesTest, KeepsOffsetsOutOfLibrdkafkasHands) {
  const auto map = PropertyMap({.bootstrap_servers = {"a:1", "b:2"}, .group_id = "g", .group_instance_id = "i"});
  EXPECT_EQ(map.at("bootstrap.servers"), "a:1,b:2");
  EXPECT_EQ(map.at("enable.auto.commit"), "false");
  EXPECT_EQ(map.at("enable.auto.offset.store"), "false");
  EXPECT_EQ(map.at("auto.offset.reset"), "error");
  EXPECT_EQ(map.at("isolation.level"), "read_committed");
  EXPECT_EQ(map.at("group.instance.id"), "i");
  EXPECT_EQ(map.at("partition.assignment.strategy"), "cooperative-sticky");
  EXPECT_FALSE(map.contains("security.protocol"));
}

TEST(RdkafkaPropertiesTest, TheUsersPropertiesBeatTheTuningButNotTheProtocol) {
  EXPECT_EQ(PropertyMap({.properties = {{"fetch.min.bytes", "1"}}}).at("fetch.min.bytes"), "1");
  for (const char* reserved : {"group.id", "enable.auto.commit", "auto.offset.reset", "isolation.level"}) {
    const auto refused = Properties({.properties = {{reserved, "x"}}});
    ASSERT_FALSE(refused.has_value()) << reserved;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
    EXPECT_THAT(refused.error().message, HasSubstr(reserved));
  }
}

TEST(RdkafkaPropertiesTest, LeavesSessionTimesToTheBrokerWithTheConsumerProtocol) {
  const auto properties = Properties({.group_id = "g", .consumer_protocol = true});
  if (rd_kafka_version() < 0x020c00ff) {
    EXPECT_EQ(properties.error().code, ErrorCode::kNotSupported);
    return;
  }
  const auto map = PropertyMap({.group_id = "g", .consumer_protocol = true});
  EXPECT_EQ(map.at("group.protocol"), "consumer");
  EXPECT_FALSE(map.contains("session.timeout.ms"));
  EXPECT_FALSE(map.contains("partition.assignment.strategy"));
}

TEST(RdkafkaPropertiesTest, CarriesSecurityOver) {
  const auto map = PropertyMap({.security = {.protocol = "SASL_SSL",
                                             .mechanism = "OAUTHBEARER",
                                             .ca_location = "/ca",
                                             .oauth_token_url = "https://t",
                                             .oauth_client_id = "c"}});
  EXPECT_EQ(map.at("security.protocol"), "SASL_SSL");
  EXPECT_EQ(map.at("sasl.mechanism"), "OAUTHBEARER");
  EXPECT_EQ(map.at("ssl.ca.location"), "/ca");
  EXPECT_EQ(map.at("sasl.oauthbearer.method"), "oidc");
  EXPECT_EQ(map.at("sasl.oauthbearer.client.id"), "c");
  EXPECT_FALSE(map.contains("sasl.password"));
}

TEST(RdkafkaClientTest, NamesThePropertyThatIsRefused) {
  NoListener listener;
  const auto unknown = RdkafkaSource::Open({.properties = {{"no.such", "1"}}}, listener);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(unknown.error().component, Component::kKafka);
  EXPECT_THAT(unknown.error().message, HasSubstr("'no.such'"));
  const auto ca = RdkafkaSource::Open({.security = {.protocol = "SSL", .ca_location = "/no/such/ca"}}, listener);
  ASSERT_FALSE(ca.has_value());
  EXPECT_EQ(ca.error().code, ErrorCode::kInvalidConfig);
}

TEST(RdkafkaErrorTest, SortsCodesByWhatToDo) {
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__AUTHENTICATION), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET), ErrorCode::kDataLoss);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), ErrorCode::kFenced);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__TIMED_OUT), ErrorCode::kTimeout);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_UNKNOWN), ErrorCode::kInternal);
  EXPECT_EQ(ExitCode(MakeError(RD_KAFKA_RESP_ERR__TRANSPORT, "x")), 2);
}

TEST(RdkafkaSourceTest, TellsThatNoBrokerAnswers) {
  const auto probe = Probe({.bootstrap_servers = {"127.0.0.1:1"}, .topics = {"t"}});
  ASSERT_FALSE(probe.has_value());
  EXPECT_EQ(probe.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(probe.error().message, HasSubstr("127.0.0.1:1"));

  NoListener listener;
  auto source = RdkafkaSource::Open({.bootstrap_servers = {"127.0.0.1:1"}, .topics = {"t"}, .group_id = "g"}, listener);
  ASSERT_TRUE(source.has_value());
  for (int i = 0; i < 50 && !(*source)->LastError(); ++i) {
    const auto batch = (*source)->Poll(std::chrono::milliseconds(100));
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    EXPECT_TRUE(batch->messages.empty());
  }
  ASSERT_TRUE((*source)->LastError().has_value());
  EXPECT_EQ((*source)->LastError()->code, ErrorCode::kUnavailable);
  EXPECT_TRUE((*source)->Close().has_value());
  EXPECT_EQ((*source)->Poll({}).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace k2i::kafka
