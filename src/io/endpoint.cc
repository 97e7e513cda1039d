// SPDX-License-Identifier: Apache-2.0
#include "io/endpoint.h"

namespace k2i::io {

Result<Endpoint> ParseEndpoint(std::string_view text) {
  for (const std::string_view scheme : {"http", "https"}) {
    const std::string prefix = std::string(scheme) + "://";
    if (!text.starts_with(prefix)) continue;
    std::string_view authority = text.substr(prefix.size());
    while (authority.ends_with('/')) authority.remove_suffix(1);
    if (authority.empty() || authority.find('/') != std::string_view::npos) break;
    return Endpoint{std::string(scheme), std::string(authority)};
  }
  return Fail(ErrorCode::kInvalidConfig,
              "storage endpoint '" + std::string(text) + "' is not of the form http(s)://host[:port]",
              Component::kStorage);
}

}  // namespace k2i::io
