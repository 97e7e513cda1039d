// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "net/http.h"

namespace k2i::net {

/// Answers requests from a script, in order, and remembers them. Thread-safe.
class ScriptedTransport final : public HttpTransport {
 public:
  void Answer(int status, std::string body = "", std::map<std::string, std::string> headers = {}) {
    Push(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void FailNext(ErrorCode code, std::string message = "scripted") {
    Push(std::unexpected(Error{code, std::move(message)}));
  }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (script_.empty()) return Fail(ErrorCode::kInternal, "unexpected request: " + request.method + " " + request.url);
    Result<HttpResponse> next = std::move(script_.front());
    script_.pop_front();
    return next;
  }

  std::vector<HttpRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  HttpRequest last_request() const {
    std::lock_guard lock(mutex_);
    return requests_.empty() ? HttpRequest{} : requests_.back();
  }
  /// Answers not asked for yet.
  size_t remaining() const {
    std::lock_guard lock(mutex_);
    return script_.size();
  }

 private:
  void Push(Result<HttpResponse> next) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(next));
  }

  mutable std::mutex mutex_;
  std::deque<Result<HttpResponse>> script_;
  std::vector<HttpRequest> requests_;
};

/// The value of a header of `request`, or "".
inline std::string HeaderOf(const HttpRequest& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header == name) return value;
  }
  return "";
}

}  // namespace k2i::net
