// SPDX-License-Identifier: Apache-2.0
#include "net/token_source.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace k2i::net {

namespace {

using nlohmann::json;

constexpr Duration kLongestMargin = std::chrono::minutes(1);
constexpr int64_t kLongestLifetimeSeconds = 10LL * 365 * 24 * 3600;
constexpr std::streamsize kLongestTokenBytes = 64 << 10;
constexpr char kTokenExchange[] = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr char kAccessTokenType[] = "urn:ietf:params:oauth:token-type:access_token";

Result<std::string> TokenInFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string token(static_cast<size_t>(kLongestTokenBytes), '\0');
  in.read(token.data(), kLongestTokenBytes);
  token.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (!token.empty()) return token;
  return Fail(ErrorCode::kInvalidConfig, "OAuth2 token: the file " + path + " cannot be read, or is empty");
}

std::string StringMember(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// "invalid_client: no such client", as far as the answer says (RFC 6749 section 5.2).
std::string ReasonOf(const json& answer) {
  const std::string error = StringMember(answer, "error");
  const std::string description = StringMember(answer, "error_description");
  if (error.empty()) return "";
  return ": " + error + (description.empty() ? "" : ": " + description);
}

/// Some servers send it as a string.
std::optional<int64_t> LifetimeSeconds(const json& answer) {
  const auto found = answer.find("expires_in");
  if (found == answer.end()) return std::nullopt;
  double seconds = 0;
  if (found->is_number()) seconds = found->get<double>();
  if (found->is_string()) seconds = std::strtod(found->get_ref<const std::string&>().c_str(), nullptr);
  if (!(seconds > 0)) return std::nullopt;
  return static_cast<int64_t>(std::min(seconds, static_cast<double>(kLongestLifetimeSeconds)));
}

}  // namespace

Result<std::string> OAuth2TokenSource::Token() {
  std::lock_guard lock(mutex_);
  const Duration now = clock_.monotonic();
  if (token_.has_value() && (!token_->refresh_at.has_value() || now < *token_->refresh_at)) return token_->value;
  auto fetched = Fetch();
  if (fetched.has_value()) {
    token_ = std::move(*fetched);
    return token_->value;
  }
  if (token_.has_value() && token_->expires_at.has_value() && now < *token_->expires_at) return token_->value;
  return std::unexpected(std::move(fetched).error());
}

bool OAuth2TokenSource::Refused(const std::string& token) {
  std::lock_guard lock(mutex_);
  // Another thread may have fetched a new one since.
  if (token_.has_value() && token_->value == token) token_.reset();
  return true;
}

Result<OAuth2TokenSource::CachedToken> OAuth2TokenSource::Fetch() const {
  if (!exchanges()) return Ask({{"grant_type", "client_credentials"}}, "");
  if (!token_.has_value()) return ExchangeSubject();
  auto next =
      Ask({{"grant_type", kTokenExchange}, {"subject_token", token_->value}, {"subject_token_type", kAccessTokenType}},
          token_->value);
  if (next.has_value() || next.error().code != ErrorCode::kPermissionDenied) return next;
  return ExchangeSubject();
}

Result<OAuth2TokenSource::CachedToken> OAuth2TokenSource::ExchangeSubject() const {
  std::string subject = options_.subject_token;
  if (!options_.subject_token_file.empty()) {
    K2I_ASSIGN_OR_RETURN(subject, TokenInFile(options_.subject_token_file));
  }
  return Ask({{"grant_type", kTokenExchange},
              {"subject_token", std::move(subject)},
              {"subject_token_type", options_.subject_token_type}},
             "");
}

Result<OAuth2TokenSource::CachedToken> OAuth2TokenSource::Ask(std::vector<std::pair<std::string, std::string>> form,
                                                              const std::string& bearer) const {
  if (!options_.client_id.empty()) form.emplace_back("client_id", options_.client_id);
  if (!options_.client_secret.empty()) form.emplace_back("client_secret", options_.client_secret);
  if (!options_.scope.empty()) form.emplace_back("scope", options_.scope);
  form.insert(form.end(), options_.parameters.begin(), options_.parameters.end());
  HttpRequest request;
  request.method = "POST";
  request.url = options_.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
  request.body = FormEncode(form);
  auto response = transport_.Send(request);
  if (!response.has_value()) return std::unexpected(response.error().With("OAuth2 token"));
  return ParseAnswer(*response);
}

Result<OAuth2TokenSource::CachedToken> OAuth2TokenSource::ParseAnswer(const HttpResponse& response) const {
  const json answer = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!response.ok()) {
    // RFC 6749: 400 or 401 with the reason; 429 and 5xx pass.
    const bool refused = response.status >= 400 && response.status < 500 && response.status != 429;
    return Fail(
        refused ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
        "OAuth2 token from " + options_.token_url + ": HTTP " + std::to_string(response.status) + ReasonOf(answer));
  }
  CachedToken token{.value = StringMember(answer, "access_token")};
  if (token.value.empty()) {
    return Fail(ErrorCode::kUnavailable,
                "OAuth2 token from " + options_.token_url + ": the answer holds no access_token");
  }
  if (const auto lifetime_seconds = LifetimeSeconds(answer)) {
    const Duration lifetime = std::chrono::seconds(*lifetime_seconds);
    token.expires_at = clock_.monotonic() + lifetime;
    token.refresh_at = *token.expires_at - std::min(kLongestMargin, lifetime / 4);
  }
  return token;
}

}  // namespace k2i::net
