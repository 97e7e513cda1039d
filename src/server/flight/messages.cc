// SPDX-License-Identifier: Apache-2.0
#include "server/flight/messages.h"

#include <fmt/format.h>

#include <array>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "server/flight/any.h"

namespace k2i::server::flight {
namespace {

using Reader = protozero::pbf_reader;

constexpr std::string_view kTransactions = "this server only reads: it has no transactions";

/// Reads the fields of `message` that `take` knows; it returns false for one it does not. protozero::exception.
template <typename Take>
void ForEachField(std::string_view message, Take take) {
  Reader reader(message.data(), message.size());
  while (reader.next()) {
    if (!take(reader)) reader.skip();
  }
}

/// True if the field is of `number`, and of text or bytes; then `out` is it.
template <typename Text>
bool Take(Reader& reader, uint32_t number, Text& out) {
  if (reader.tag() != number || reader.wire_type() != protozero::pbf_wire_type::length_delimited) return false;
  out = reader.get_string();
  return true;
}

bool IsVarint(const Reader& reader, uint32_t number) {
  return reader.tag() == number && reader.wire_type() == protozero::pbf_wire_type::varint;
}

/// query = 1, transaction_id = 2: CommandStatementQuery and ActionCreatePreparedStatementRequest.
Result<StatementQuery> ReadStatement(std::string_view value) {
  StatementQuery statement;
  std::string transaction;
  ForEachField(value, [&](Reader& r) { return Take(r, 1, statement.query) || Take(r, 2, transaction); });
  if (!transaction.empty()) return Fail(ErrorCode::kNotSupported, std::string(kTransactions));
  return statement;
}

/// One field of bytes with the number 1: handles, tickets.
std::string ReadHandle(std::string_view value) {
  std::string handle;
  ForEachField(value, [&](Reader& r) { return Take(r, 1, handle); });
  return handle;
}

Result<Command> ReadStatementQuery(std::string_view value) {
  K2I_ASSIGN_OR_RETURN(StatementQuery statement, ReadStatement(value));
  return statement;
}

Result<Command> ReadPreparedQuery(std::string_view value) { return PreparedStatementQuery{ReadHandle(value)}; }

Result<Command> ReadTicket(std::string_view value) { return StatementTicket{ReadHandle(value)}; }

Result<Command> ReadDbSchemas(std::string_view value) {
  GetDbSchemas command;
  ForEachField(value, [&](Reader& r) { return Take(r, 1, command.catalog) || Take(r, 2, command.schema_pattern); });
  return command;
}

Result<Command> ReadTables(std::string_view value) {
  GetTables command;
  ForEachField(value, [&](Reader& r) {
    if (IsVarint(r, 5)) {
      command.include_schema = r.get_bool();
      return true;
    }
    std::string type;
    if (Take(r, 4, type)) {
      command.types.push_back(std::move(type));
      return true;
    }
    return Take(r, 1, command.catalog) || Take(r, 2, command.schema_pattern) || Take(r, 3, command.table_pattern);
  });
  return command;
}

/// A repeated number comes packed or one by one; both are to be read.
Result<Command> ReadSqlInfo(std::string_view value) {
  GetSqlInfo command;
  ForEachField(value, [&](Reader& r) {
    if (IsVarint(r, 1)) {
      command.ids.push_back(r.get_uint32());
      return true;
    }
    if (r.tag() != 1 || r.wire_type() != protozero::pbf_wire_type::length_delimited) return false;
    for (const uint32_t id : r.get_packed_uint32()) command.ids.push_back(id);
    return true;
  });
  return command;
}

Result<Command> ReadXdbcTypeInfo(std::string_view value) {
  GetXdbcTypeInfo command;
  ForEachField(value, [&](Reader& r) {
    if (!IsVarint(r, 1)) return false;
    command.data_type = r.get_int32();
    return true;
  });
  return command;
}

template <typename Empty>
Result<Command> ReadNothing(std::string_view value) {
  ForEachField(value, [](Reader&) { return false; });
  return Empty{};
}

struct Kind {
  std::string_view type;
  Result<Command> (*read)(std::string_view value);  // null: not supported
  std::string_view reason = {};
};

constexpr std::string_view kUpdates = "this server only reads: it takes no INSERT, UPDATE, DELETE or DDL";
constexpr std::string_view kSubstrait = "this server runs SQL, not Substrait plans";

constexpr std::array kKinds = {
    Kind{"CommandStatementQuery", ReadStatementQuery},
    Kind{"CommandPreparedStatementQuery", ReadPreparedQuery},
    Kind{"TicketStatementQuery", ReadTicket},
    Kind{"CommandGetCatalogs", ReadNothing<GetCatalogs>},
    Kind{"CommandGetDbSchemas", ReadDbSchemas},
    Kind{"CommandGetTables", ReadTables},
    Kind{"CommandGetTableTypes", ReadNothing<GetTableTypes>},
    Kind{"CommandGetPrimaryKeys", ReadNothing<GetPrimaryKeys>},
    Kind{"CommandGetExportedKeys", ReadNothing<GetForeignKeys>},
    Kind{"CommandGetImportedKeys", ReadNothing<GetForeignKeys>},
    Kind{"CommandGetCrossReference", ReadNothing<GetForeignKeys>},
    Kind{"CommandGetSqlInfo", ReadSqlInfo},
    Kind{"CommandGetXdbcTypeInfo", ReadXdbcTypeInfo},
    Kind{"CommandStatementUpdate", nullptr, kUpdates},
    Kind{"CommandPreparedStatementUpdate", nullptr, kUpdates},
    Kind{"CommandStatementIngest", nullptr, kUpdates},
    Kind{"CommandStatementSubstraitPlan", nullptr, kSubstrait},
};

std::unexpected<Error> Malformed(std::string_view type, const protozero::exception& error) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("malformed {}: {}", type, error.what()));
}

