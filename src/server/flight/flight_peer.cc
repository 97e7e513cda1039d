// SPDX-License-Identifier: Apache-2.0
#include "server/flight/flight_peer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>

#include "server/flight/flight_status.h"
#include "server/flight/pin_metadata.h"
#include "server/flight/share_metadata.h"
#include "server/flight/tail_ticket.h"

namespace k2i::server::flight {
namespace {

namespace rpc = arrow::flight;

/// One message at most: batches are smaller (kMaxBatchBytes) unless one row is larger.
constexpr int kMaxMessageBytes = 128 << 20;
/// Of what a peer says of itself in an error, which goes into answers.
constexpr size_t kMaxReason = 300;

/// An error of the call, by Flight's code; the text is the library's or the peer's.
Error FromCall(const arrow::Status& status) {
  std::string text = status.message().substr(0, status.message().find(". gRPC client debug context"));
  if (text.size() > kMaxReason) text = text.substr(0, kMaxReason) + "…";
  const auto detail = rpc::FlightStatusDetail::UnwrapStatus(status);
  const auto code = detail != nullptr ? detail->code() : rpc::FlightStatusCode::Internal;
  switch (code) {
    case rpc::FlightStatusCode::TimedOut:
      return {ErrorCode::kTimeout, "it has not answered in time"};
    case rpc::FlightStatusCode::Unavailable:
      return {ErrorCode::kUnavailable, text};
    case rpc::FlightStatusCode::Cancelled:
      return {ErrorCode::kCancelled, text};
    default:
      return {status.IsKeyError() ? ErrorCode::kNotFound : ErrorCode::kInternal, text};
  }
}

#define CALL_ASSIGN_OR_RETURN(lhs, expr) CALL_ASSIGN_OR_RETURN_INNER(K2I_CONCAT(call_result_, __LINE__), lhs, expr)
#define CALL_ASSIGN_OR_RETURN_INNER(result, lhs, expr)                          \
  auto result = (expr);                                                         \
  if (!result.ok()) return std::unexpected<Error>(FromCall((result).status())); \
  lhs = std::move(result).ValueUnsafe()

/// What the peer says of the rows to come.
Result<query::Share> ShareOf(const arrow::Schema& schema) {
  if (!schema.HasMetadata() || !schema.metadata()->Contains(kShareKey)) {
    return Fail(ErrorCode::kCorruption, "it does not say what it shares: it is no k2i, or an older one");
  }
  return ParseShare(schema.metadata()->Get(kShareKey).ValueOrDie());
}

Result<query::PeerRows> ReadRows(rpc::FlightStreamReader& reader, const query::PeerRequest& request) {
  query::PeerRows rows;
  CALL_ASSIGN_OR_RETURN(rows.schema, reader.GetSchema());
  K2I_ASSIGN_OR_RETURN(rows.share, ShareOf(*rows.schema));
  while (true) {
    CALL_ASSIGN_OR_RETURN(rpc::FlightStreamChunk chunk, reader.Next());
    if (chunk.data == nullptr && chunk.app_metadata == nullptr) return rows;
    if (chunk.data == nullptr || chunk.data->num_rows() == 0) continue;
    FLIGHT_ASSIGN_OR_RETURN(const int64_t bytes, arrow::util::ReferencedBufferSize(*chunk.data));
    K2I_RETURN_IF_ERROR(request.memory->Take(bytes));
    if (const auto valid = chunk.data->ValidateFull(); !valid.ok()) {
      return Fail(ErrorCode::kCorruption, "it has sent bytes that are no rows: " + valid.message());
    }
    rows.batches.push_back(std::move(chunk.data));
  }
}

std::string TicketOf(const query::PeerRequest& request) {
  return ToJson(query::TailRequest{.table = request.table,
                                   .from = request.from,
                                   .share = true,
                                   .without = request.without,
                                   .key = request.key,
                                   .position = request.position});
}

}  // namespace

Result<std::shared_ptr<rpc::FlightClient>> FlightPeer::Client() {
  const std::lock_guard lock(mutex_);
  if (client_ != nullptr) return client_;
  FLIGHT_ASSIGN_OR_RETURN(const rpc::Location location, rpc::Location::Parse(uri_));
  auto options = rpc::FlightClientOptions::Defaults();
  // A peer that comes back is to be found soon, and one that cannot be reached is not to hold up every call.
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_);
  options.generic_options = {{"grpc.initial_reconnect_backoff_ms", 100},
                             {"grpc.max_reconnect_backoff_ms", 1000},
                             {"grpc.min_reconnect_backoff_ms", static_cast<int>(patience.count())},
                             {"grpc.max_receive_message_length", kMaxMessageBytes}};
  FLIGHT_ASSIGN_OR_RETURN(client_, rpc::FlightClient::Connect(location, options));
  return client_;
}

Result<query::PeerRows> FlightPeer::Fetch(const query::PeerRequest& request) {
  K2I_ASSIGN_OR_RETURN(const auto client, Client());
  rpc::FlightCallOptions options;
  options.timeout = std::max(rpc::TimeoutDuration(request.deadline - std::chrono::steady_clock::now()),
                             rpc::TimeoutDuration(std::chrono::milliseconds(1)));
  // Comes back with the schema. Until then the call cannot be cancelled, only run out of time.
  CALL_ASSIGN_OR_RETURN(const auto reader, client->DoGet(options, rpc::Ticket{TicketOf(request)}));
  const std::stop_callback cancel(request.gone, [&] { reader->Cancel(); });
  auto rows = ReadRows(*reader, request);
  // An end before the stream's is ours: the rest is not waited for.
  if (!rows) reader->Cancel();
  return rows;
}

}  // namespace k2i::server::flight
