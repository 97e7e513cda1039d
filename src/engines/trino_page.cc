// SPDX-License-Identifier: Apache-2.0
#include "engines/trino_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace k2i::engines {
namespace {

using nlohmann::json;

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

EngineProgress ProgressOf(const json& page) {
  const auto stats = page.find("stats");
  if (stats == page.end() || !stats->is_object()) return {};
  EngineProgress progress{.percent = {}, .state = TextOf(*stats, "state")};
  const auto percent = stats->find("progressPercentage");
  if (percent != stats->end() && percent->is_number()) progress.percent = percent->get<double>();
  return progress;
}

}  // namespace

Result<TrinoPage> ParseTrinoPage(std::string_view text) {
  const json page = json::parse(text, nullptr, false);
  if (!page.is_object() || TextOf(page, "id").empty()) {
    return Fail(ErrorCode::kCorruption, "this is no answer of Trino's: " + std::string(text.substr(0, 200)));
  }
  TrinoPage parsed{
      .query_id = TextOf(page, "id"), .next_uri = TextOf(page, "nextUri"), .progress = ProgressOf(page), .error = {}};
  const auto error = page.find("error");
  if (error != page.end() && error->is_object()) {
    parsed.error = TrinoError(TextOf(*error, "errorName"), TextOf(*error, "errorType"), TextOf(*error, "message"));
  }
  return parsed;
}

Error TrinoError(std::string_view name, std::string_view type, const std::string& message) {
  static constexpr std::pair<std::string_view, ErrorCode> kByName[] = {
      {"TABLE_NOT_FOUND", ErrorCode::kNotFound},
      {"SCHEMA_NOT_FOUND", ErrorCode::kNotFound},
      {"CATALOG_NOT_FOUND", ErrorCode::kInvalidConfig},
      {"PROCEDURE_NOT_FOUND", ErrorCode::kNotSupported},
      {"NOT_SUPPORTED", ErrorCode::kNotSupported},
      {"INVALID_PROCEDURE_ARGUMENT", ErrorCode::kInvalidConfig},
      {"INVALID_SESSION_PROPERTY", ErrorCode::kInvalidConfig},
      {"PERMISSION_DENIED", ErrorCode::kPermissionDenied},
      {"ICEBERG_COMMIT_ERROR", ErrorCode::kCommitConflict},
      {"TRANSACTION_CONFLICT", ErrorCode::kCommitConflict},
      {"USER_CANCELED", ErrorCode::kCancelled},
      {"ADMINISTRATIVELY_KILLED", ErrorCode::kCancelled},
      {"ADMINISTRATIVELY_PREEMPTED", ErrorCode::kCancelled}};
  static constexpr std::pair<std::string_view, ErrorCode> kByType[] = {
      {"USER_ERROR", ErrorCode::kInvalidArgument},
      {"INSUFFICIENT_RESOURCES", ErrorCode::kResourceExhausted},
      {"EXTERNAL", ErrorCode::kUnavailable}};
  const auto find = [](const auto& table, std::string_view key) {
    return std::ranges::find(table, key, [](const auto& entry) { return entry.first; });
  };
  Error error{ErrorCode::kInternal, "Trino: " + message + " (" + std::string(name) + ")"};
  if (const auto* by_name = find(kByName, name); by_name != std::end(kByName)) {
    error.code = by_name->second;
  } else if (const auto* by_type = find(kByType, type); by_type != std::end(kByType)) {
    error.code = by_type->second;
  }
  if (error.code == ErrorCode::kInvalidConfig) error.component = Component::kConfig;
  return error;
}

}  // namespace k2i::engines
