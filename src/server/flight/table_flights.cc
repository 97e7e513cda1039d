// SPDX-License-Identifier: Apache-2.0
#include "server/flight/table_flights.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/offset_json.h"
#include "server/flight/answer_stream.h"
#include "server/flight/flight_status.h"
#include "server/flight/like_pattern.h"
#include "server/flight/pin_metadata.h"
#include "server/flight/statement_handle.h"
#include "server/flight/tail_ticket.h"

namespace k2i::server::flight {
namespace {

using nlohmann::json;

constexpr int kTries = 5;

std::string FullName(const query::TableInfo& table) { return table.database + "." + table.table; }

/// What a FlightInfo says beside the schema.
std::string Facts(const query::TableInfo& table) {
  json facts = {{"table", FullName(table)},     {"location", table.location},
                {"snapshot_id", nullptr},       {"committed", k2i::ToJson(table.committed)},
                {"hot_rows", table.hot_rows},   {"hot_bytes", table.hot_bytes},
                {"cold_rows", table.cold_rows}, {"cold_files", table.cold_files}};
  if (table.pinned.snapshot_id.has_value()) facts["snapshot_id"] = *table.pinned.snapshot_id;
  return facts.dump();
}

/// `from`, and the boundary for the partitions it does not name.
OffsetVector Begin(const OffsetVector& from, const OffsetVector& committed) {
  OffsetVector begin = from;
  begin.insert(committed.begin(), committed.end());
  return begin;
}

Result<arrow::flight::FlightInfo> MakeInfo(const query::TableInfo& table, query::TailRequest request,
                                           const arrow::flight::FlightDescriptor& descriptor) {
  request.table = FullName(table);
  const auto schema = WithTailPins(table.schema, table, Begin(request.from, table.committed), {table.pinned});
  const std::vector endpoints = {arrow::flight::FlightEndpoint({ToJson(request)}, {}, std::nullopt, "")};
  FLIGHT_ASSIGN_OR_RETURN(auto info, arrow::flight::FlightInfo::Make(*schema, descriptor, endpoints, -1, -1,
                                                                     /*ordered=*/false, Facts(table)));
  return info;
}

/// Whether the stream's rows begin where the snapshot of `table` ends.
bool Joins(const query::TableInfo& table, const query::Answer& answer) {
  return answer.pinned().size() == 1 && answer.pinned().front().snapshot_id == table.pinned.snapshot_id;
}

}  // namespace

TableFlights::TableFlights(query::Service& service, RunningStreams& running) : service_(service), running_(running) {}

Result<query::TailRequest> TableFlights::FromPath(const std::vector<std::string>& path) {
  if (path.size() == 1) return query::TailRequest{.table = path[0]};
  if (path.size() == 2) return query::TailRequest{.table = path[0] + "." + path[1]};
  return Fail(ErrorCode::kInvalidArgument, R"(a path is to name a table: ["database.table"] or ["database", "table"])");
}

Result<std::vector<arrow::flight::FlightInfo>> TableFlights::List(const std::string& pattern) {
  std::vector<arrow::flight::FlightInfo> flights;
  for (const query::TableInfo& table : service_.Tables()) {
    const std::string name = FullName(table);
    if (!pattern.empty() && !MatchesLike(name, pattern)) continue;
    K2I_ASSIGN_OR_RETURN(auto info, MakeInfo(table, {.table = name}, arrow::flight::FlightDescriptor::Path({name})));
    flights.push_back(std::move(info));
  }
  return flights;
}

Result<arrow::flight::FlightInfo> TableFlights::Info(const query::TailRequest& request,
                                                     const arrow::flight::FlightDescriptor& descriptor) {
  K2I_ASSIGN_OR_RETURN(const query::TableInfo table, service_.Table(request.table));
  return MakeInfo(table, request, descriptor);
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> TableFlights::Open(
    const query::TailRequest& request, const arrow::flight::ServerCallContext& context) {
  // A commit between the two questions would leave the rows without a snapshot to read them beside: then again.
  for (int i = 0; i < kTries; ++i) {
    K2I_ASSIGN_OR_RETURN(const query::TableInfo table, service_.Table(request.table));
    query::TailRequest named = request;
    named.table = FullName(table);
    K2I_ASSIGN_OR_RETURN(RunningStreams::Slot slot,
                         running_.Enter(RandomId(), [call = &context] { return call->is_cancelled(); }));
    K2I_ASSIGN_OR_RETURN(std::unique_ptr<query::Answer> answer, service_.Tail(named));
    if (!Joins(table, *answer)) continue;
    K2I_RETURN_IF_ERROR(slot.Attach(*answer));
    auto schema = WithTailPins(answer->schema(), table, Begin(request.from, table.committed), answer->pinned());
    return StreamAnswer(context, std::move(answer), std::move(slot), std::move(schema));
  }
  return Fail(ErrorCode::kUnavailable, fmt::format("{} is committed to again and again; try later", request.table));
}

}  // namespace k2i::server::flight
