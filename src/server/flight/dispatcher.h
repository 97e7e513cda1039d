// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "query/service.h"
#include "server/flight/flight_server.h"
#include "server/flight/messages.h"
#include "server/flight/prepared_statements.h"
#include "server/flight/running_streams.h"
#include "server/flight/sql_info.h"
#include "server/flight/statements.h"
#include "server/flight/table_flights.h"

namespace k2i::server::flight {

/// The calls of Flight, each given to the part that knows what to do; errors are translated here. Flight calls it on
/// many threads.
class Dispatcher final : public arrow::flight::FlightServerBase {
 public:
  /// `service` must outlive this.
  Dispatcher(query::Service& service, const FlightOptions& options);

  /// Ends every stream and lets none in any more; Shutdown is for later.
  void StopStreams() { running_.Stop(); }

  using Context = arrow::flight::ServerCallContext;
  arrow::Status ListFlights(const Context& context, const arrow::flight::Criteria* criteria,
                            std::unique_ptr<arrow::flight::FlightListing>* listings) override;
  arrow::Status GetFlightInfo(const Context& context, const arrow::flight::FlightDescriptor& request,
                              std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  /// Nothing goes on between calls: the first answer is complete.
  arrow::Status PollFlightInfo(const Context& context, const arrow::flight::FlightDescriptor& request,
                               std::unique_ptr<arrow::flight::PollInfo>* info) override;
  arrow::Status GetSchema(const Context& context, const arrow::flight::FlightDescriptor& request,
                          std::unique_ptr<arrow::flight::SchemaResult>* schema) override;
  arrow::Status DoGet(const Context& context, const arrow::flight::Ticket& request,
                      std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;
  arrow::Status DoPut(const Context& context, std::unique_ptr<arrow::flight::FlightMessageReader> reader,
                      std::unique_ptr<arrow::flight::FlightMetadataWriter> writer) override;
  arrow::Status DoAction(const Context& context, const arrow::flight::Action& action,
                         std::unique_ptr<arrow::flight::ResultStream>* result) override;
  arrow::Status ListActions(const Context& context, std::vector<arrow::flight::ActionType>* actions) override;

 private:
  using Stream = std::unique_ptr<arrow::flight::FlightDataStream>;

  Result<arrow::flight::FlightInfo> Info(const Context& context, const arrow::flight::FlightDescriptor& request);
  Result<arrow::flight::FlightInfo> CommandInfo(const Context& context, const arrow::flight::FlightDescriptor& request);
  Result<std::shared_ptr<arrow::Schema>> CommandSchema(const Command& command);
  Result<std::string> SerializedSchema(const Context& context, const arrow::flight::FlightDescriptor& request);
  Result<Stream> Open(const Context& context, const std::string& ticket);
  Result<Stream> OpenTail(const Context& context, const std::string& ticket);
  Status Put(arrow::flight::FlightMessageReader& reader);
  Result<std::vector<arrow::flight::Result>> Act(const arrow::flight::Action& action);
  Result<arrow::flight::Result> CancelFlightInfo(std::string_view body);
  Result<arrow::flight::Result> CancelQuery(std::string_view body);
  arrow::flight::CancelStatus Cancel(const arrow::flight::FlightInfo& info);

  query::Service& service_;
  const ServerFacts facts_;
  SystemClock clock_;
  PreparedStatements prepared_;
  RunningStreams running_;
  Statements statements_;
  TableFlights tables_;
};

}  // namespace k2i::server::flight
