// SPDX-License-Identifier: Apache-2.0
//
// The client's side of Flight SQL's messages.
#pragma once

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "server/flight/any.h"
#include "server/flight/messages.h"

namespace k2i::server::flight {

inline std::string EncodeText(std::string_view type, const std::string& text, const std::string& transaction = {}) {
  std::string value;
  protozero::pbf_writer writer(value);
  writer.add_string(1, text);
  if (!transaction.empty()) writer.add_bytes(2, transaction);
  return PackAny(type, value);
}

inline std::string EncodeQuery(const std::string& sql) { return EncodeText("CommandStatementQuery", sql); }
inline std::string EncodePreparedQuery(const std::string& handle) {
  return EncodeText("CommandPreparedStatementQuery", handle);
}
inline std::string EncodeCreate(const std::string& sql) {
  return EncodeText("ActionCreatePreparedStatementRequest", sql);
}
inline std::string EncodeClose(const std::string& handle) {
  return EncodeText("ActionClosePreparedStatementRequest", handle);
}
inline std::string EncodeEmpty(std::string_view type) { return PackAny(type, {}); }

inline std::string Encode(const GetTables& command) {
  std::string value;
  protozero::pbf_writer writer(value);
  if (command.catalog) writer.add_string(1, *command.catalog);
  if (command.schema_pattern) writer.add_string(2, *command.schema_pattern);
  if (command.table_pattern) writer.add_string(3, *command.table_pattern);
  for (const std::string& type : command.types) writer.add_string(4, type);
  if (command.include_schema) writer.add_bool(5, true);
  return PackAny("CommandGetTables", value);
}

inline std::string Encode(const GetDbSchemas& command) {
  std::string value;
  protozero::pbf_writer writer(value);
  if (command.catalog) writer.add_string(1, *command.catalog);
  if (command.schema_pattern) writer.add_string(2, *command.schema_pattern);
  return PackAny("CommandGetDbSchemas", value);
}

inline std::string Encode(const GetSqlInfo& command, bool packed = true) {
  std::string value;
  protozero::pbf_writer writer(value);
  if (packed) writer.add_packed_uint32(1, command.ids.begin(), command.ids.end());
  for (const uint32_t id : packed ? std::vector<uint32_t>() : command.ids) writer.add_uint32(1, id);
  return PackAny("CommandGetSqlInfo", value);
}

inline std::string Encode(const GetXdbcTypeInfo& command) {
  std::string value;
  if (command.data_type) protozero::pbf_writer(value).add_int32(1, *command.data_type);
  return PackAny("CommandGetXdbcTypeInfo", value);
}

struct CreatedStatement {
  std::string handle;
  std::string result_schema;
  std::string parameter_schema;
};

inline CreatedStatement ParseCreated(std::string_view any) {
  const AnyMessage message = UnpackAny(any).value();
  CreatedStatement created;
  protozero::pbf_reader reader(message.value);
  while (reader.next()) {
    std::string& out = reader.tag() == 1   ? created.handle
                       : reader.tag() == 2 ? created.result_schema
                                           : created.parameter_schema;
    out = reader.get_string();
  }
  return created;
}

}  // namespace k2i::server::flight
