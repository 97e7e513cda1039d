// SPDX-License-Identifier: Apache-2.0
#include "cli/query_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_text.h"
#include "base/offset_json.h"
#include "server/query_api.h"
#include "server/query_request.h"

namespace k2i::cli {
namespace {

using nlohmann::json;

/// For the answer to come, beside the time that the query may take.
constexpr std::chrono::seconds kGrace{30};
constexpr std::chrono::hours kLongest{24};

json ParameterJson(const std::string& text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() || parsed.is_structured() ? json(text) : parsed;
}

ErrorCode CodeNamed(const std::string& name) {
  for (const ErrorCode code : {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kTimeout,
                               ErrorCode::kCancelled, ErrorCode::kResourceExhausted, ErrorCode::kNotSupported,
                               ErrorCode::kUnavailable, ErrorCode::kCorruption, ErrorCode::kPermissionDenied}) {
    if (name == ToString(code)) return code;
  }
  return ErrorCode::kInternal;
}

/// The error of a body {"error":{"code","message"}}; nullopt: it is none.
std::optional<Error> ErrorOf(const std::string& body) {
  const json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("error")) return std::nullopt;
  const json& error = parsed["error"];
  if (!error.is_object() || !error.contains("message") || !error["message"].is_string()) return std::nullopt;
  const bool named = error.contains("code") && error["code"].is_string();
  return Error{named ? CodeNamed(error["code"].get<std::string>()) : ErrorCode::kInternal,
               error["message"].get<std::string>()};
}

}  // namespace

Result<std::string> QuestionJson(const QueryQuestion& question) {
  json body{{"sql", question.sql}};
  for (const std::string& text : question.parameters) body["parameters"].push_back(ParameterJson(text));
  if (!question.wait_for.empty()) {
    const auto positions = server::ParsePositions(fmt::format("{}", fmt::join(question.wait_for, ",")));
    if (!positions) return std::unexpected(positions.error().With("--wait-for"));
    body["wait_for"] = k2i::ToJson(*positions);
  }
  if (question.timeout_ms > 0) body["timeout_ms"] = question.timeout_ms;
  if (question.max_rows > 0) body["max_rows"] = question.max_rows;
  return JsonText(body);
}

ServerAnswer AskServer(net::HttpTransport& http, const std::string& url, const QueryQuestion& question) {
  net::HttpRequest request{.method = "POST",
                           .url = url + "/api/v1/query",
                           .headers = {{"Content-Type", "application/json"}, {"Accept", question.accept}},
                           .body = {},
                           .timeout = kLongest};
  auto body = QuestionJson(question);
  if (!body) return {.reached = true, .body = std::unexpected(body.error())};
  request.body = std::move(*body);
  if (question.timeout_ms > 0) request.timeout = std::chrono::milliseconds(question.timeout_ms) + kGrace;
  auto response = http.Send(request);
  if (!response) {
    return {.reached = response.error().code != ErrorCode::kUnavailable, .body = std::unexpected(response.error())};
  }
  if (response->ok() && response->header("content-type").starts_with(question.accept)) {
    return {.reached = true, .body = std::move(response->body)};
  }
  if (auto error = ErrorOf(response->body); error && !response->ok()) {
    return {.reached = true, .body = std::unexpected(*std::move(error))};
  }
  return {.reached = true,
          .body = Fail(ErrorCode::kCorruption,
                       fmt::format("{} does not answer as K2I does (status {})", url, response->status))};
}

Result<std::string> AskService(query::Service& service, const QueryQuestion& question) {
  server::HttpRequest request{.method = "POST",
                              .path_parameters = {},
                              .query = {},
                              .headers = {{"content-type", "application/json"}, {"accept", question.accept}},
                              .body = {},
                              .gone = {}};
  K2I_ASSIGN_OR_RETURN(request.body, QuestionJson(question));
  // All of it is held back: an error in the middle still comes as one.
  auto answer = server::AnswerQuery(service, request, /*ticket=*/nullptr, /*held_bytes=*/SIZE_MAX);
  if (answer.status == 200) return std::move(answer.body);
  if (auto error = ErrorOf(answer.body)) return std::unexpected(*std::move(error));
  return Fail(ErrorCode::kInternal, fmt::format("status {}", answer.status));
}

}  // namespace k2i::cli
