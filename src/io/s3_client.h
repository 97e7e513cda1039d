// SPDX-License-Identifier: Apache-2.0
//
// Requests to S3 and what speaks its protocol: where they go, how they are signed, and when they are sent again.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "io/s3_error.h"
#include "net/request_signer.h"

namespace k2i::io {

/// An object, or with an empty key its bucket.
struct S3Place {
  std::string location;  // for messages
  std::string bucket;
  std::string key;
};
/// Of "s3://bucket/key" (s3a, s3n). InvalidArgument for anything else.
Result<S3Place> FindInS3(std::string_view location);

/// Which service, and how it names buckets.
struct S3Service {
  std::string scheme = "https";
  std::string authority;    // "host:port"; empty: Amazon's own, by region
  bool path_style = false;  // "host/bucket/key" rather than "bucket.host/key"
  std::string region = "us-east-1";
};
/// The URL of a place, whose key is percent-encoded as it is: "//" and ".." stay. `query`, already encoded, may be
/// empty.
std::string UrlOf(const S3Service& service, const S3Place& place, const std::string& region, std::string_view query);

struct S3Call {
  std::string_view name;  // what it does, for messages: "read"
  const S3Place& place;
  std::string method = "GET";
  std::string query = "";  // encoded
  net::HttpHeaders headers = {};
  std::string body = "";
  bool may_fail_late = false;  // an answer of 200 can hold an error
  int max_attempts = 0;        // 0: as many as the client's
};

/// Thread-safe.
class S3Client {
 public:
  struct Options {
    S3Service service;
    /// Of every request to an object's bytes: the customer's key (SSE-C).
    net::HttpHeaders key_headers;
    /// Of requests that begin an object: how it is encrypted.
    net::HttpHeaders encryption_headers;
    bool requester_pays = false;
    int max_attempts = 5;
    std::chrono::milliseconds stall_timeout{30'000};
  };

  /// `clock` must outlive this.
  S3Client(Options options, std::shared_ptr<net::HttpTransport> http, std::shared_ptr<net::RequestSigner> signer,
           Clock& clock);

  /// The answer, if it is a success. Whatever the store may take another time is sent again, with jitter between; what
  /// it refuses for its region or for credentials that have ended, once more with others. A refusal is told to
  /// `refusal` as well. Errors carry the call's name and location.
  Result<net::HttpResponse> Send(S3Call call, S3Refusal* refusal = nullptr);

  const Options& options() const { return options_; }
  std::string NewId() { return random_.Uuid(); }
  /// Sleeps before try number `attempt` + 1.
  void WaitAfter(int attempt);

 private:
  /// What may be mended once in a call.
  struct Mending {
    std::string region;
    net::Signature signature;
    bool other_region = false;
    bool other_credentials = false;
  };

  std::string RegionOf(const std::string& bucket);
  net::HttpRequest MakeRequest(S3Call& call) const;
  Result<net::HttpResponse> SendOnce(const S3Call& call, net::HttpRequest& request, Mending& mending);
  /// True where the request is worth sending again at once.
  bool Mend(const S3Call& call, const S3Refusal& refusal, Mending& mending);

  const Options options_;
  const std::shared_ptr<net::HttpTransport> http_;
  const std::shared_ptr<net::RequestSigner> signer_;
  Clock& clock_;
  Random random_{Random::SystemSeed()};
  std::mutex mutex_;
  std::map<std::string, std::string> regions_;  // of buckets that are elsewhere; guarded by mutex_
};

}  // namespace k2i::io
