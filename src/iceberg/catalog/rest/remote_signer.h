// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "net/request_signer.h"

namespace k2i::iceberg {

/// Has a REST catalog sign each request to S3, so that whoever sends it holds no key (spec: RemoteSignRequest). What
/// the server lets us keep (Cache-Control: private) is used for half a minute for the same request, a hundred of them
/// at most. Thread-safe.
class RemoteSigner final : public net::RequestSigner {
 public:
  /// Posts `body` to the catalog's signer; the answer, if it is a success.
  using Post = std::function<Result<net::HttpResponse>(const RemoteSigning& to, const std::string& body)>;

  /// `clock` must outlive this, and so must all that `post` needs.
  RemoteSigner(Clock& clock, RemoteSigning signing, Post post)
      : clock_(clock), signing_(std::move(signing)), post_(std::move(post)) {}

  /// Errors of `post`; Corruption for an answer that is none.
  Result<net::Signature> Sign(const net::HttpRequest& request, const std::string& region) override;
  bool Refused(const net::Signature&) override { return false; }

 private:
  struct Kept {
    std::string what;        // method, region and URL
    net::HttpHeaders given;  // the request's, as far as the signature covers them
    net::Signature signature;
    Duration until{};  // on the monotonic clock
  };

  std::optional<net::Signature> FindKept(const std::string& what, const net::HttpRequest& request);
  void Keep(const std::string& what, const net::HttpRequest& request, const net::Signature& signature);

  Clock& clock_;
  const RemoteSigning signing_;
  const Post post_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // guarded by mutex_; oldest first
};

/// {"region": …, "method": …, "uri": …, "headers": {…}}; with the body of a request that deletes several objects, for
/// nothing else says which.
std::string SignRequestBody(const RemoteSigning& signing, const net::HttpRequest& request, const std::string& region);
/// What the answer adds to `request`: headers that it has already stay as they are.
Result<net::Signature> ParseSignature(const std::string& body, const net::HttpRequest& request);

/// Where the signer is, from what the table's and the catalog's properties say (s3.signer.uri, s3.signer.endpoint,
/// signer.uri, signer.endpoint). `base` is the catalog's own address; `own`: the path below it that is used where
/// nobody names one.
std::string SignerUrl(const std::map<std::string, std::string>& properties, const std::string& base,
                      const std::string& own);

}  // namespace k2i::iceberg
