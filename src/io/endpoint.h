// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::io {

/// A service other than the cloud's own.
struct Endpoint {
  std::string scheme;     // "http" or "https"
  std::string authority;  // "host" or "host:port"
};

/// Of "http(s)://host[:port]"; InvalidConfig otherwise.
Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace k2i::io
