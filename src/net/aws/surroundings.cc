// SPDX-License-Identifier: Apache-2.0
#include "net/aws/surroundings.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/calendar.h"

namespace k2i::net {

namespace {

using nlohmann::json;

constexpr size_t kMaxFileBytes = size_t{1} << 20;

std::string Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) - begin + 1));
}

std::string StringMember(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string AwsSurroundings::Variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Result<std::string> ReadSmallFile(const std::string& path, const std::string& what) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return Fail(ErrorCode::kInvalidConfig, what + " " + path + " cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return Fail(ErrorCode::kInvalidConfig, what + " " + path + " is larger than 1 MB");
  return Trimmed(text);
}

Result<AwsCredentials> ParseCredentialsJson(const std::string& body, const std::string& what) {
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return Fail(ErrorCode::kUnavailable, what + ": the answer is no JSON object");
  AwsCredentials credentials{.access_key_id = StringMember(answer, "AccessKeyId"),
                             .secret_access_key = StringMember(answer, "SecretAccessKey"),
                             .session_token = StringMember(answer, "Token"),
                             .expires_at_ms = ParseExpiration(StringMember(answer, "Expiration"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    const std::string code = StringMember(answer, "Code");
    const std::string message = StringMember(answer, "Message");
    return Fail(ErrorCode::kUnavailable, what + ": the answer holds no access key" + (code.empty() ? "" : ": " + code) +
                                             (message.empty() ? "" : ": " + message));
  }
  return credentials;
}

std::string AwsEndpoint(const std::string& service, const std::string& region) {
  return "https://" + service + "." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

std::optional<int64_t> ParseExpiration(const std::string& text) {
  const auto moment = calendar::ParseTimestamp(text, /*zoned=*/true);
  if (!moment.has_value()) return std::nullopt;
  return moment->days * 86'400'000 + moment->nanos_of_day / 1'000'000;
}

}  // namespace k2i::net
