// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "base/clock.h"
#include "net/aws_credentials.h"
#include "net/http.h"
#include "net/sigv4.h"

namespace k2i::net {

/// Signs each request (SigV4) on its way to another transport. An Authorization header that is there already moves to
/// Original-Authorization, as Iceberg's Java client has it. When the service says that the credentials are stale and
/// others can be had, the request is sent once more: it has been refused before anything was done. Thread-safe.
class SigningTransport final : public HttpTransport {
 public:
  /// The references must outlive this.
  SigningTransport(HttpTransport& transport, AwsCredentialsSource& credentials, Clock& clock, SigningScope scope)
      : transport_(transport), credentials_(credentials), clock_(clock), scope_(std::move(scope)) {}

  /// Beside the errors of HttpTransport: those of AwsCredentialsSource. No credentials is never a Timeout, for nothing
  /// has been sent then.
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  HttpTransport& transport_;
  AwsCredentialsSource& credentials_;
  Clock& clock_;
  const SigningScope scope_;
};

}  // namespace k2i::net
