// SPDX-License-Identifier: Apache-2.0
// KafkaOptions as librdkafka properties.
#include <algorithm>
#include <array>

#include "kafka/rdkafka_client.h"

namespace k2i::kafka {
namespace {

/// What exactly-once stands on: a user who sets these gets told where their key is, or that there is none.
struct Reserved {
  std::string_view property;
  std::string_view instead;  // "": nothing
};
constexpr std::array kReserved = {Reserved{"bootstrap.servers", "kafka.bootstrap_servers"},
                                  Reserved{"metadata.broker.list", "kafka.bootstrap_servers"},
                                  Reserved{"group.id", "kafka.group_id"},
                                  Reserved{"group.protocol", "kafka.group_protocol"},
                                  Reserved{"isolation.level", "kafka.isolation_level"},
                                  Reserved{"auto.offset.reset", "kafka.auto_offset_reset"},
                                  Reserved{"enable.auto.commit", ""},
                                  Reserved{"auto.commit.enable", ""},
                                  Reserved{"enable.auto.offset.store", ""},
                                  Reserved{"enable.partition.eof", ""},
                                  Reserved{"allow.auto.create.topics", ""}};

/// Before it, KIP-848 is "early access" in librdkafka's own words, and not for production.
constexpr int kFirstWithConsumerProtocol = 0x020c00ff;

Status CheckReserved(const std::map<std::string, std::string>& properties) {
  for (const Reserved& reserved : kReserved) {
    if (!properties.contains(std::string(reserved.property))) continue;
    std::string text = "kafka.options: '" + std::string(reserved.property) + "' ";
    text += reserved.instead.empty() ? std::string("cannot be changed: exactly-once depends on it")
                                     : "is set by '" + std::string(reserved.instead) + "'";
    return Fail(ErrorCode::kInvalidConfig, std::move(text), Component::kKafka);
  }
  return {};
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

using List = std::vector<std::pair<std::string, std::string>>;

void AddSecurity(const SecurityOptions& security, List& out) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back(name, value);
  };
  add("security.protocol", security.protocol);
  add("sasl.mechanism", security.mechanism);
  add("sasl.username", security.username);
  add("sasl.password", security.password);
  add("ssl.ca.location", security.ca_location);
  add("ssl.certificate.location", security.cert_location);
  add("ssl.key.location", security.key_location);
  add("ssl.key.password", security.key_password);
  if (security.oauth_token_url.empty()) return;
  add("sasl.oauthbearer.method", "oidc");
  add("sasl.oauthbearer.token.endpoint.url", security.oauth_token_url);
  add("sasl.oauthbearer.client.id", security.oauth_client_id);
  add("sasl.oauthbearer.client.secret", security.oauth_client_secret);
  add("sasl.oauthbearer.scope", security.oauth_scope);
}

/// Throughput without idling and freshness of a few milliseconds (design.md §10).
void AddFetchTuning(List& out) {
  // The default makes the fetcher idle for a second each time the queue fills.
  out.emplace_back("fetch.queue.backoff.ms", "5");
  // Collects records for up to 5 ms on the broker: half the processor time of both sides for 2 ms of freshness.
  out.emplace_back("fetch.min.bytes", "8192");
  out.emplace_back("fetch.wait.max.ms", "5");
  // Bounds prefetching over all partitions by the bytes of keys and values. librdkafka's own cost comes on top: about
  // 300 bytes a message, so for records of 200 bytes the process holds some 150 MB more, and one fetch response (up to
  // fetch.max.bytes) may overshoot.
  out.emplace_back("queued.max.messages.kbytes", "65536");
}

}  // namespace

Result<List> Properties(const KafkaOptions& options) {
  K2I_RETURN_IF_ERROR(CheckReserved(options.properties));
  List out = {{"bootstrap.servers", Joined(options.bootstrap_servers)},
              {"client.id", options.client_id},
              {"enable.auto.commit", "false"},
              {"enable.auto.offset.store", "false"},
              // Starts without a boundary are given as "beginning" or "end" when partitions are assigned, so a reset
              // can only mean that offsets are gone: an error, never a silent jump.
              {"auto.offset.reset", "error"},
              // Tells of offsets at the end of a partition that hold no record for us.
              {"enable.partition.eof", "true"},
              {"isolation.level", options.read_committed ? "read_committed" : "read_uncommitted"},
              {"max.poll.interval.ms", std::to_string(options.max_poll_interval_ms)}};
  if (!options.group_id.empty()) out.emplace_back("group.id", options.group_id);
  if (!options.group_instance_id.empty()) out.emplace_back("group.instance.id", options.group_instance_id);
  if (options.consumer_protocol) {
    if (rd_kafka_version() < kFirstWithConsumerProtocol) {
      return Fail(ErrorCode::kNotSupported,
                  std::string("kafka.group_protocol: 'consumer' needs librdkafka 2.12 or newer, this one is ") +
                      rd_kafka_version_str(),
                  Component::kKafka);
    }
    out.emplace_back("group.protocol", "consumer");
  } else {
    out.emplace_back("session.timeout.ms", std::to_string(options.session_timeout_ms));
    out.emplace_back("heartbeat.interval.ms", std::to_string(options.heartbeat_interval_ms));
    // Only partitions that move are revoked: the rows of the others stay in the buffer.
    out.emplace_back("partition.assignment.strategy", "cooperative-sticky");
  }
  AddFetchTuning(out);
  AddSecurity(options.security, out);
  out.insert(out.end(), options.properties.begin(), options.properties.end());
  return out;
}

}  // namespace k2i::kafka
