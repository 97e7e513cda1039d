// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "net/sigv4.h"

namespace k2i::net {

/// Where the credentials that sign a request come from. Thread-safe.
class AwsCredentialsSource {
 public:
  virtual ~AwsCredentialsSource() = default;
  /// Credentials that are good now. PermissionDenied or InvalidConfig: there are none, and the message says what was
  /// tried; Unavailable or Timeout: whoever gives them does not answer.
  virtual Result<AwsCredentials> Credentials() = 0;
  /// A service has refused these as stale: true when the next Credentials() may be others, so that the request is worth
  /// sending again.
  virtual bool Refused(const AwsCredentials& credentials) = 0;
};

/// Keys from the configuration.
class FixedAwsCredentials final : public AwsCredentialsSource {
 public:
  explicit FixedAwsCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> Credentials() override { return credentials_; }
  bool Refused(const AwsCredentials&) override { return false; }

 private:
  const AwsCredentials credentials_;
};

}  // namespace k2i::net
