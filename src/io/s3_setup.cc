// SPDX-License-Identifier: Apache-2.0
#include "io/s3_setup.h"

#include <utility>

#include "base/base64.h"
#include "io/endpoint.h"
#include "net/aws/credentials_chain.h"
#include "net/digest.h"
#include "net/http_client.h"

namespace k2i::io {

namespace {

constexpr size_t kCustomerKeyBytes = 32;

std::unexpected<Error> InvalidOption(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), Component::kStorage);
}

Status CheckCredential(const S3Options& options) {
  const bool own_keys = !options.keys.access_key_id.empty();
  if (own_keys == options.keys.secret_access_key.empty()) {
    return InvalidOption("storage needs both access_key_id and secret_access_key, or neither");
  }
  if (own_keys && options.credential != S3Credential::kDefault) {
    return InvalidOption(
        "storage takes either an access key or another credential: a role is assumed with what the "
        "environment gives (AWS_ACCESS_KEY_ID, a profile, the instance)");
  }
  if ((options.credential == S3Credential::kRole) == options.role.role_arn.empty()) {
    return InvalidOption("storage needs a role_arn for the credential role, and for no other");
  }
  return {};
}

std::string Variable(const S3Options& options, const std::string& name) {
  const auto found = options.environment.find(name);
  return found == options.environment.end() ? "" : found->second;
}

/// The credentials chain, and what it asks: metadata services and STS know nothing of the store's own CA.
class ChainCredentials final : public net::AwsCredentialsSource {
 public:
  ChainCredentials(const S3Options& options, Clock& clock, const std::string& region) {
    chain_ = net::MakeAwsCredentials({http_, clock, options.environment},
                                     {.keys = {},
                                      .profile = "",
                                      .role = options.role,
                                      .web_identity = options.credential == S3Credential::kWebIdentity,
                                      .region = region});
  }
  Result<net::AwsCredentials> Credentials() override {
    auto found = chain_->Credentials();
    if (found.has_value() || found.error().code != ErrorCode::kPermissionDenied) return found;
    Error error = found.error();
    error.message += " (set access_key_id, a profile or a role)";
    return std::unexpected(std::move(error));
  }
  bool Refused(const net::AwsCredentials& credentials) override { return chain_->Refused(credentials); }

 private:
  net::HttpClient http_;
  std::unique_ptr<net::AwsCredentialsSource> chain_;
};

std::shared_ptr<net::RequestSigner> MakeSigner(const S3Options& options, Clock& clock, const std::string& region) {
  if (options.signer) return options.signer;
  if (options.credential == S3Credential::kAnonymous) return std::make_shared<net::NoSigner>();
  std::unique_ptr<net::AwsCredentialsSource> source;
  if (options.keys.access_key_id.empty()) {
    source = std::make_unique<ChainCredentials>(options, clock, region);
  } else {
    source = std::make_unique<net::FixedAwsCredentials>(options.keys);
  }
  return std::make_shared<net::SigV4Signer>(std::move(source), clock, options.sign_payload);
}

Result<S3Service> MakeService(const S3Options& options) {
  S3Service service;
  std::string url = options.endpoint;
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (url.empty()) url = Variable(options, name);
  }
  const bool own_endpoint = !url.empty();
  if (own_endpoint) {
    K2I_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(url));
    service.scheme = endpoint.scheme;
    service.authority = endpoint.authority;
  }
  service.path_style = options.path_style.value_or(own_endpoint);
  net::HttpClient unused;
  SystemClock clock;
  const net::AwsSurroundings surroundings{unused, clock, options.environment};
  auto region = net::ResolveAwsRegion(surroundings, options.region, "");
  if (!region.has_value()) return std::unexpected(region.error().In(Component::kStorage));
  if (!region->empty()) service.region = *region;
  return service;
}

Result<net::HttpHeaders> KeyHeaders(const S3Options& options) {
  const std::string& key = options.sse_customer_key;
  if (key.empty()) return net::HttpHeaders{};
  if (key.size() != kCustomerKeyBytes) return InvalidOption("storage.s3.sse_customer_key is not of 32 bytes");
  if (options.encryption != S3Encryption::kBucket) {
    return InvalidOption("storage.s3 takes either a sse_customer_key or another way of sse");
  }
  return net::HttpHeaders{{"x-amz-server-side-encryption-customer-algorithm", "AES256"},
                          {"x-amz-server-side-encryption-customer-key", Base64(key)},
                          {"x-amz-server-side-encryption-customer-key-MD5", Base64(net::Md5(key))}};
}

Result<net::HttpHeaders> EncryptionHeaders(const S3Options& options) {
  const bool kms = options.encryption == S3Encryption::kKms || options.encryption == S3Encryption::kDoubleKms;
  if (!options.kms_key_id.empty() && !kms) return InvalidOption("storage.s3.kms_key_id needs sse = \"kms\"");
  net::HttpHeaders headers;
  switch (options.encryption) {
    case S3Encryption::kBucket:
      return headers;
    case S3Encryption::kS3:
      return net::HttpHeaders{{"x-amz-server-side-encryption", "AES256"}};
    case S3Encryption::kKms:
      headers.emplace_back("x-amz-server-side-encryption", "aws:kms");
      break;
    case S3Encryption::kDoubleKms:
      headers.emplace_back("x-amz-server-side-encryption", "aws:kms:dsse");
      break;
  }
  if (!options.kms_key_id.empty()) {
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", options.kms_key_id);
  }
  return headers;
}

}  // namespace

Result<std::shared_ptr<S3Client>> MakeS3Client(const S3Options& options, std::shared_ptr<net::HttpTransport> http,
                                               Clock& clock) {
  K2I_RETURN_IF_ERROR(CheckCredential(options));
  S3Client::Options made{.service = {},
                         .key_headers = {},
                         .encryption_headers = {},
                         .requester_pays = options.requester_pays,
                         .max_attempts = options.max_attempts,
                         .stall_timeout = options.request_timeout};
  K2I_ASSIGN_OR_RETURN(made.service, MakeService(options));
  K2I_ASSIGN_OR_RETURN(made.key_headers, KeyHeaders(options));
  K2I_ASSIGN_OR_RETURN(made.encryption_headers, EncryptionHeaders(options));
  auto signer = MakeSigner(options, clock, made.service.region);
  return std::make_shared<S3Client>(std::move(made), std::move(http), std::move(signer), clock);
}

}  // namespace k2i::io
