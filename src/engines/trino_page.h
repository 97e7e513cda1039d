// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engines/job.h"

namespace k2i::engines {

/// One answer of Trino's to a statement ("Trino client REST API", QueryResults).
struct TrinoPage {
  std::string query_id;
  std::string next_uri;  // empty: the last page
  EngineProgress progress;
  std::optional<Error> error;
};

/// Corruption for what is no such answer.
Result<TrinoPage> ParseTrinoPage(std::string_view json);

/// Trino's error as one of ours, by its name, else by its type: NotFound, NotSupported, PermissionDenied,
/// CommitConflict (safe to run again), InvalidConfig (kConfig: an age below Trino's own minimum), Cancelled,
/// ResourceExhausted, Unavailable, InvalidArgument, Internal.
Error TrinoError(std::string_view name, std::string_view type, const std::string& message);

}  // namespace k2i::engines
