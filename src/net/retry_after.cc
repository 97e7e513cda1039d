// SPDX-License-Identifier: Apache-2.0
#include "net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace k2i::net {

namespace {

using std::chrono::milliseconds;

constexpr int64_t kLongestSeconds = 300;

std::optional<int64_t> Seconds(std::string_view text) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return kLongestSeconds;
  return error == std::errc() ? std::optional(seconds) : std::nullopt;
}

/// "Fri, 31 Dec 1999 23:59:59 GMT", the one form that servers may send (RFC 9110 section 5.6.7).
std::optional<int64_t> SecondsUntil(const std::string& date, int64_t now_ms) {
  std::tm moment{};
  const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &moment);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // Rounded up: rather a second late than a second early.
  return static_cast<int64_t>(::timegm(&moment)) - now_ms / 1000;
}

}  // namespace

std::optional<milliseconds> RetryAfter(const HttpResponse& response, int64_t now_ms) {
  const std::string text(response.header("retry-after"));
  if (text.empty()) return std::nullopt;
  auto seconds = Seconds(text);
  if (!seconds.has_value()) seconds = SecondsUntil(text, now_ms);
  if (!seconds.has_value()) return std::nullopt;
  return milliseconds(1000 * std::clamp<int64_t>(*seconds, 0, kLongestSeconds));
}

}  // namespace k2i::net
