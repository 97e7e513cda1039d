// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "net/http.h"

namespace k2i::net {

/// How long the server wants to be left alone (RFC 9110 section 10.2.3, seconds or a date), cut to five minutes;
/// nullopt without the header, or with one that cannot be read.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponse& response, int64_t now_ms);

}  // namespace k2i::net
