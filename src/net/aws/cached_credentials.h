// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "net/aws_credentials.h"

namespace k2i::net {

/// Keeps credentials until shortly before they expire: five minutes, or a quarter of a short life. While new ones
/// cannot be had, those that are still good are used on; it is tried again every ten seconds. Thread-safe: one thread
/// fetches, the others wait for it.
class CachedAwsCredentials final : public AwsCredentialsSource {
 public:
  using Fetch = std::function<Result<AwsCredentials>()>;
  /// `clock` and what `fetch` refers to must outlive this.
  CachedAwsCredentials(Clock& clock, Fetch fetch) : clock_(clock), fetch_(std::move(fetch)) {}

  Result<AwsCredentials> Credentials() override;
  bool Refused(const AwsCredentials& credentials) override;

 private:
  struct Kept {
    AwsCredentials credentials;
    std::optional<int64_t> refresh_at_ms;  // nullopt: they do not expire
  };

  Clock& clock_;
  const Fetch fetch_;
  std::mutex mutex_;
  std::optional<Kept> kept_;
};

}  // namespace k2i::net
