// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/error.h"
#include "config/config.h"
#include "query/service.h"

namespace k2i::cli {

/// The tables of a configuration as their newest snapshots have them, without the rows that a running K2I still holds.
/// NotFound: there is no table yet. Errors of catalog and store.
Result<std::unique_ptr<query::Service>> OpenColdTables(const config::Config& config);

}  // namespace k2i::cli
