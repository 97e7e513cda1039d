// SPDX-License-Identifier: Apache-2.0
#include "server/flight/call_headers.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::server::flight {
namespace {

std::string_view Header(const arrow::flight::CallHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

Result<int64_t> ParseTimeout(std::string_view text) {
  int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || end != text.data() + text.size() || milliseconds <= 0) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("header timeout-ms: '{}' is not a positive number", text));
  }
  return milliseconds;
}

}  // namespace

Result<OffsetVector> ParseOffsets(const std::string& text, const std::string& what) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto offsets = OffsetsFromJson(json);
  if (!offsets.has_value()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format(R"({}: {}; it is to be as {{"topic":{{"0":123}}}})", what, offsets.error().message));
  }
  for (const auto& [partition, offset] : *offsets) {
    if (offset.value >= 0) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: offset {} of {}/{} is negative", what, offset.value,
                                                         partition.topic, partition.partition.value));
  }
  return offsets;
}

Result<query::WaitFor> ParseWaitFor(const std::string& json) { return ParseOffsets(json, "header wait-for"); }

Result<CallSettings> ReadHeaders(const arrow::flight::CallHeaders& headers) {
  CallSettings settings;
  settings.wait_for = Header(headers, "wait-for");
  if (!settings.wait_for.empty()) K2I_RETURN_IF_ERROR(ParseWaitFor(settings.wait_for));
  const std::string_view timeout = Header(headers, "timeout-ms");
  if (!timeout.empty()) {
    K2I_ASSIGN_OR_RETURN(settings.timeout_ms, ParseTimeout(timeout));
  }
  return settings;
}

}  // namespace k2i::server::flight
