// SPDX-License-Identifier: Apache-2.0
#include "io/storage_options.h"

namespace k2i::io {

namespace {

/// The first of `keys` that is set, or "".
std::string FirstOf(const std::map<std::string, std::string>& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = config.find(key); found != config.end() && !found->second.empty()) return found->second;
  }
  return "";
}

}  // namespace

S3Options WithTableConfig(S3Options options, const std::map<std::string, std::string>& config) {
  if (std::string endpoint = FirstOf(config, {"s3.endpoint"}); !endpoint.empty()) options.endpoint = endpoint;
  if (std::string region = FirstOf(config, {"s3.region", "client.region"}); !region.empty()) options.region = region;
  const std::string key = FirstOf(config, {"s3.access-key-id"});
  const std::string secret = FirstOf(config, {"s3.secret-access-key"});
  if (!key.empty() && !secret.empty()) {
    options.access_key_id = key;
    options.secret_access_key = secret;
    options.session_token = FirstOf(config, {"s3.session-token"});
  }
  if (std::string path_style = FirstOf(config, {"s3.path-style-access"}); !path_style.empty()) {
    options.path_style = path_style == "true";
  }
  return options;
}

}  // namespace k2i::io
