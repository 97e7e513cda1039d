// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace k2i::io {

struct S3Options {
  std::string region;         // empty: what the SDK finds; "us-east-1" where there is an endpoint
  std::string endpoint;       // "http://host:port" or "https://host:port"; empty: Amazon's own
  std::string access_key_id;  // empty: the SDK's default chain (environment, profile, web identity, instance)
  std::string secret_access_key;
  std::string session_token;
  std::optional<bool> path_style;  // unset: yes where there is an endpoint
  std::string tls_ca_file;         // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{5'000};
  /// No more than a hint on Linux, where the SDK turns it into a lowest speed.
  std::chrono::milliseconds request_timeout{30'000};
  int max_attempts = 5;  // of one request, the first included
};

enum class StorageType {
  kAuto,   // local files and S3, by the scheme of each location
  kLocal,  // local files alone
  kS3,     // as kAuto; the S3 options are checked at once
};

struct StorageOptions {
  StorageType type = StorageType::kAuto;
  S3Options s3;
};

/// `options` with what a REST catalog sends along for a table: s3.endpoint, s3.region (client.region),
/// s3.access-key-id, s3.secret-access-key, s3.session-token, s3.path-style-access. A key pair replaces all credentials
/// of `options`.
S3Options WithTableConfig(S3Options options, const std::map<std::string, std::string>& config);

}  // namespace k2i::io
