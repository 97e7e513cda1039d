// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace k2i::server {

/// src/server/openapi.json, put into the program by CMake.
extern const std::string_view kOpenApi;

}  // namespace k2i::server
