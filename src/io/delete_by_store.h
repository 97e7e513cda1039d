// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "io/object_store.h"

namespace k2i::io {

/// DeleteMany of whichever store each location has: `store_of` is asked for the store of location number `i`, and its
/// error is that location's outcome.
std::vector<Status> DeleteByStore(std::span<const std::string> locations,
                                  const std::function<Result<ObjectStore*>(size_t i)>& store_of);

}  // namespace k2i::io
