// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "config/config.h"

namespace k2i::cli {

/// The main job: reads, commits and serves health and metrics until SIGTERM or SIGINT, or until an error that waiting
/// does not mend. A second signal gives up on the last commit.
Status RunIngest(const config::Config& config);

}  // namespace k2i::cli
