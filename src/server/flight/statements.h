// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>

#include "query/service.h"
#include "server/flight/call_headers.h"
#include "server/flight/messages.h"
#include "server/flight/prepared_statements.h"
#include "server/flight/running_streams.h"
#include "server/flight/statement_handle.h"

namespace k2i::server::flight {

/// SQL statements: planned by GetFlightInfo, run by DoGet; prepared ones too. Thread-safe. Errors are the service's,
/// and InvalidArgument for statements and parameters that are too large.
class Statements {
 public:
  /// All must outlive this.
  Statements(query::Service& service, PreparedStatements& prepared, RunningStreams& running);

  /// Schema of the rows.
  Result<std::shared_ptr<arrow::Schema>> Schema(const StatementQuery& statement);
  Result<std::shared_ptr<arrow::Schema>> Schema(const PreparedStatementQuery& statement);
  /// The bytes of a ticket that runs the statement.
  std::string Ticket(const StatementQuery& statement, const CallSettings& settings);
  std::string Ticket(const PreparedStatementQuery& statement, const CallSettings& settings);

  /// Runs the statement of a ticket.
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Open(const StatementTicket& ticket,
                                                                const CallSettings& settings,
                                                                const arrow::flight::ServerCallContext& context);

  /// Body of the answer to CreatePreparedStatement.
  Result<std::string> Prepare(const StatementQuery& statement);
  /// Reads one row of parameters. NotSupported for more than one.
  Status Bind(const PreparedStatementQuery& statement, arrow::flight::FlightMessageReader& reader);
  void Close(const PreparedStatementQuery& statement);

 private:
  Result<query::SqlRequest> Request(const StatementHandle& handle, const CallSettings& settings);

  query::Service& service_;
  PreparedStatements& prepared_;
  RunningStreams& running_;
};

}  // namespace k2i::server::flight
