// SPDX-License-Identifier: Apache-2.0
#include "server/flight/tail_ticket.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/offset_json.h"
#include "server/flight/call_headers.h"

namespace k2i::server::flight {
namespace {

using nlohmann::json;

std::unexpected<Error> Malformed(std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("ticket: {}", why));
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
  } else {
    return Malformed(fmt::format("unknown member '{}'; there are table, from and follow", name));
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
  return request;
}

std::string ToJson(const query::TailRequest& request) {
  return json{{"table", request.table}, {"from", k2i::ToJson(request.from)}, {"follow", request.follow}}.dump();
}

}  // namespace k2i::server::flight
