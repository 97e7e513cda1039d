// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_client.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "base/logging.h"
#include "base/retry.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;

/// Glue throttles by the second and by the account.
constexpr RetryPolicy kPatience = {.max_attempts = 8,
                                   .initial_backoff = std::chrono::milliseconds(200),
                                   .max_backoff = std::chrono::seconds(5),
                                   .budget = std::chrono::seconds(30)};
constexpr RetryPolicy kOnce = {.max_attempts = 1};
constexpr int kMostPages = 100'000;

}  // namespace

Result<json> GlueClient::Call(GlueOperation operation, const std::string& action, json input, const std::string& what) {
  if (!options_.catalog_id.empty()) input["CatalogId"] = options_.catalog_id;
  net::HttpRequest request{
      .method = "POST", .url = options_.endpoint + "/", .body = JsonText(input), .timeout = options_.timeout};
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "AWSGlue." + action}};
  const auto log_retry = [&](const Error& error, int attempt, Duration) {
    log::Debug("glue_retry", {{"action", action}, {"attempt", attempt}, {"error", error.ToString()}});
  };
  // A drop that had an effect would be answered with "not found" the second time.
  const RetryPolicy& policy = operation == GlueOperation::kDrop ? kOnce : kPatience;
  return Retry(policy, {clock_, random_, {}, log_retry}, [&] { return CallOnce(operation, request, what); });
}

Result<json> GlueClient::CallOnce(GlueOperation operation, const net::HttpRequest& request, const std::string& what) {
  const auto response = transport_.Send(request);
  if (!response.has_value()) return std::unexpected(GlueErrorOfTransport(operation, response.error(), what));
  if (!response->ok()) return std::unexpected(GlueErrorOfAnswer(operation, *response, what));
  json answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (answer.is_object()) return answer;
  // A change is done all the same; its answer holds nothing that is needed.
  if (operation != GlueOperation::kRead) return json::object();
  return Fail(ErrorCode::kUnavailable, what + ": the answer is no JSON object: is this the endpoint of Glue?",
              Component::kCatalog);
}

Status GlueClient::ForEachPage(const std::string& action, const json& input, const std::string& what,
                               const std::function<Status(const json& page)>& take) {
  json next = input;
  for (int pages = 0; pages < kMostPages; ++pages) {
    K2I_ASSIGN_OR_RETURN(const json page, Call(GlueOperation::kRead, action, next, what));
    K2I_RETURN_IF_ERROR(take(page));
    const auto token = page.find("NextToken");
    if (token == page.end() || !token->is_string() || token->get_ref<const std::string&>().empty()) return {};
    next["NextToken"] = *token;
  }
  return Fail(ErrorCode::kUnavailable, what + ": the list does not end", Component::kCatalog);
}

}  // namespace k2i::iceberg
