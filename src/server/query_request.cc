// SPDX-License-Identifier: Apache-2.0
#include "server/query_request.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/offset_json.h"
#include "base/suggest.h"
#include "base/utf8.h"

namespace k2i::server {
namespace {

using nlohmann::json;

constexpr int64_t kMaxTimeoutMs = 24 * 3600 * 1000;

std::unexpected<Error> Bad(std::string message) { return Fail(ErrorCode::kInvalidArgument, std::move(message)); }

Status CheckName(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) != known.end()) return {};
  const std::string nearest = Nearest(name, known);
  return Bad(fmt::format("there is no {} '{}'{}", what, name,
                         nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Duration> ToTimeout(std::optional<int64_t> ms) {
  if (!ms || *ms < 1 || *ms > kMaxTimeoutMs) {
    return Bad(fmt::format("timeout_ms is not a whole number from 1 to {}", kMaxTimeoutMs));
  }
  return std::chrono::milliseconds(*ms);
}

/// Of a float too where it is whole: JSON knows no other numbers.
std::optional<int64_t> Integer(const json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    const bool whole = number >= -0x1p63 && number < 0x1p63 && std::floor(number) == number;
    return whole ? std::optional(static_cast<int64_t>(number)) : std::nullopt;
  }
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return std::nullopt;
  return value.get<int64_t>();
}

Result<std::shared_ptr<arrow::Scalar>> ToScalar(const json& value) {
  if (value.is_null()) return arrow::MakeNullScalar(arrow::null());
  if (value.is_boolean()) return std::make_shared<arrow::BooleanScalar>(value.get<bool>());
  if (value.is_number_float()) return std::make_shared<arrow::DoubleScalar>(value.get<double>());
  if (const auto integer = Integer(value)) return std::make_shared<arrow::Int64Scalar>(*integer);
  if (value.is_string()) return std::make_shared<arrow::StringScalar>(value.get<std::string>());
  return Bad("a parameter is not null, a boolean, a number of at most 64 bits or a string");
}

Status CheckOffsets(std::string_view name, const OffsetVector& offsets) {
  for (const auto& [partition, offset] : offsets) {
    if (offset.value < 0) return Bad(fmt::format("{}: an offset is negative", name));
  }
  return {};
}

using MemberReader = Status (*)(const json& value, query::SqlRequest& request);

Status ReadSql(const json& value, query::SqlRequest& request) {
  if (!value.is_string()) return Bad("sql is not a string");
  request.sql = value.get<std::string>();
  return {};
}

Status ReadParameters(const json& value, query::SqlRequest& request) {
  if (!value.is_array()) return Bad("parameters is not an array");
  for (const json& element : value) {
    K2I_ASSIGN_OR_RETURN(auto scalar, ToScalar(element));
    request.parameters.push_back(std::move(scalar));
  }
  return {};
}

Status ReadWaitFor(const json& value, query::SqlRequest& request) {
  json topics = value;
  for (json& partitions : topics) {
    if (!partitions.is_object()) continue;
    for (json& offset : partitions) {
      if (const auto integer = Integer(offset)) offset = *integer;
    }
  }
  auto offsets = OffsetsFromJson(topics);
  if (!offsets) return Bad("wait_for: " + offsets.error().message);
  request.wait_for = std::move(*offsets);
  return CheckOffsets("wait_for", request.wait_for);
}

Status ReadTimeout(const json& value, query::SqlRequest& request) {
  K2I_ASSIGN_OR_RETURN(request.timeout, ToTimeout(Integer(value)));
  return {};
}

Status ReadMaxRows(const json& value, query::SqlRequest& request) {
  const auto rows = Integer(value);
  if (!rows || *rows < 1) return Bad("max_rows is not a whole number above 0");
  request.max_rows = *rows;
  return {};
}

const std::map<std::string, MemberReader>& Members() {
  static const std::map<std::string, MemberReader> members{{"sql", ReadSql},
                                                           {"parameters", ReadParameters},
                                                           {"wait_for", ReadWaitFor},
                                                           {"timeout_ms", ReadTimeout},
                                                           {"max_rows", ReadMaxRows}};
  return members;
}

/// Parameters of a URL, each once at most and each one of `known`.
class UrlParameters {
 public:
  static Result<UrlParameters> Make(const NamedValues& values, const std::vector<std::string>& known) {
    UrlParameters parameters;
    for (const auto& [name, value] : values) {
      K2I_RETURN_IF_ERROR(CheckName("parameter", name, known));
      // Keys are Kafka's, of any bytes.
      if (name != "key" && !IsUtf8(value)) return Bad(fmt::format("{} is not UTF-8", name));
      if (!parameters.values_.emplace(name, value).second) return Bad(fmt::format("{} is given twice", name));
    }
    return parameters;
  }

  const std::string* Find(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  Result<bool> Flag(const std::string& name) const {
    const std::string* text = Find(name);
    if (text == nullptr || *text == "false") return false;
    if (*text != "true") return Bad(fmt::format("{} is neither true nor false", name));
    return true;
  }
  Result<OffsetVector> Positions(const std::string& name) const {
    const std::string* text = Find(name);
    if (text == nullptr) return OffsetVector{};
    auto positions = ParsePositions(*text);
    if (!positions) return std::unexpected(positions.error().With(name));
    return positions;
  }

 private:
  std::map<std::string, std::string> values_;
};

Result<std::pair<TopicPartition, Offset>> ParsePosition(std::string_view text) {
  const size_t second = text.rfind(':');
  const size_t first = second == std::string_view::npos || second == 0 ? second : text.rfind(':', second - 1);
  if (first == std::string_view::npos || first == 0 || first == second) {
    return Bad(fmt::format("'{}' is not of the form topic:partition:offset", text));
  }
  const auto partition = ParseNumber<int32_t>(text.substr(first + 1, second - first - 1));
  const auto offset = ParseNumber<int64_t>(text.substr(second + 1));
  if (!partition || *partition < 0 || !offset || *offset < 0) {
    return Bad(fmt::format("'{}' is not of the form topic:partition:offset", text));
  }
  return std::pair{TopicPartition{std::string(text.substr(0, first)), PartitionId{*partition}}, Offset{*offset}};
}

/// Exactly one of the ways to say which row.
Status ReadTarget(const UrlParameters& parameters, query::LookupRequest& request) {
  const std::string* key = parameters.Find("key");
  const std::string* topic = parameters.Find("topic");
  const std::string* partition = parameters.Find("partition");
  const std::string* offset = parameters.Find("offset");
  const int named = (topic != nullptr) + (partition != nullptr) + (offset != nullptr);
  if ((key != nullptr) == (named > 0) || (key == nullptr && named != 3)) {
    return Bad("give either key, or all of topic, partition and offset");
  }
  if (key != nullptr) {
    request.key = *key;
    return {};
  }
  K2I_ASSIGN_OR_RETURN(request.position, ParsePosition(*topic + ":" + *partition + ":" + *offset));
  return {};
}

}  // namespace

Result<query::SqlRequest> ParseSqlRequest(std::string_view body) {
  const json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return Bad(R"(the body is not a JSON object such as {"sql": "SELECT 1"})");
  std::vector<std::string> names;
  for (const auto& [name, reader] : Members()) names.push_back(name);
  query::SqlRequest request;
  for (const auto& [name, value] : parsed.items()) {
    K2I_RETURN_IF_ERROR(CheckName("member", name, names));
    K2I_RETURN_IF_ERROR(Members().at(name)(value, request));
  }
  if (request.sql.find_first_not_of(" \t\r\n") == std::string::npos) return Bad("sql is missing");
  return request;
}

Result<OffsetVector> ParsePositions(std::string_view text) {
  OffsetVector positions;
  while (true) {
    const std::string_view element = text.substr(0, text.find(','));
    K2I_ASSIGN_OR_RETURN(auto position, ParsePosition(element));
    if (!positions.insert(std::move(position)).second) return Bad(fmt::format("'{}' is given twice", element));
    if (element.size() == text.size()) return positions;
    text.remove_prefix(element.size() + 1);
  }
}

Result<query::LookupRequest> ParseLookup(std::string table, const NamedValues& values) {
  static const std::vector<std::string> known{"key", "topic",    "partition", "offset",
                                              "all", "hot_only", "wait_for",  "timeout_ms"};
  K2I_ASSIGN_OR_RETURN(const auto parameters, UrlParameters::Make(values, known));
  query::LookupRequest request{.table = std::move(table), .key = {}, .position = {}, .wait_for = {}};
  K2I_RETURN_IF_ERROR(ReadTarget(parameters, request));
  K2I_ASSIGN_OR_RETURN(request.all, parameters.Flag("all"));
  K2I_ASSIGN_OR_RETURN(request.hot_only, parameters.Flag("hot_only"));
  K2I_ASSIGN_OR_RETURN(request.wait_for, parameters.Positions("wait_for"));
  if (const std::string* timeout = parameters.Find("timeout_ms")) {
    K2I_ASSIGN_OR_RETURN(request.timeout, ToTimeout(ParseNumber<int64_t>(*timeout)));
  }
  return request;
}

Result<query::TailRequest> ParseTail(std::string table, const NamedValues& values) {
  static const std::vector<std::string> known{"from", "follow"};
  K2I_ASSIGN_OR_RETURN(const auto parameters, UrlParameters::Make(values, known));
  query::TailRequest request{.table = std::move(table), .from = {}};
  K2I_ASSIGN_OR_RETURN(request.from, parameters.Positions("from"));
  K2I_ASSIGN_OR_RETURN(request.follow, parameters.Flag("follow"));
  return request;
}

}  // namespace k2i::server
