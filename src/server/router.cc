// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <optional>
#include <set>

#include "base/utf8.h"
#include "server/url_text.h"

namespace k2i::server {
namespace {

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool IsParameter(std::string_view segment) { return segment.starts_with('{'); }

bool Fits(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < path.size(); ++i) {
    if (IsParameter(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  }
  return true;
}

std::optional<std::vector<std::string>> Parameters(const std::vector<std::string>& pattern,
                                                   const std::vector<std::string_view>& path) {
  std::vector<std::string> parameters;
  for (size_t i = 0; i < path.size(); ++i) {
    if (!IsParameter(pattern[i])) continue;
    auto decoded = PercentDecode(path[i], /*form=*/false);
    if (!decoded || !IsUtf8(*decoded)) return std::nullopt;
    parameters.push_back(std::move(*decoded));
  }
  return parameters;
}

std::string AllowHeader(const std::set<std::string_view>& methods) {
  std::string allow;
  for (const std::string_view method : methods) allow += std::string(method) + ", ";
  return allow + "OPTIONS";
}

}  // namespace

Router::Router(std::vector<Route> routes) {
  for (Route& route : routes) {
    const auto parts = Split(route.path);
    std::vector<std::string> segments(parts.begin(), parts.end());
    entries_.push_back({std::move(route), std::move(segments)});
  }
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  const auto segments = path.starts_with('/') ? Split(path) : std::vector<std::string_view>();
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::set<std::string_view> allowed;
  for (const Entry& entry : entries_) {
    if (!Fits(entry.segments, segments)) continue;
    if (entry.route.method == wanted) {
      auto parameters = Parameters(entry.segments, segments);
      if (!parameters) return {.refusal = ErrorAnswer(400, "InvalidArgument", "the path is not percent-encoded UTF-8")};
      return {.handler = &entry.route.handler, .path_parameters = std::move(*parameters), .refusal = {}};
    }
    allowed.insert(entry.route.method);
    if (entry.route.method == "GET") allowed.insert("HEAD");
  }
  if (allowed.empty()) return {.refusal = ErrorAnswer(404, "NotFound", "there is nothing at this path")};
  HttpAnswer refusal = method == "OPTIONS" ? HttpAnswer{.status = 204}
                                           : ErrorAnswer(405, "MethodNotAllowed", "the path does not take this method");
  refusal.headers.emplace_back("Allow", AllowHeader(allowed));
  return {.refusal = std::move(refusal)};
}

}  // namespace k2i::server
