// SPDX-License-Identifier: Apache-2.0
//
// Headers of a call that say how a query is to be run.
#pragma once

#include <arrow/flight/types.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

struct CallSettings {
  std::string wait_for;    // header wait-for, JSON {"events":{"0":123}}; "": none
  int64_t timeout_ms = 0;  // header timeout-ms; 0: none
};

/// InvalidArgument for a header that cannot be read.
Result<CallSettings> ReadHeaders(const arrow::flight::CallHeaders& headers);

/// InvalidArgument for text that is not of that shape, or for a negative offset.
Result<query::WaitFor> ParseWaitFor(const std::string& json);

/// Offsets of partitions as clients write them, {"events":{"0":123}}. `what` names them in the error.
Result<OffsetVector> ParseOffsets(const std::string& json, const std::string& what);

}  // namespace k2i::server::flight
