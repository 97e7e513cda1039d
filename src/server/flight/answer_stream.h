// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <memory>

#include "query/service.h"
#include "server/flight/running_streams.h"

namespace k2i::server::flight {

/// A batch on the wire. Clients refuse messages above a limit of theirs; 16 MiB is the smallest one met (ADBC).
inline constexpr int64_t kMaxBatchBytes = 4 << 20;

/// Sends the rows of `answer` under `schema`, which is that of the answer but for metadata, in batches of at most
/// kMaxBatchBytes (a row that is larger goes alone). `context` is that of the call, and gets the trailer of an error.
std::unique_ptr<arrow::flight::FlightDataStream> StreamAnswer(const arrow::flight::ServerCallContext& context,
                                                              std::unique_ptr<query::Answer> answer,
                                                              RunningStreams::Slot slot,
                                                              std::shared_ptr<arrow::Schema> schema);

/// Sends one batch.
Result<std::unique_ptr<arrow::flight::FlightDataStream>> StreamBatch(std::shared_ptr<arrow::RecordBatch> batch);

}  // namespace k2i::server::flight