/// The bytes in an Any that must be of `type`.
Result<std::string> ValueOf(std::string_view any, std::string_view type) {
  K2I_ASSIGN_OR_RETURN(AnyMessage message, UnpackAny(any));
  if (message.type == type) return std::move(message.value);
  return Fail(ErrorCode::kInvalidArgument, fmt::format("a {} was expected, not a {}", type, message.type));
}

}  // namespace

Result<Command> ParseCommand(std::string_view any) {
  K2I_ASSIGN_OR_RETURN(const AnyMessage message, UnpackAny(any));
  for (const Kind& kind : kKinds) {
    if (message.type != kind.type) continue;
    if (kind.read == nullptr) return Fail(ErrorCode::kNotSupported, std::string(kind.reason));
    try {
      return kind.read(message.value);
    } catch (const protozero::exception& error) {
      return Malformed(kind.type, error);
    }
  }
  return Fail(ErrorCode::kNotSupported, fmt::format("this server does not know Flight SQL's {}", message.type));
}

Result<StatementQuery> ParseCreatePreparedStatement(std::string_view any) {
  constexpr std::string_view kType = "ActionCreatePreparedStatementRequest";
  K2I_ASSIGN_OR_RETURN(const std::string value, ValueOf(any, kType));
  try {
    return ReadStatement(value);
  } catch (const protozero::exception& error) {
    return Malformed(kType, error);
  }
}

Result<PreparedStatementQuery> ParseClosePreparedStatement(std::string_view any) {
  constexpr std::string_view kType = "ActionClosePreparedStatementRequest";
  K2I_ASSIGN_OR_RETURN(const std::string value, ValueOf(any, kType));
  try {
    return PreparedStatementQuery{ReadHandle(value)};
  } catch (const protozero::exception& error) {
    return Malformed(kType, error);
  }
}

Result<std::string> ParseCancelQuery(std::string_view any) {
  constexpr std::string_view kType = "ActionCancelQueryRequest";
  K2I_ASSIGN_OR_RETURN(const std::string value, ValueOf(any, kType));
  try {
    return ReadHandle(value);
  } catch (const protozero::exception& error) {
    return Malformed(kType, error);
  }
}

std::string EncodePreparedStatement(std::string_view handle, std::string_view result_schema,
                                    std::string_view parameter_schema) {
  std::string value;
  protozero::pbf_writer writer(value);
  writer.add_bytes(1, handle.data(), handle.size());
  if (!result_schema.empty()) writer.add_bytes(2, result_schema.data(), result_schema.size());
  if (!parameter_schema.empty()) writer.add_bytes(3, parameter_schema.data(), parameter_schema.size());
  return PackAny("ActionCreatePreparedStatementResult", value);
}

std::string EncodeCancelQueryResult(int result) {
  std::string value;
  protozero::pbf_writer(value).add_enum(1, result);
  return PackAny("ActionCancelQueryResult", value);
}

std::string EncodeStatementTicket(std::string_view handle) {
  std::string value;
  protozero::pbf_writer(value).add_bytes(1, handle.data(), handle.size());
  return PackAny("TicketStatementQuery", value);
}

}  // namespace k2i::server::flight
