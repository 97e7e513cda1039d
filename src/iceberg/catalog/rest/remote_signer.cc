// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/remote_signer.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/json_text.h"
#include "iceberg/model/json.h"
#include "iceberg/model/json_view.h"

namespace k2i::iceberg {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds kKeptFor{30};
constexpr size_t kMostKept = 100;

std::string FirstOf(const std::map<std::string, std::string>& properties, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = properties.find(key); found != properties.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return "";
}

/// What the transport says for itself, and what is about the answer.
bool IsOwnMatter(std::string_view lower_case_name) {
  return lower_case_name == "host" || lower_case_name == "content-length" || lower_case_name == "cache-control" ||
         lower_case_name == "connection" || lower_case_name == "transfer-encoding";
}

bool DeletesSeveral(const net::HttpRequest& request) {
  const size_t query = request.url.find('?');
  if (request.method != "POST" || query == std::string::npos) return false;
  const std::string_view text = std::string_view(request.url).substr(query + 1);
  return text == "delete" || text.starts_with("delete=") || text.starts_with("delete&");
}

/// The names behind "SignedHeaders=" of an Authorization header.
bool IsCovered(const net::Signature& signature, std::string_view lower_case_name) {
  const std::string* authorization = net::FindHeader(signature.headers, "authorization");
  if (authorization == nullptr) return true;
  constexpr std::string_view kNames = "SignedHeaders=";
  const size_t begin = authorization->find(kNames);
  if (begin == std::string::npos) return true;
  const size_t end = std::min(authorization->find(',', begin), authorization->size());
  const std::string names = ";" + authorization->substr(begin + kNames.size(), end - begin - kNames.size()) + ";";
  return names.find(";" + std::string(lower_case_name) + ";") != std::string::npos;
}

/// Those of the request's headers that the signature is of.
net::HttpHeaders CoveredBy(const net::Signature& signature, const net::HttpRequest& request) {
  net::HttpHeaders covered;
  for (const auto& header : request.headers) {
    if (IsCovered(signature, LowerAscii(header.first))) covered.push_back(header);
  }
  return covered;
}

}  // namespace

std::string SignRequestBody(const RemoteSigning& signing, const net::HttpRequest& request, const std::string& region) {
  json headers = json::object();
  for (const auto& [name, value] : request.headers) headers[name].push_back(value);
  json body = {
      {"region", region}, {"method", request.method}, {"uri", request.url}, {"headers", headers}, {"provider", "s3"}};
  if (!signing.properties.empty()) body["properties"] = signing.properties;
  if (DeletesSeveral(request)) body["body"] = request.body;
  return JsonText(body);
}

Result<net::Signature> ParseSignature(const std::string& body, const net::HttpRequest& request) {
  const json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
  const JsonView answer(document, "signature");
  if (!document.is_object()) return answer.Malformed("is not an object");
  net::Signature signature;
  K2I_ASSIGN_OR_RETURN(signature.url, answer.Get<std::string>("uri"));
  K2I_ASSIGN_OR_RETURN(const JsonView headers, answer.At("headers"));
  K2I_ASSIGN_OR_RETURN(const auto members, headers.Members());
  for (const auto& [name, values] : members) {
    const std::string lower = LowerAscii(name);
    if (IsOwnMatter(lower) || net::FindHeader(request.headers, lower) != nullptr) continue;
    K2I_ASSIGN_OR_RETURN(const auto list, values.List<std::string>());
    for (const std::string& value : list) signature.headers.emplace_back(name, value);
  }
  return signature;
}

std::string SignerUrl(const std::map<std::string, std::string>& properties, const std::string& base,
                      const std::string& own) {
  std::string endpoint = FirstOf(properties, {"s3.signer.endpoint", "signer.endpoint"});
  if (endpoint.starts_with("http://") || endpoint.starts_with("https://")) return endpoint;
  std::string uri = FirstOf(properties, {"s3.signer.uri", "signer.uri"});
  if (uri.empty()) uri = base;
  if (endpoint.empty()) endpoint = own;
  while (uri.ends_with('/')) uri.pop_back();
  while (endpoint.starts_with('/')) endpoint.erase(0, 1);
  return uri + "/" + endpoint;
}

std::optional<net::Signature> RemoteSigner::FindKept(const std::string& what, const net::HttpRequest& request) {
  std::lock_guard lock(mutex_);
  const Duration now = clock_.monotonic();
  std::erase_if(kept_, [&](const Kept& each) { return each.until <= now; });
  const auto found = std::ranges::find_if(
      kept_, [&](const Kept& each) { return each.what == what && CoveredBy(each.signature, request) == each.given; });
  return found == kept_.end() ? std::nullopt : std::optional(found->signature);
}

void RemoteSigner::Keep(const std::string& what, const net::HttpRequest& request, const net::Signature& signature) {
  Kept kept{.what = what,
            .given = CoveredBy(signature, request),
            .signature = signature,
            .until = clock_.monotonic() + kKeptFor};
  std::lock_guard lock(mutex_);
  if (kept_.size() >= kMostKept) kept_.pop_front();
  kept_.push_back(std::move(kept));
}

Result<net::Signature> RemoteSigner::Sign(const net::HttpRequest& request, const std::string& region) {
  const std::string what = request.method + " " + region + " " + request.url;
  if (auto kept = FindKept(what, request)) return *std::move(kept);
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, post_(signing_, SignRequestBody(signing_, request, region)));
  auto signature = ParseSignature(response.body, request);
  if (!signature.has_value()) return std::unexpected(signature.error().With("the catalog's signer " + signing_.url));
  if (response.header("cache-control").find("private") != std::string_view::npos) Keep(what, request, *signature);
  return signature;
}

}  // namespace k2i::iceberg
