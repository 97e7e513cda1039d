// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "io/s3_client.h"

namespace k2i::io {

/// Keys of one request (DeleteObjects), by the API's own bound.
inline constexpr size_t kMostDeletedAtOnce = 1'000;

/// One object by a request of its own. One that is not there is a success.
Status DeleteOne(S3Client& client, const S3Place& place);

/// Objects of one bucket by one request, and another for those that the store asks to be tried again. The outcome of
/// each, in their order. NotSupported for all where the store has no such request.
/// REQUIRES: 1 to kMostDeletedAtOnce places, and keys that XML can hold.
std::vector<Status> DeleteAtOnce(S3Client& client, std::span<const S3Place> places);

}  // namespace k2i::io
