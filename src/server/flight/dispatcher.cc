// SPDX-License-Identifier: Apache-2.0
#include "server/flight/dispatcher.h"

#include <arrow/buffer.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <array>

#include "base/logging.h"
#include "server/flight/answer_stream.h"
#include "server/flight/call_headers.h"
#include "server/flight/catalog_results.h"
#include "server/flight/flight_status.h"
#include "server/flight/tail_ticket.h"
#include "server/flight/xdbc_types.h"

namespace k2i::server::flight {
namespace {

namespace rpc = arrow::flight;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

arrow::Status Failed(const rpc::ServerCallContext& context, std::string_view call, const Error& error) {
  context.AddTrailer(kErrorTrailer, std::string(ToString(error.code)));
  if (error.code == ErrorCode::kInternal || error.code == ErrorCode::kCorruption) {
    log::Warn("flight.call_failed", {{"call", call}, {"error", error.ToString()}});
  }
  return ToFlightStatus(error);
}

/// An answer with one result of those bytes.
rpc::Result ResultOf(std::string bytes) { return rpc::Result(arrow::Buffer::FromString(std::move(bytes))); }

constexpr std::array kActions = {
    std::pair{"CreatePreparedStatement", "Prepares a SELECT: ActionCreatePreparedStatementRequest"},
    std::pair{"ClosePreparedStatement", "Forgets it again: ActionClosePreparedStatementRequest"},
    std::pair{"CancelQuery", "Ends a query: ActionCancelQueryRequest; CancelFlightInfo is the newer way"},
    std::pair{"CancelFlightInfo", "Ends a query: CancelFlightInfoRequest"},
};

bool IsTransaction(const std::string& action) {
  return action.ends_with("Transaction") || action.ends_with("Savepoint");
}

}  // namespace

Dispatcher::Dispatcher(query::Service& service, const FlightOptions& options)
    : service_(service),
      facts_{options.version, options.prepared_idle},
      prepared_(clock_, options.max_prepared_statements, options.prepared_idle),
      running_(options.max_streams),
      statements_(service, prepared_, running_),
      tables_(service, running_) {}

arrow::Status Dispatcher::ListFlights(const Context& context, const rpc::Criteria* criteria,
                                      std::unique_ptr<rpc::FlightListing>* listings) {
  auto flights = tables_.List(criteria == nullptr ? "" : criteria->expression);
  if (!flights.has_value()) return Failed(context, "ListFlights", flights.error());
  *listings = std::make_unique<rpc::SimpleFlightListing>(*std::move(flights));
  return arrow::Status::OK();
}

Result<rpc::FlightInfo> Dispatcher::Info(const Context& context, const rpc::FlightDescriptor& request) {
  if (request.type == rpc::FlightDescriptor::PATH) {
    K2I_ASSIGN_OR_RETURN(const query::TailRequest tail, TableFlights::FromPath(request.path));
    return tables_.Info(tail, request);
  }
  if (IsTailTicket(request.cmd)) {
    K2I_ASSIGN_OR_RETURN(const query::TailRequest tail, ParseTailTicket(request.cmd));
    return tables_.Info(tail, request);
  }
  return CommandInfo(context, request);
}

Result<std::shared_ptr<arrow::Schema>> Dispatcher::CommandSchema(const Command& command) {
  using SchemaResult = Result<std::shared_ptr<arrow::Schema>>;
  return std::visit(Overloaded{
                        [](const StatementTicket&) -> SchemaResult {
                          return Fail(ErrorCode::kInvalidArgument, "a ticket is for DoGet");
                        },
                        [this](const StatementQuery& c) { return statements_.Schema(c); },
                        [this](const PreparedStatementQuery& c) { return statements_.Schema(c); },
                        [](const auto& c) -> SchemaResult { return SchemaOf(c); },
                    },
                    command);
}

Result<rpc::FlightInfo> Dispatcher::CommandInfo(const Context& context, const rpc::FlightDescriptor& request) {
  K2I_ASSIGN_OR_RETURN(const Command command, ParseCommand(request.cmd));
  K2I_ASSIGN_OR_RETURN(const CallSettings settings, ReadHeaders(context.incoming_headers()));
  K2I_ASSIGN_OR_RETURN(const auto schema, CommandSchema(command));
  const auto* statement = std::get_if<StatementQuery>(&command);
  const auto* prepared = std::get_if<PreparedStatementQuery>(&command);
  // What asks for metadata is its own ticket.
  std::string ticket = statement != nullptr  ? statements_.Ticket(*statement, settings)
                       : prepared != nullptr ? statements_.Ticket(*prepared, settings)
                                             : request.cmd;
  const std::vector endpoints = {rpc::FlightEndpoint({std::move(ticket)}, {}, std::nullopt, "")};
  // Types of a prepared statement's columns may follow from the values bound to it. Its client had the schema that is
  // known before; that of the stream is the right one, and ADBC shows the stream's metadata only if none is here.
  if (prepared != nullptr) return rpc::FlightInfo({.descriptor = request, .endpoints = endpoints});
  FLIGHT_ASSIGN_OR_RETURN(auto info, rpc::FlightInfo::Make(*schema, request, endpoints, -1, -1));
  return info;
}

arrow::Status Dispatcher::GetFlightInfo(const Context& context, const rpc::FlightDescriptor& request,
                                        std::unique_ptr<rpc::FlightInfo>* info) {
  auto found = Info(context, request);
  if (!found.has_value()) return Failed(context, "GetFlightInfo", found.error());
  *info = std::make_unique<rpc::FlightInfo>(*std::move(found));
  return arrow::Status::OK();
}

arrow::Status Dispatcher::PollFlightInfo(const Context& context, const rpc::FlightDescriptor& request,
                                         std::unique_ptr<rpc::PollInfo>* info) {
  auto poll = std::make_unique<rpc::PollInfo>();
  ARROW_RETURN_NOT_OK(GetFlightInfo(context, request, &poll->info));
  poll->progress = 1.0;
  *info = std::move(poll);
  return arrow::Status::OK();
}

Result<std::string> Dispatcher::SerializedSchema(const Context& context, const rpc::FlightDescriptor& request) {
  if (request.type == rpc::FlightDescriptor::PATH || IsTailTicket(request.cmd)) {
    K2I_ASSIGN_OR_RETURN(const rpc::FlightInfo info, Info(context, request));
    return info.serialized_schema();
  }
  K2I_ASSIGN_OR_RETURN(const Command command, ParseCommand(request.cmd));
  K2I_ASSIGN_OR_RETURN(const auto schema, CommandSchema(command));
  FLIGHT_ASSIGN_OR_RETURN(const auto result, rpc::SchemaResult::Make(*schema));
  return result->serialized_schema();
}

arrow::Status Dispatcher::GetSchema(const Context& context, const rpc::FlightDescriptor& request,
                                    std::unique_ptr<rpc::SchemaResult>* schema) {
  auto bytes = SerializedSchema(context, request);
  if (!bytes.has_value()) return Failed(context, "GetSchema", bytes.error());
  *schema = std::make_unique<rpc::SchemaResult>(*std::move(bytes));
  return arrow::Status::OK();
}

Result<Dispatcher::Stream> Dispatcher::OpenTail(const Context& context, const std::string& ticket) {
  K2I_ASSIGN_OR_RETURN(const query::TailRequest request, ParseTailTicket(ticket));
  K2I_ASSIGN_OR_RETURN(const CallSettings settings, ReadHeaders(context.incoming_headers()));
  if (!settings.wait_for.empty() || settings.timeout_ms != 0) {
    return Fail(ErrorCode::kInvalidArgument, "the headers wait-for and timeout-ms are for SQL, not for tables' rows");
  }
  return tables_.Open(request, context);
}

Result<Dispatcher::Stream> Dispatcher::Open(const Context& context, const std::string& ticket) {
  if (IsTailTicket(ticket)) return OpenTail(context, ticket);
  K2I_ASSIGN_OR_RETURN(const Command command, ParseCommand(ticket));
  const auto not_a_ticket = []() -> Result<Stream> {
    return Fail(ErrorCode::kInvalidArgument, "a statement is run by the ticket that GetFlightInfo gives for it");
  };
  const auto send = [](BatchResult rows) -> Result<Stream> {
    if (!rows.has_value()) return std::unexpected(std::move(rows).error());
    return StreamBatch(*std::move(rows));
  };
  return std::visit(Overloaded{[&](const StatementTicket& c) -> Result<Stream> {
                                 K2I_ASSIGN_OR_RETURN(const auto settings, ReadHeaders(context.incoming_headers()));
                                 return statements_.Open(c, settings, context);
                               },
                               [&](const StatementQuery&) { return not_a_ticket(); },
                               [&](const PreparedStatementQuery&) { return not_a_ticket(); },
                               [&](const GetSqlInfo& c) { return send(RowsOf(c, facts_)); },
                               [&](const GetXdbcTypeInfo& c) { return send(RowsOf(c)); },
                               [&](const auto& c) { return send(RowsOf(c, service_.Tables())); }},
                    command);
}

arrow::Status Dispatcher::DoGet(const Context& context, const rpc::Ticket& request, Stream* stream) {
  auto opened = Open(context, request.ticket);
  if (!opened.has_value()) return Failed(context, "DoGet", opened.error());
  *stream = *std::move(opened);
  return arrow::Status::OK();
}

Status Dispatcher::Put(rpc::FlightMessageReader& reader) {
  if (reader.descriptor().type != rpc::FlightDescriptor::CMD) {
    return Fail(ErrorCode::kNotSupported, "this server only reads: rows come to it through Kafka");
  }
  K2I_ASSIGN_OR_RETURN(const Command command, ParseCommand(reader.descriptor().cmd));
  if (const auto* statement = std::get_if<PreparedStatementQuery>(&command))
    return statements_.Bind(*statement, reader);
  return Fail(ErrorCode::kInvalidArgument, "DoPut only takes parameters of a prepared statement");
}

arrow::Status Dispatcher::DoPut(const Context& context, std::unique_ptr<rpc::FlightMessageReader> reader,
                                std::unique_ptr<rpc::FlightMetadataWriter>) {
  const Status put = Put(*reader);
  return put.has_value() ? arrow::Status::OK() : Failed(context, "DoPut", put.error());
}

rpc::CancelStatus Dispatcher::Cancel(const rpc::FlightInfo& info) {
  rpc::CancelStatus status = rpc::CancelStatus::kNotCancellable;
  for (const rpc::FlightEndpoint& endpoint : info.endpoints()) {
    const auto command = ParseCommand(endpoint.ticket.ticket);
    const auto* ticket = command.has_value() ? std::get_if<StatementTicket>(&*command) : nullptr;
    if (ticket == nullptr) continue;
    const auto handle = ParseStatementHandle(ticket->handle);
    if (!handle.has_value()) continue;
    running_.Cancel(handle->id);
    status = rpc::CancelStatus::kCancelled;
  }
  return status;
}

Result<rpc::Result> Dispatcher::CancelFlightInfo(std::string_view body) {
  const auto request = rpc::CancelFlightInfoRequest::Deserialize(body);
  if (!request.ok() || request->info == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "the body of CancelFlightInfo is not a CancelFlightInfoRequest");
  }
  FLIGHT_ASSIGN_OR_RETURN(std::string answer, rpc::CancelFlightInfoResult(Cancel(*request->info)).SerializeToString());
  return ResultOf(std::move(answer));
}

