// SPDX-License-Identifier: Apache-2.0
#include "query/duck.h"

#include "base/sql_text.h"

namespace k2i::query {
namespace {

ErrorCode ToCode(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_UNKNOWN_TYPE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_OBJECT_SIZE:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_EXPRESSION:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_PLANNER:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_SETTINGS:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
    case DUCKDB_ERROR_DEPENDENCY:
    case DUCKDB_ERROR_MISSING_EXTENSION:
    case DUCKDB_ERROR_AUTOLOAD:
    case DUCKDB_ERROR_SEQUENCE:
    case DUCKDB_INVALID_CONFIGURATION:
      return ErrorCode::kInvalidArgument;
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
      return ErrorCode::kNotSupported;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return ErrorCode::kResourceExhausted;
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::kCancelled;
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_CONNECTION:
      return ErrorCode::kUnavailable;
    case DUCKDB_ERROR_INVALID:
    case DUCKDB_ERROR_SERIALIZATION:
    case DUCKDB_ERROR_TRANSACTION:
    case DUCKDB_ERROR_SCHEDULER:
    case DUCKDB_ERROR_EXECUTOR:
    case DUCKDB_ERROR_INDEX:
    case DUCKDB_ERROR_STAT:
    case DUCKDB_ERROR_OPTIMIZER:
    case DUCKDB_ERROR_NULL_POINTER:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
      break;
  }
  return ErrorCode::kInternal;
}

}  // namespace

Error ToError(duckdb_error_type type, std::string message) { return Error{ToCode(type), std::move(message)}; }

Error UserError(const char* message) {
  return Error{ErrorCode::kInvalidArgument, message != nullptr ? message : "the statement cannot be run"};
}

Status ToStatus(duckdb_error_data data) {
  if (data == nullptr || !duckdb_error_data_has_error(data)) return {};
  return std::unexpected(ToError(duckdb_error_data_error_type(data), duckdb_error_data_message(data)));
}

std::string QuotedName(const std::string& name) { return SqlQuoted(name, '"'); }

Status Execute(duckdb_connection connection, const std::string& sql) {
  DuckResult result;
  if (duckdb_query(connection, sql.c_str(), &result.get()) == DuckDBSuccess) return {};
  const char* message = duckdb_result_error(&result.get());
  return std::unexpected(ToError(duckdb_result_error_type(&result.get()), message != nullptr ? message : sql));
}

idx_t ConnectionId(duckdb_connection connection) {
  Owned<duckdb_client_context, duckdb_destroy_client_context> context;
  duckdb_connection_get_client_context(connection, context.out());
  return duckdb_client_context_get_connection_id(context.get());
}

}  // namespace k2i::query
