// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engines/job.h"

namespace k2i::engines {

/// A call of one of Iceberg's Spark procedures. `catalog`: as Spark's configuration names it.
std::string SparkStatement(const Job& job, const std::string& catalog);

/// "ALTER TABLE … EXECUTE …". Ages are counted from `now_ms`, and a minute is added to them: Trino counts from its own
/// clock, and must not come to a later time than is meant. NotSupported for what Trino's procedures do not take.
Result<std::string> TrinoStatement(const Job& job, const std::string& catalog, int64_t now_ms);

}  // namespace k2i::engines
