// SPDX-License-Identifier: Apache-2.0
#include "net/aws/cached_credentials.h"

#include <algorithm>

#include "base/logging.h"

namespace k2i::net {

namespace {

constexpr int64_t kLongestMarginMs = 300'000;
constexpr int64_t kTryAgainMs = 10'000;

}  // namespace

Result<AwsCredentials> CachedAwsCredentials::Credentials() {
  std::lock_guard lock(mutex_);
  const int64_t now_ms = clock_.wall_ms();
  if (kept_.has_value() && (!kept_->refresh_at_ms.has_value() || now_ms < *kept_->refresh_at_ms)) {
    return kept_->credentials;
  }
  auto fetched = fetch_();
  if (fetched.has_value()) {
    kept_ = Kept{.credentials = *fetched, .refresh_at_ms = fetched->expires_at_ms};
    if (kept_->refresh_at_ms.has_value()) {
      const int64_t lifetime_ms = std::max<int64_t>(*kept_->refresh_at_ms - now_ms, 0);
      *kept_->refresh_at_ms -= std::min(kLongestMarginMs, lifetime_ms / 4);
    }
    return fetched;
  }
  if (!kept_.has_value() || now_ms >= kept_->credentials.expires_at_ms.value_or(now_ms)) return fetched;
  log::Warn("aws_credentials_not_renewed", {{"error", fetched.error().ToString()}});
  kept_->refresh_at_ms = now_ms + kTryAgainMs;
  return kept_->credentials;
}

bool CachedAwsCredentials::Refused(const AwsCredentials& credentials) {
  std::lock_guard lock(mutex_);
  // Another thread may have fetched new ones since.
  if (kept_.has_value() && kept_->credentials.access_key_id == credentials.access_key_id &&
      kept_->credentials.session_token == credentials.session_token) {
    kept_.reset();
  }
  return true;
}

}  // namespace k2i::net
