// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace k2i::net {

namespace {

/// Of bodies, in one turn.
constexpr long kReceiveBytes = 256L << 10;
constexpr long kSendBytes = 256L << 10;

void InitializeCurlOnce() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
}

/// What a CURLcode says about the request; see HttpTransport::Send. `sent`: bytes of it may have left.
ErrorCode CodeOfCurl(CURLcode code, bool sent) {
  // Whatever went wrong then, also an answer that is not HTTP (CURLE_UNSUPPORTED_PROTOCOL) or is cut short.
  if (sent) return ErrorCode::kTimeout;
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:  // our own
      return ErrorCode::kInvalidConfig;
    case CURLE_PEER_FAILED_VERIFICATION:
      return ErrorCode::kPermissionDenied;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::kResourceExhausted;
    // Name not found, connection refused or timed out, TLS not agreed on.
    default:
      return ErrorCode::kUnavailable;
  }
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return lower;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// What the callbacks fill.
struct Exchange {
  HttpResponse response;
  int64_t max_body_bytes = 0;
  bool has_body = true;  // not so for HEAD, whose Content-Length tells of another answer
  bool too_long = false;
};

/// What a server says of its length is not believed beyond this.
constexpr int64_t kMostReservedBytes = int64_t{32} << 20;

void ReserveBody(Exchange& exchange) {
  const std::string_view text = exchange.response.header("content-length");
  int64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size() || length <= 0) return;
  exchange.response.body.reserve(static_cast<size_t>(std::min({length, exchange.max_body_bytes, kMostReservedBytes})));
}

size_t TakeBody(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const size_t bytes = size * count;
  if (exchange.has_body && exchange.response.body.empty()) ReserveBody(exchange);
  if (static_cast<int64_t>(exchange.response.body.size() + bytes) > exchange.max_body_bytes) {
    exchange.too_long = true;
    return 0;  // ends the transfer
  }
  exchange.response.body.append(data, bytes);
  return bytes;
}

size_t TakeHeader(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size * count);
  // A status line begins a new answer, as after "100 Continue".
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();
  if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    exchange.response.headers[LowerCase(Trim(line.substr(0, colon)))] = Trim(line.substr(colon + 1));
  }
  return line.size();
}

using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// Null when memory is short.
CurlList HeaderList(const HttpHeaders& headers) {
  CurlList list(nullptr, curl_slist_free_all);
  const auto add = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer) static_cast<void>(list.release()), list.reset(longer);
  };
  add("Expect:");  // no pause before a body of more than 1 MB
  for (const auto& [name, value] : headers) add(value.empty() ? name + ";" : name + ": " + value);
  return list;
}

bool HasLineBreak(const HttpHeaders& headers) {
  return std::ranges::any_of(headers, [](const auto& header) {
    return (header.first + header.second).find_first_of("\r\n\0", 0, 3) != std::string::npos;
  });
}

}  // namespace

/// A curl handle and the connections it keeps open.
class HttpClient::Handle {
 public:
  Handle() : curl_(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<HttpResponse> Perform(const HttpRequest& request, const HttpClientOptions& options) {
    Exchange exchange;
    exchange.max_body_bytes = options.max_response_bytes;
    exchange.has_body = request.method != "HEAD";
    const CurlList headers = HeaderList(request.headers);
    curl_easy_reset(curl_);  // keeps connections and cached names
    SetRequest(request, headers.get());
    SetLimits(request, options);
    char reason[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, TakeBody);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, TakeHeader);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &exchange);
    const CURLcode code = curl_easy_perform(curl_);
    if (code != CURLE_OK) return std::unexpected(ToError(code, exchange, request, reason));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return std::move(exchange.response);
  }

 private:
  void SetRequest(const HttpRequest& request, curl_slist* headers) {
    curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    if (request.method == "HEAD") {
      curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
      return;
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // libcurl sends a request again, unasked, when a connection it had kept open ends without an answer; the server may
    // have acted on the first. Only a new connection keeps it from that.
    if (request.method == "POST" && !request.repeatable) curl_easy_setopt(curl_, CURLOPT_FRESH_CONNECT, 1L);
  }

  void SetLimits(const HttpRequest& request, const HttpClientOptions& options) {
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.stall_timeout.count() > 0) {
      curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
    }
    curl_easy_setopt(curl_, CURLOPT_BUFFERSIZE, kReceiveBytes);
    curl_easy_setopt(curl_, CURLOPT_UPLOAD_BUFFERSIZE, kSendBytes);
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, options.user_agent.c_str());
    // All that this libcurl can undo.
    if (options.decode_content) curl_easy_setopt(curl_, CURLOPT_ACCEPT_ENCODING, "");
    if (!options.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.cert_file.empty()) curl_easy_setopt(curl_, CURLOPT_SSLCERT, options.cert_file.c_str());
    if (!options.key_file.empty()) curl_easy_setopt(curl_, CURLOPT_SSLKEY, options.key_file.c_str());
    if (!options.key_password.empty()) curl_easy_setopt(curl_, CURLOPT_KEYPASSWD, options.key_password.c_str());
  }

  Error ToError(CURLcode code, const Exchange& exchange, const HttpRequest& request, const char* reason) {
    const std::string what = request.method + " " + request.url + ": ";
    if (exchange.too_long) {
      return Error{ErrorCode::kResourceExhausted,
                   what + "the answer is longer than " + std::to_string(exchange.max_body_bytes) + " bytes"};
    }
    // How many bytes of request left this machine; 0 while it was still connecting or shaking hands.
    long request_bytes = 0;
    curl_easy_getinfo(curl_, CURLINFO_REQUEST_SIZE, &request_bytes);
    return Error{CodeOfCurl(code, request_bytes > 0), what + (*reason ? reason : curl_easy_strerror(code))};
  }

  CURL* curl_;
};

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) { InitializeCurlOnce(); }

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::Send(const HttpRequest& request) {
  if (HasLineBreak(request.headers)) {
    return Fail(ErrorCode::kInvalidConfig, request.url + ": a request header holds a line break");
  }
  std::unique_ptr<Handle> handle = Take();
  auto response = handle->Perform(request, options_);
  PutBack(std::move(handle));
  return response;
}

std::unique_ptr<HttpClient::Handle> HttpClient::Take() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::PutBack(std::unique_ptr<Handle> handle) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < options_.max_idle_connections) idle_.push_back(std::move(handle));
}

}  // namespace k2i::net
