// SPDX-License-Identifier: Apache-2.0
#include "io/s3_client.h"

#include <algorithm>

#include "base/retry.h"
#include "io/location.h"
#include "net/aws/surroundings.h"
#include "net/aws_error.h"

namespace k2i::io {

namespace {

/// Of one exchange, however slow, as long as it does not stall.
constexpr std::chrono::minutes kLongestExchange{10};
constexpr size_t kMostRegions = 1'000;

RetryPolicy Policy() {
  return {.initial_backoff = std::chrono::milliseconds(100), .max_backoff = std::chrono::seconds(5)};
}

std::string EncodedKey(std::string_view key) {
  std::string encoded;
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    encoded += (begin == 0 ? "" : "/") + net::PercentEncode(key.substr(begin, end - begin));
    begin = end + 1;
  }
  return encoded;
}

/// An answer of 200 whose body is an error document.
bool FailedLate(const S3Call& call, const net::HttpResponse& response) {
  return call.may_fail_late && response.body.find("<Error>") != std::string::npos;
}

/// Who signs may miss something too; that says nothing of the object.
Error WithoutSignature(Error error) {
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kAlreadyExists) {
    error.code = ErrorCode::kPermissionDenied;
  }
  return error;
}

Error ErrorOf(const S3Call& call, ErrorCode code, const std::string& text) {
  return {code, std::string(call.name) + " " + call.place.location + ": " + text, Component::kStorage};
}

}  // namespace

Result<S3Place> FindInS3(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  const size_t slash = std::min(path.find('/'), path.size());
  return S3Place{std::string(location), path.substr(0, slash), path.substr(std::min(slash + 1, path.size()))};
}

std::string UrlOf(const S3Service& service, const S3Place& place, const std::string& region, std::string_view query) {
  std::string host = service.authority;
  if (host.empty()) host = net::AwsEndpoint("s3", region).substr(std::string_view("https://").size());
  // No certificate is for "a.b.s3.amazonaws.com".
  const bool path_style =
      service.path_style || (service.scheme == "https" && place.bucket.find('.') != place.bucket.npos);
  std::string url = service.scheme + "://" + (path_style ? host + "/" + place.bucket : place.bucket + "." + host);
  if (!place.key.empty() || !path_style) url += "/" + EncodedKey(place.key);
  if (!query.empty()) url += "?" + std::string(query);
  return url;
}

S3Client::S3Client(Options options, std::shared_ptr<net::HttpTransport> http,
                   std::shared_ptr<net::RequestSigner> signer, Clock& clock)
    : options_(std::move(options)), http_(std::move(http)), signer_(std::move(signer)), clock_(clock) {}

std::string S3Client::RegionOf(const std::string& bucket) {
  std::lock_guard lock(mutex_);
  const auto known = regions_.find(bucket);
  return known == regions_.end() ? options_.service.region : known->second;
}

net::HttpRequest S3Client::MakeRequest(S3Call& call) const {
  net::HttpRequest request{.method = call.method,
                           .headers = std::move(call.headers),
                           .body = std::move(call.body),
                           .timeout = kLongestExchange,
                           .stall_timeout = std::chrono::ceil<std::chrono::seconds>(options_.stall_timeout),
                           .repeatable = true};
  if (call.method == "PUT" || call.method == "POST") {
    request.headers.emplace_back("Content-Type", "application/octet-stream");
  }
  if (options_.requester_pays) request.headers.emplace_back("x-amz-request-payer", "requester");
  return request;
}

/// With the signature's headers only while it is on its way: each try has its own.
Result<net::HttpResponse> S3Client::SendOnce(const S3Call& call, net::HttpRequest& request, Mending& mending) {
  request.url = UrlOf(options_.service, call.place, mending.region, call.query);
  auto signature = signer_->Sign(request, mending.region);
  if (!signature.has_value()) return std::unexpected(WithoutSignature(signature.error()));
  mending.signature = *std::move(signature);
  const size_t own = request.headers.size();
  request.headers.insert(request.headers.end(), mending.signature.headers.begin(), mending.signature.headers.end());
  if (!mending.signature.url.empty()) request.url = mending.signature.url;
  auto response = http_->Send(request);
  request.headers.resize(own);
  return response;
}

bool S3Client::Mend(const S3Call& call, const S3Refusal& refusal, Mending& mending) {
  const bool amazon = options_.service.authority.empty();
  const bool misplaced = amazon ? refusal.status == 301 || refusal.status == 307 || refusal.status == 400
                                : refusal.code == "AuthorizationHeaderMalformed";
  if (misplaced && !refusal.region.empty() && refusal.region != mending.region && !mending.other_region) {
    mending.other_region = true;
    mending.region = refusal.region;
    std::lock_guard lock(mutex_);
    if (regions_.size() < kMostRegions) regions_[call.place.bucket] = refusal.region;
    return true;
  }
  // Answers to HEAD do not say why.
  const bool stale = net::MeansStaleCredentials(refusal.code) || refusal.code == "TokenRefreshRequired" ||
                     (refusal.status == 400 && call.method == "HEAD");
  if (!stale || mending.other_credentials) return false;
  mending.other_credentials = true;
  return signer_->Refused(mending.signature);
}

Result<net::HttpResponse> S3Client::Send(S3Call call, S3Refusal* refusal) {
  const int most = call.max_attempts > 0 ? std::min(call.max_attempts, options_.max_attempts) : options_.max_attempts;
  net::HttpRequest request = MakeRequest(call);
  Mending mending{.region = RegionOf(call.place.bucket), .signature = {}};
  for (int attempt = 1;;) {
    auto response = SendOnce(call, request, mending);
    if (response.has_value() && response->ok() && !FailedLate(call, *response)) return response;
    const S3Refusal why = response.has_value() ? ReadS3Refusal(*response) : S3Refusal{};
    if (refusal != nullptr) *refusal = why;
    if (response.has_value() && Mend(call, why, mending)) continue;
    const Error error = response.has_value() ? ErrorOf(call, CodeOfS3Error(why.status, why.code), TextOf(why))
                                             : ErrorOf(call, response.error().code, response.error().message);
    const bool repeat = response.has_value()
                            ? MayRepeat(why)
                            : error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
    if (!repeat || attempt >= most) return std::unexpected(error);
    WaitAfter(attempt++);
  }
}

void S3Client::WaitAfter(int attempt) { clock_.SleepFor(BackoffBefore(Policy(), attempt, random_), {}); }

}  // namespace k2i::io
