// SPDX-License-Identifier: Apache-2.0
#include "server/flight/statement_handle.h"

#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <random>

namespace k2i::server::flight {
namespace {

enum Field : uint32_t { kId = 1, kSql = 2, kPrepared = 3, kWaitFor = 4, kTimeoutMs = 5 };

void Read(protozero::pbf_reader& reader, StatementHandle& handle) {
  switch (reader.tag()) {
    case kId:
      handle.id = reader.get_string();
      break;
    case kSql:
      handle.sql = reader.get_string();
      break;
    case kPrepared:
      handle.prepared = reader.get_string();
      break;
    case kWaitFor:
      handle.wait_for = reader.get_string();
      break;
    case kTimeoutMs:
      handle.timeout_ms = reader.get_int64();
      break;
    default:
      reader.skip();
  }
}

/// protozero only asserts that a field is of the type it is read as.
bool IsOfItsType(const protozero::pbf_reader& reader) {
  const bool number = reader.tag() == kTimeoutMs;
  return reader.tag() > kTimeoutMs ||
         reader.wire_type() == (number ? protozero::pbf_wire_type::varint : protozero::pbf_wire_type::length_delimited);
}

}  // namespace

std::string Encode(const StatementHandle& handle) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_bytes(kId, handle.id);
  if (!handle.sql.empty()) writer.add_bytes(kSql, handle.sql);
  if (!handle.prepared.empty()) writer.add_bytes(kPrepared, handle.prepared);
  if (!handle.wait_for.empty()) writer.add_bytes(kWaitFor, handle.wait_for);
  if (handle.timeout_ms != 0) writer.add_int64(kTimeoutMs, handle.timeout_ms);
  return bytes;
}

Result<StatementHandle> ParseStatementHandle(std::string_view bytes) {
  StatementHandle handle;
  try {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) {
      if (!IsOfItsType(reader)) return Fail(ErrorCode::kInvalidArgument, "not a ticket of this server");
      Read(reader, handle);
    }
  } catch (const protozero::exception& error) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("not a ticket of this server: {}", error.what()));
  }
  if (handle.id.empty()) return Fail(ErrorCode::kInvalidArgument, "not a ticket of this server");
  return handle;
}

std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

}  // namespace k2i::server::flight
