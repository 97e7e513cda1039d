// SPDX-License-Identifier: Apache-2.0
#include "server/flight/tail_ticket.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/offset_json.h"
#include "server/flight/call_headers.h"
#include "server/flight/share_metadata.h"

namespace k2i::server::flight {
namespace {

using nlohmann::json;

std::unexpected<Error> Malformed(std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("ticket: {}", why));
}

/// Keys may be any bytes, which JSON's texts are not.
std::string ToHex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

Result<std::string> FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    unsigned int byte = 0;
    const std::string_view digits = hex.substr(i, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) {
      return Malformed("'key_hex' is to be of hexadecimal digits, two a byte");
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

Status ReadMember(const std::string& name, const json& value, query::TailRequest& request) {
  if (name == "table") {
    if (!value.is_string()) return Malformed("'table' is to be a text");
    request.table = value.get<std::string>();
  } else if (name == "from") {
    K2I_ASSIGN_OR_RETURN(request.from, ParseOffsets(value.dump(), "ticket: 'from'"));
  } else if (name == "follow") {
    if (!value.is_boolean()) return Malformed("'follow' is to be true or false");
    request.follow = value.get<bool>();
  } else if (name == "share") {
    if (!value.is_boolean()) return Malformed("'share' is to be true or false");
    request.share = value.get<bool>();
  } else if (name == "without") {
    auto without = PartitionsFromJson(value, "'without'");
    if (!without) return Malformed(without.error().message);
    request.without = *std::move(without);
  } else if (name == "key_hex") {
    if (!value.is_string()) return Malformed("'key_hex' is to be a text");
    K2I_ASSIGN_OR_RETURN(request.key, FromHex(value.get<std::string>()));
  } else if (name == "position") {
    K2I_ASSIGN_OR_RETURN(const OffsetVector place, ParseOffsets(value.dump(), "ticket: 'position'"));
    if (place.size() != 1) return Malformed("'position' is to be of one partition");
    request.position = *place.begin();
  } else {
    return Malformed(
        fmt::format("unknown member '{}'; there are table, from, follow, share, without, key_hex and position", name));
  }
  return {};
}

}  // namespace

bool IsTailTicket(std::string_view bytes) { return bytes.starts_with('{'); }

Result<query::TailRequest> ParseTailTicket(std::string_view text) {
  const json ticket = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!ticket.is_object()) return Malformed("not a JSON object");
  query::TailRequest request;
  for (const auto& [name, value] : ticket.items()) K2I_RETURN_IF_ERROR(ReadMember(name, value, request));
  if (request.table.empty()) return Malformed("names no 'table'");
  if (request.share && request.follow) return Malformed("'share' does not go with 'follow'");
  if (!request.share && (request.key || request.position || !request.without.empty())) {
    return Malformed("'key_hex', 'position' and 'without' go with 'share'");
  }
  if (request.key && request.position) return Malformed("there is to be a 'key_hex' or a 'position'");
  return request;
}

std::string ToJson(const query::TailRequest& request) {
  json ticket{{"table", request.table}, {"from", k2i::ToJson(request.from)}, {"follow", request.follow}};
  if (request.share) ticket["share"] = true;
  if (!request.without.empty()) ticket["without"] = ToJson(request.without);
  if (request.key) ticket["key_hex"] = ToHex(*request.key);
  if (request.position) ticket["position"] = k2i::ToJson(OffsetVector{*request.position});
  return ticket.dump();
}

}  // namespace k2i::server::flight
