// SPDX-License-Identifier: Apache-2.0
//
// What the server says of itself and of its SQL (enum SqlInfo of FlightSql.proto). JDBC's driver asks for all of it and
// fails on a value that is not there or is of another member of the union, so every value of the specification is
// given.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "server/flight/messages.h"

namespace k2i::server::flight {

struct ServerFacts {
  std::string version;       // of K2I
  Duration prepared_idle{};  // after which a prepared statement is dropped
};

std::shared_ptr<arrow::Schema> SchemaOf(const GetSqlInfo& command);
/// Ids that nobody knows have no row.
Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const GetSqlInfo& command, const ServerFacts& facts);

}  // namespace k2i::server::flight
