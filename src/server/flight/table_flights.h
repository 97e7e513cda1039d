// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>
#include <vector>

#include "query/service.h"
#include "server/flight/running_streams.h"

namespace k2i::server::flight {

/// Plain Flight, without SQL: the rows of a table that are in memory and not yet in a snapshot, for engines that read
/// the table itself. Thread-safe.
class TableFlights {
 public:
  /// Both must outlive this.
  TableFlights(query::Service& service, RunningStreams& running);

  /// {"lake.events"} or {"lake", "events"}. InvalidArgument for any other path.
  static Result<query::TailRequest> FromPath(const std::vector<std::string>& path);

  /// Tables whose "database.table" is LIKE `pattern`; "": all.
  Result<std::vector<arrow::flight::FlightInfo>> List(const std::string& pattern);
  /// Errors of Service::Table. The ticket asks for what `request` does, and the schema's metadata says how the table
  /// is now; what DoGet sends is of its own moment.
  Result<arrow::flight::FlightInfo> Info(const query::TailRequest& request,
                                         const arrow::flight::FlightDescriptor& descriptor);
  /// Errors of Service::Table and Service::Tail; Unavailable when commits leave no moment to begin.
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Open(const query::TailRequest& request,
                                                                const arrow::flight::ServerCallContext& context);

 private:
  query::Service& service_;
  RunningStreams& running_;
};

}  // namespace k2i::server::flight
