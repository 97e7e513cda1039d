// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/random.h"
#include "io/object_store.h"
#include "io/storage_options.h"

namespace k2i::io {

/// A store for all locations that a process meets: each goes to local disk, S3, GCS or Azure by its scheme. Each part
/// is made when the first location needs it (at once for the one that `type` names). InvalidConfig for options that
/// cannot be; locations of other schemes are answered with NotSupported, which names those that work.
Result<std::unique_ptr<ObjectStore>> MakeObjectStore(const StorageOptions& options);

/// Proves that K2I can work below `folder`: writes a small file there, reads it back and deletes it. The first error,
/// which says what the credentials lack where that is the reason.
Status CheckStorage(ObjectStore& store, std::string_view folder, Random& random);

}  // namespace k2i::io
