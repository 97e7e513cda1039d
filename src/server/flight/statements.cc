// SPDX-License-Identifier: Apache-2.0
#include "server/flight/statements.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include "server/flight/answer_stream.h"
#include "server/flight/flight_status.h"
#include "server/flight/pin_metadata.h"

namespace k2i::server::flight {
namespace {

constexpr size_t kMaxSqlBytes = 1 << 20;
constexpr int64_t kMaxParameterBytes = 1 << 20;

Status CheckSize(const std::string& sql) {
  if (sql.size() <= kMaxSqlBytes) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("the statement has {} bytes; {} is the limit", sql.size(), kMaxSqlBytes));
}

/// JDBC binds values by the schema it is told, and nothing but null to a null: a parameter that may be of any type is
/// shown as text, which SQL casts to what it needs.
std::shared_ptr<arrow::Schema> ForDrivers(const arrow::Schema& parameters) {
  arrow::FieldVector fields;
  for (const auto& field : parameters.fields()) {
    const bool any = field->type()->id() == arrow::Type::NA;
    fields.push_back(any ? field->WithType(arrow::utf8()) : field);
  }
  return arrow::schema(fields);
}

Result<std::string> IpcMessage(const arrow::Schema& schema) {
  FLIGHT_ASSIGN_OR_RETURN(const auto bytes, arrow::ipc::SerializeSchema(schema));
  return bytes->ToString();
}

Result<std::vector<std::shared_ptr<arrow::Scalar>>> FirstRow(const arrow::RecordBatch& batch) {
  FLIGHT_ASSIGN_OR_RETURN(const int64_t bytes, arrow::util::ReferencedBufferSize(batch));
  if (bytes > kMaxParameterBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the parameters have {} bytes; {} is the limit", bytes, kMaxParameterBytes));
  }
  std::vector<std::shared_ptr<arrow::Scalar>> values;
  for (const auto& column : batch.columns()) {
    FLIGHT_ASSIGN_OR_RETURN(values.emplace_back(), column->GetScalar(0));
  }
  return values;
}

std::string MakeTicket(StatementHandle handle, const CallSettings& settings) {
  handle.id = RandomId();
  handle.wait_for = settings.wait_for;
  handle.timeout_ms = settings.timeout_ms;
  return EncodeStatementTicket(Encode(handle));
}

}  // namespace

Statements::Statements(query::Service& service, PreparedStatements& prepared, RunningStreams& running)
    : service_(service), prepared_(prepared), running_(running) {}

Result<std::shared_ptr<arrow::Schema>> Statements::Schema(const StatementQuery& statement) {
  K2I_RETURN_IF_ERROR(CheckSize(statement.query));
  K2I_ASSIGN_OR_RETURN(const query::Description description, service_.Describe(statement.query));
  return description.result;
}

Result<std::shared_ptr<arrow::Schema>> Statements::Schema(const PreparedStatementQuery& statement) {
  K2I_ASSIGN_OR_RETURN(const PreparedStatement found, prepared_.Find(statement.handle));
  return found.description.result;
}

std::string Statements::Ticket(const StatementQuery& statement, const CallSettings& settings) {
  return MakeTicket({.sql = statement.query}, settings);
}

std::string Statements::Ticket(const PreparedStatementQuery& statement, const CallSettings& settings) {
  return MakeTicket({.prepared = statement.handle}, settings);
}

Result<query::SqlRequest> Statements::Request(const StatementHandle& handle, const CallSettings& settings) {
  query::SqlRequest request{.sql = handle.sql};
  if (!handle.prepared.empty()) {
    K2I_ASSIGN_OR_RETURN(PreparedStatement statement, prepared_.Find(handle.prepared));
    const auto wanted = static_cast<size_t>(statement.description.parameters->num_fields());
    if (statement.parameters.size() != wanted) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the statement has {} parameters, and none are bound", wanted));
    }
    request.sql = std::move(statement.sql);
    request.parameters = std::move(statement.parameters);
  }
  K2I_RETURN_IF_ERROR(CheckSize(request.sql));
  const std::string& wait_for = settings.wait_for.empty() ? handle.wait_for : settings.wait_for;
  if (!wait_for.empty()) {
    K2I_ASSIGN_OR_RETURN(request.wait_for, ParseWaitFor(wait_for));
  }
  const int64_t timeout_ms = settings.timeout_ms != 0 ? settings.timeout_ms : handle.timeout_ms;
  constexpr int64_t kMaxTimeoutMs = int64_t{365} * 24 * 3600 * 1000;  // nanoseconds would overflow
  request.timeout = std::chrono::milliseconds(std::clamp<int64_t>(timeout_ms, 0, kMaxTimeoutMs));
  return request;
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> Statements::Open(
    const StatementTicket& ticket, const CallSettings& settings, const arrow::flight::ServerCallContext& context) {
  K2I_ASSIGN_OR_RETURN(const StatementHandle handle, ParseStatementHandle(ticket.handle));
  K2I_ASSIGN_OR_RETURN(query::SqlRequest request, Request(handle, settings));
  K2I_ASSIGN_OR_RETURN(RunningStreams::Slot slot,
                       running_.Enter(handle.id, [call = &context] { return call->is_cancelled(); }));
  request.gone = slot.gone();
  K2I_ASSIGN_OR_RETURN(std::unique_ptr<query::Answer> answer, service_.Query(request));
  K2I_RETURN_IF_ERROR(slot.Attach(*answer));
  auto schema = WithPins(answer->schema(), answer->pinned());
  return StreamAnswer(context, std::move(answer), std::move(slot), std::move(schema));
}

Result<std::string> Statements::Prepare(const StatementQuery& statement) {
  K2I_RETURN_IF_ERROR(CheckSize(statement.query));
  K2I_ASSIGN_OR_RETURN(query::Description description, service_.Describe(statement.query));
  K2I_ASSIGN_OR_RETURN(const std::string result, IpcMessage(*description.result));
  const auto parameters = ForDrivers(*description.parameters);
  std::string parameter_schema;
  if (parameters->num_fields() > 0) {
    K2I_ASSIGN_OR_RETURN(parameter_schema, IpcMessage(*parameters));
  }
  K2I_ASSIGN_OR_RETURN(const std::string handle, prepared_.Add(statement.query, std::move(description)));
  return EncodePreparedStatement(handle, result, parameter_schema);
}

Status Statements::Bind(const PreparedStatementQuery& statement, arrow::flight::FlightMessageReader& reader) {
  std::shared_ptr<arrow::RecordBatch> row;
  while (true) {
    FLIGHT_ASSIGN_OR_RETURN(const arrow::flight::FlightStreamChunk chunk, reader.Next());
    if (chunk.data == nullptr && chunk.app_metadata == nullptr) break;
    if (chunk.data == nullptr || chunk.data->num_rows() == 0) continue;
    if (row != nullptr || chunk.data->num_rows() > 1) {
      return Fail(ErrorCode::kNotSupported, "a query takes one row of parameters at a time");
    }
    row = chunk.data;
  }
  if (row == nullptr) return prepared_.Bind(statement.handle, {});
  K2I_ASSIGN_OR_RETURN(auto values, FirstRow(*row));
  return prepared_.Bind(statement.handle, std::move(values));
}

void Statements::Close(const PreparedStatementQuery& statement) { prepared_.Close(statement.handle); }

}  // namespace k2i::server::flight
