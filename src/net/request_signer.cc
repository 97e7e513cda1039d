// SPDX-License-Identifier: Apache-2.0
#include "net/request_signer.h"

namespace k2i::net {

namespace {

constexpr size_t kMostCoveredBytes = size_t{1} << 20;

}  // namespace

Result<Signature> SigV4Signer::Sign(const HttpRequest& request, const std::string& region) {
  auto credentials = credentials_->Credentials();
  if (!credentials.has_value()) {
    Error error = credentials.error().With("AWS credentials");
    // Nothing has been sent to the service that is to be asked.
    if (error.code == ErrorCode::kTimeout) error.code = ErrorCode::kUnavailable;
    return std::unexpected(std::move(error));
  }
  HttpRequest bare{.method = request.method, .url = request.url, .headers = request.headers};
  Signature signature;
  const bool cheap = !request.url.starts_with("https://") && request.body.size() <= kMostCoveredBytes;
  const bool covers_body = always_cover_body_ || cheap;
  if (!covers_body) {
    signature.headers.emplace_back("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
    bare.headers.push_back(signature.headers.back());
  }
  HttpHeaders made = SignV4(covers_body ? request : bare, *credentials, {region, "s3"}, clock_.wall_ms());
  signature.headers.insert(signature.headers.end(), made.begin(), made.end());
  signature.by = *std::move(credentials);
  return signature;
}

}  // namespace k2i::net
