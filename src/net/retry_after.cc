// SPDX-License-Identifier: Apache-2.0
#include "net/retry_after.h"

#include <algorithm>
#include <charconv>
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

/// Rounded up: rather a second late than a second early.
std::optional<int64_t> SecondsUntil(std::string_view date, int64_t now_ms) {
  const auto moment = ParseHttpDate(date);
  return moment.has_value() ? std::optional(*moment - now_ms / 1000) : std::nullopt;
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
