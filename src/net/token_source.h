// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http.h"

namespace k2i::net {

/// Where the bearer token of a request comes from. Thread-safe.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// A token that is good now; "" for none.
  virtual Result<std::string> Token() = 0;
  /// The server has refused `token` (401, 419): true when the next Token() will be another one, so that the request is
  /// worth sending again.
  virtual bool Refused(const std::string& token) = 0;
};

/// A token from the configuration, or none.
class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Result<std::string> Token() override { return token_; }
  bool Refused(const std::string&) override { return false; }

 private:
  const std::string token_;
};

struct OAuth2Options {
  std::string token_url;
  std::string client_id;
  std::string client_secret;
  std::string scope;  // may be empty
  /// Exchanged for tokens (RFC 8693) in place of asking for them with the client's credentials alone; the client may be
  /// named too. Of a file, which is read at each exchange, where it is given by its path.
  std::string subject_token;
  std::string subject_token_file;
  std::string subject_token_type = "urn:ietf:params:oauth:token-type:access_token";
  std::map<std::string, std::string> parameters;  // further ones of each request, such as "audience"
};

/// Tokens by OAuth2 client credentials (RFC 6749 section 4.4, the client authenticated in the body, as Iceberg's own
/// client does) or token exchange, kept until shortly before they expire: a minute, or a quarter of a short life. A
/// token that came by exchange is exchanged for the next one (Iceberg's REST specification, /v1/oauth/tokens, use 3);
/// when that is refused, the subject token is once more. While the token server cannot be reached, a token that is
/// still good is used on.
class OAuth2TokenSource final : public TokenSource {
 public:
  /// `transport` and `clock` must outlive this.
  OAuth2TokenSource(HttpTransport& transport, Clock& clock, OAuth2Options options)
      : transport_(transport), clock_(clock), options_(std::move(options)) {}

  /// PermissionDenied when the token server refuses the client; Unavailable or Timeout when it does not answer as it
  /// should.
  Result<std::string> Token() override;
  bool Refused(const std::string& token) override;

 private:
  struct CachedToken {
    std::string value;
    std::optional<Duration> refresh_at;  // on the monotonic clock; nullopt: the server named no lifetime
    std::optional<Duration> expires_at;
  };
  bool exchanges() const { return !options_.subject_token.empty() || !options_.subject_token_file.empty(); }
  Result<CachedToken> Fetch() const;
  Result<CachedToken> ExchangeSubject() const;
  /// The form of a request, sent; `bearer`: what authenticates it beside the client, "" for nothing.
  Result<CachedToken> Ask(std::vector<std::pair<std::string, std::string>> form, const std::string& bearer) const;
  Result<CachedToken> ParseAnswer(const HttpResponse& response) const;

  HttpTransport& transport_;
  Clock& clock_;
  const OAuth2Options options_;
  std::mutex mutex_;
  std::optional<CachedToken> token_;
};

}  // namespace k2i::net
