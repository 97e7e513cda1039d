// SPDX-License-Identifier: Apache-2.0
//
// What a command asks for before it changes a table that a stream may be writing to.
#pragma once

#include <memory>

#include "base/error.h"
#include "config/config.h"
#include "txlog/log_storage.h"

namespace k2i::cli {

/// The transaction log, held; null where there is none. A process that runs would be fenced by the change, and stop
/// with an error of which nobody knows why: Unavailable where one holds the log.
Result<std::unique_ptr<txlog::PosixLogStorage>> LockLog(const config::Config& config);

/// Asks at the terminal, unless `yes`. Cancelled for no; InvalidArgument where there is no terminal to ask at.
Status Confirm(bool yes);

}  // namespace k2i::cli
