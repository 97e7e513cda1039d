// SPDX-License-Identifier: Apache-2.0
//
// How a request proves who sends it, whoever holds the key: we (SigV4Signer), or somebody who signs for us.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/aws_credentials.h"
#include "net/http.h"

namespace k2i::net {

/// What is added to a request.
struct Signature {
  HttpHeaders headers;
  std::string url;    // in place of the request's own; empty: that one
  AwsCredentials by;  // what it was made with; empty: nothing that we know
};

/// Thread-safe.
class RequestSigner {
 public:
  virtual ~RequestSigner() = default;
  /// Of `request` as it is to be sent now, to a service in `region`. PermissionDenied or InvalidConfig: there is
  /// nothing to sign with, or it is refused, and the message says why; Unavailable: whoever signs does not answer.
  virtual Result<Signature> Sign(const HttpRequest& request, const std::string& region) = 0;
  /// The service has refused it as stale: true when the next may be another.
  virtual bool Refused(const Signature& signature) = 0;
};

/// AWS Signature Version 4 of requests to an object store (sigv4.h). It covers bodies where there is no TLS and they
/// are of a megabyte at most: to hash those of data files costs as much as to send them.
class SigV4Signer final : public RequestSigner {
 public:
  /// `always_cover_body`: all the same. `clock` must outlive this.
  SigV4Signer(std::unique_ptr<AwsCredentialsSource> credentials, Clock& clock, bool always_cover_body = false)
      : credentials_(std::move(credentials)), clock_(clock), always_cover_body_(always_cover_body) {}

  Result<Signature> Sign(const HttpRequest& request, const std::string& region) override;
  bool Refused(const Signature& signature) override { return credentials_->Refused(signature.by); }

 private:
  const std::unique_ptr<AwsCredentialsSource> credentials_;
  Clock& clock_;
  const bool always_cover_body_;
};

/// For what is open to everybody.
class NoSigner final : public RequestSigner {
 public:
  Result<Signature> Sign(const HttpRequest&, const std::string&) override { return Signature{}; }
  bool Refused(const Signature&) override { return false; }
};

}  // namespace k2i::net
