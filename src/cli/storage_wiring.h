// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "io/storage_options.h"

namespace k2i::cli {

/// [storage] as options of the stores. InvalidConfig for a key that is none.
Result<io::StorageOptions> MakeStorageOptions(const config::Config& config);

}  // namespace k2i::cli
