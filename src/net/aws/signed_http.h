// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/aws/credentials_chain.h"
#include "net/signing_transport.h"

namespace k2i::net {

/// A client of one AWS service, with the credentials that its requests are signed with: a SigningTransport that owns
/// what it stands on. Thread-safe.
class SignedHttp final : public HttpTransport {
 public:
  /// The region is `identity.region`, or whichever ResolveAwsRegion finds. InvalidConfig when there is none: the
  /// message ends with `region_key`, the setting that gives it. No credentials are looked up yet. `clock` must outlive
  /// this.
  static Result<std::unique_ptr<SignedHttp>> Make(std::unique_ptr<HttpTransport> http, Clock& clock,
                                                  std::map<std::string, std::string> environment,
                                                  AwsIdentityOptions identity, const std::string& service,
                                                  const std::string& region_key);

  Result<HttpResponse> Send(const HttpRequest& request) override { return signing_.Send(request); }
  const std::string& region() const { return region_; }

 private:
  SignedHttp(std::unique_ptr<HttpTransport> http, std::unique_ptr<AwsCredentialsSource> credentials, Clock& clock,
             const SigningScope& scope);

  const std::unique_ptr<HttpTransport> http_;
  const std::unique_ptr<AwsCredentialsSource> credentials_;
  const std::string region_;
  SigningTransport signing_;
};

}  // namespace k2i::net
