// SPDX-License-Identifier: Apache-2.0
//
// The messages of Flight SQL (apache/arrow, format/FlightSql.proto) that this server reads and writes. Field numbers
// stand in messages.cc. Each message travels in a google.protobuf.Any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace k2i::server::flight {

struct StatementQuery {
  std::string query;
};

/// Of a statement that CreatePreparedStatement made.
struct PreparedStatementQuery {
  std::string handle;
};

/// What GetFlightInfo of a statement hands out; statement_handle.h says what is in it.
struct StatementTicket {
  std::string handle;
};

struct GetCatalogs {};

struct GetDbSchemas {
  std::optional<std::string> catalog;  // "": those without a catalog
  std::optional<std::string> schema_pattern;
};

struct GetTables {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
  std::optional<std::string> table_pattern;
  std::vector<std::string> types;  // empty: all
  bool include_schema = false;
};

struct GetTableTypes {};
struct GetPrimaryKeys {};
/// Imported keys, exported keys and the cross reference: three commands with one answer.
struct GetForeignKeys {};

struct GetSqlInfo {
  std::vector<uint32_t> ids;  // empty: all
};

struct GetXdbcTypeInfo {
  std::optional<int32_t> data_type;
};

using Command = std::variant<StatementQuery, PreparedStatementQuery, StatementTicket, GetCatalogs, GetDbSchemas,
                             GetTables, GetTableTypes, GetPrimaryKeys, GetForeignKeys, GetSqlInfo, GetXdbcTypeInfo>;

/// A command of a FlightDescriptor, or a ticket. InvalidArgument for bytes that are none; NotSupported for updates,
/// Substrait plans, transactions and whatever else Flight SQL has.
Result<Command> ParseCommand(std::string_view any);

/// Bodies of actions. Errors as ParseCommand's.
Result<StatementQuery> ParseCreatePreparedStatement(std::string_view any);
Result<PreparedStatementQuery> ParseClosePreparedStatement(std::string_view any);
/// The serialized FlightInfo of the query to cancel.
Result<std::string> ParseCancelQuery(std::string_view any);

/// Schemas as encapsulated IPC messages; "" where there is none.
std::string EncodePreparedStatement(std::string_view handle, std::string_view result_schema,
                                    std::string_view parameter_schema);
/// `result` as in arrow::flight::CancelStatus.
std::string EncodeCancelQueryResult(int result);
std::string EncodeStatementTicket(std::string_view handle);

}  // namespace k2i::server::flight
