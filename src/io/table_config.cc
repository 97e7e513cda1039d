// SPDX-License-Identifier: Apache-2.0
#include "io/table_config.h"

#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/base64.h"
#include "io/azure_connection.h"

namespace k2i::io {

namespace {

/// The first of `keys` that is set, or "".
std::string FirstOf(const TableConfig& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = config.find(key); found != config.end() && !found->second.empty()) return found->second;
  }
  return "";
}

/// Sets `field` if one of `keys` is set.
void Take(const TableConfig& config, std::initializer_list<const char*> keys, std::string& field) {
  if (std::string value = FirstOf(config, keys); !value.empty()) field = std::move(value);
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Calls `take(rest of the key, value)` for the keys that begin with `prefix`.
template <typename Take>
void ForEachBelow(const TableConfig& config, std::string_view prefix, Take take) {
  for (auto it = config.lower_bound(std::string(prefix)); it != config.end() && it->first.starts_with(prefix); ++it) {
    if (!it->second.empty()) take(std::string_view(it->first).substr(prefix.size()), it->second);
  }
}

Status Refuse(const TableConfig& config, std::string_view key, std::string_view instead) {
  const auto found = config.find(std::string(key));
  if (found == config.end() || found->second.empty()) return {};
  return Fail(ErrorCode::kNotSupported, "the catalog asks for " + std::string(key) + ": " + std::string(instead),
              Component::kStorage);
}

/// s3.sse.type and s3.sse.key, as Iceberg's S3FileIO takes them.
Status ApplyEncryption(const TableConfig& config, S3Options& options) {
  const std::string type = FirstOf(config, {"s3.sse.type"});
  if (type.empty()) return {};
  options.encryption = S3Encryption::kBucket;
  options.kms_key_id.clear();
  options.sse_customer_key.clear();
  const std::string key = FirstOf(config, {"s3.sse.key"});
  if (type == "none") return {};
  if (type == "s3") {
    options.encryption = S3Encryption::kS3;
    return {};
  }
  if (type == "kms" || type == "dsse-kms") {
    options.encryption = type == "kms" ? S3Encryption::kKms : S3Encryption::kDoubleKms;
    options.kms_key_id = key;
    return {};
  }
  const auto customer_key = FromBase64(key);
  if (type == "custom" && customer_key.has_value() && customer_key->size() == 32) {
    options.sse_customer_key = *customer_key;
    return {};
  }
  return Fail(type == "custom" ? ErrorCode::kInvalidArgument : ErrorCode::kNotSupported,
              "the catalog asks for s3.sse.type = " + type +
                  (type == "custom" ? ", but its s3.sse.key is not Base64 of 32 bytes"
                                    : ": K2I knows none, s3, kms, dsse-kms and custom"),
              Component::kStorage);
}

Status ApplyS3(const TableConfig& config, S3Options& options) {
  K2I_RETURN_IF_ERROR(ApplyEncryption(config, options));
  Take(config, {"s3.endpoint"}, options.endpoint);
  Take(config, {"s3.region", "client.region"}, options.region);
  const std::string key = FirstOf(config, {"s3.access-key-id"});
  const std::string secret = FirstOf(config, {"s3.secret-access-key"});
  if (!key.empty() && !secret.empty()) {
    options.credential = S3Credential::kDefault;
    options.role = {};
    options.keys = {
        .access_key_id = key, .secret_access_key = secret, .session_token = FirstOf(config, {"s3.session-token"})};
  }
  if (std::string path_style = FirstOf(config, {"s3.path-style-access"}); !path_style.empty()) {
    options.path_style = path_style == "true";
  }
  if (FirstOf(config, {"s3.requester-pays-enabled"}) == "true") options.requester_pays = true;
  return {};
}

Status ApplyGcs(const TableConfig& config, GcsOptions& options) {
  for (const char* key : {"gcs.encryption-key", "gcs.decryption-key"}) {
    K2I_RETURN_IF_ERROR(Refuse(config, key, "keys of one's own are not supported; use the bucket's default key"));
  }
  K2I_RETURN_IF_ERROR(Refuse(config, "gcs.user-project", "buckets whose reader pays are not supported"));
  Take(config, {"gcs.service.host"}, options.endpoint);
  Take(config, {"gcs.project-id"}, options.project_id);
  if (FirstOf(config, {"gcs.no-auth"}) == "true") options.credential = GcsCredential::kAnonymous;
  if (std::string token = FirstOf(config, {"gcs.oauth2.token"}); !token.empty()) {
    options.credential = GcsCredential::kToken;
    options.token = std::move(token);
    options.token_expires_at_ms = Number(FirstOf(config, {"gcs.oauth2.token-expires-at"}));
  }
  return {};
}

/// "acc" of "acc.dfs.core.windows.net": catalogs write either.
std::string AccountOf(std::string_view host) { return std::string(host.substr(0, host.find('.'))); }

/// Of the account with this host, or of the only one. Iceberg's own FileIO takes it for an endpoint, whatever its name.
Status ApplyConnection(std::string_view host, const std::string& text, AzureOptions& options) {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    ApplyEndpoint(text, host.empty() ? options.account : AccountOf(host), options);
    return {};
  }
  return ApplyConnectionString(text, options);
}

Status ApplyAzure(const TableConfig& config, AzureOptions& options) {
  Take(config, {"adls.account-name", "adls.auth.shared-key.account.name"}, options.account);
  if (std::string key = FirstOf(config, {"adls.account-key", "adls.auth.shared-key.account.key"}); !key.empty()) {
    options.credential = AzureCredential::kAccountKey;
    options.account_key = std::move(key);
  }
  Status status;
  const auto connect = [&](std::string_view host, const std::string& text) {
    if (status.has_value()) status = ApplyConnection(host, text, options);
  };
  ForEachBelow(config, "adls.connection-string.", connect);
  if (const std::string text = FirstOf(config, {"adls.connection-string"}); !text.empty()) connect("", text);
  K2I_RETURN_IF_ERROR(status);
  std::map<std::string, std::string> tokens;
  ForEachBelow(config, "adls.sas-token.",
               [&](std::string_view host, const std::string& token) { tokens[AccountOf(host)] = token; });
  if (std::string token = FirstOf(config, {"adls.sas-token"}); !token.empty()) tokens[""] = std::move(token);
  if (!tokens.empty()) {
    options.credential = AzureCredential::kSas;
    options.sas_tokens = std::move(tokens);
  }
  return {};
}

}  // namespace

Result<StorageOptions> WithTableConfig(StorageOptions options, const TableConfig& config) {
  K2I_RETURN_IF_ERROR(ApplyS3(config, options.s3));
  K2I_RETURN_IF_ERROR(ApplyGcs(config, options.gcs));
  K2I_RETURN_IF_ERROR(ApplyAzure(config, options.azure));
  return options;
}

}  // namespace k2i::io
