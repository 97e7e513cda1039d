// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kafka/source.h"

namespace k2i::kafka {

/// TLS and SASL, in librdkafka's words; an empty string leaves librdkafka's default.
struct SecurityOptions {
  std::string protocol;   // "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"
  std::string mechanism;  // "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"
  std::string username;
  std::string password;
  std::string ca_location;
  std::string cert_location;
  std::string key_location;
  std::string key_password;
  std::string oauth_token_url;  // not empty: OAUTHBEARER by OIDC client credentials
  std::string oauth_client_id;
  std::string oauth_client_secret;
  std::string oauth_scope;
};

struct KafkaOptions {
  std::vector<std::string> bootstrap_servers;  // host:port
  std::vector<std::string> topics;
  std::string group_id;
  std::string group_instance_id;  // "": dynamic membership
  std::string client_id = "k2i";
  OffsetReset offset_reset = OffsetReset::kEarliest;
  bool read_committed = true;
  /// Go on at the nearest offset Kafka has when the one asked for is gone; else Poll() returns DataLoss.
  bool continue_on_data_loss = false;
  bool consumer_protocol = false;  // KIP-848; session and heartbeat times are then the broker's
  bool read_headers = false;
  int batch_size = 10000;  // records
  int session_timeout_ms = 10000;
  int heartbeat_interval_ms = 3000;
  int max_poll_interval_ms = 300000;
  /// Bound of Describe() and Probe().
  Duration request_timeout = std::chrono::seconds(10);
  SecurityOptions security;
  /// Any librdkafka property; beats the tuning of ours, but not what the exactly-once protocol stands on.
  std::map<std::string, std::string> properties;
};

}  // namespace k2i::kafka
