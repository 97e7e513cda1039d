// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ingest/flusher.h"
#include "ingest/recovery.h"

namespace k2i::ingest {

/// Carries out what PlanRecovery says about one table's open flushes. `committed`: the table's boundary. Errors of the
/// log.
Status ResolveLeftovers(Flusher& flusher, txlog::Log& log, const txlog::RecoveryState& recovered,
                        const std::string& table_name, const iceberg::TableMetadata& table,
                        const progress::Progress& committed);

}  // namespace k2i::ingest