Result<rpc::Result> Dispatcher::CancelQuery(std::string_view body) {
  K2I_ASSIGN_OR_RETURN(const std::string bytes, ParseCancelQuery(body));
  const auto info = rpc::FlightInfo::Deserialize(bytes);
  if (!info.ok()) return Fail(ErrorCode::kInvalidArgument, "CancelQuery holds no FlightInfo");
  return ResultOf(EncodeCancelQueryResult(static_cast<int>(Cancel(**info))));
}

Result<std::vector<rpc::Result>> Dispatcher::Act(const rpc::Action& action) {
  const std::string_view body = action.body == nullptr ? std::string_view() : std::string_view(*action.body);
  std::vector<rpc::Result> results;
  if (action.type == "CreatePreparedStatement") {
    K2I_ASSIGN_OR_RETURN(const StatementQuery statement, ParseCreatePreparedStatement(body));
    K2I_ASSIGN_OR_RETURN(std::string answer, statements_.Prepare(statement));
    results.push_back(ResultOf(std::move(answer)));
  } else if (action.type == "ClosePreparedStatement") {
    K2I_ASSIGN_OR_RETURN(const PreparedStatementQuery statement, ParseClosePreparedStatement(body));
    statements_.Close(statement);
  } else if (action.type == "CancelFlightInfo") {
    K2I_ASSIGN_OR_RETURN(results.emplace_back(), CancelFlightInfo(body));
  } else if (action.type == "CancelQuery") {
    K2I_ASSIGN_OR_RETURN(results.emplace_back(), CancelQuery(body));
  } else if (IsTransaction(action.type)) {
    return Fail(ErrorCode::kNotSupported, "this server only reads: it has no transactions and no savepoints");
  } else {
    return Fail(ErrorCode::kNotSupported, fmt::format("this server has no action '{}'", action.type));
  }
  return results;
}

arrow::Status Dispatcher::DoAction(const Context& context, const rpc::Action& action,
                                   std::unique_ptr<rpc::ResultStream>* result) {
  auto results = Act(action);
  if (!results.has_value()) return Failed(context, action.type, results.error());
  *result = std::make_unique<rpc::SimpleResultStream>(*std::move(results));
  return arrow::Status::OK();
}

arrow::Status Dispatcher::ListActions(const Context&, std::vector<rpc::ActionType>* actions) {
  for (const auto& [type, description] : kActions) actions->emplace_back(type, description);
  return arrow::Status::OK();
}

}  // namespace k2i::server::flight
