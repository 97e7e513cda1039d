// SPDX-License-Identifier: Apache-2.0
//
// AWS Signature Version 4 of HTTP requests ("Create a signed AWS API request", IAM User Guide): pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/http.h"

namespace k2i::net {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;                            // empty: none
  std::optional<int64_t> expires_at_ms = std::nullopt;  // Unix epoch; nullopt: never
};

/// What a signature is good for.
struct SigningScope {
  std::string region;   // "us-east-1"
  std::string service;  // "glue", "sts", "s3", "s3tables", "execute-api"
};

/// The headers that sign `request` as it is sent at `now_ms`: X-Amz-Date, X-Amz-Security-Token where there is a token,
/// X-Amz-Content-Sha256 (S3 alone), and Authorization, which covers the host of the URL, these, and all headers of the
/// request but those that clients and proxies change on the way (User-Agent, Accept-Encoding, Connection, …).
///
/// The path of the URL is what goes over the wire, percent-encoded. S3 signs it as it is, every other service encodes
/// it once more and without its "." and "..", as the rules of AWS have it.
/// For S3, an X-Amz-Content-Sha256 that the request has already stands for its body: "UNSIGNED-PAYLOAD" is such a one.
/// REQUIRES: the request has no other header of these names yet.
HttpHeaders SignV4(const HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
                   int64_t now_ms);

}  // namespace k2i::net
