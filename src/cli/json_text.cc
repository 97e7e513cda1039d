// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.h"

#include <nlohmann/json.hpp>

namespace k2i::cli {

std::string JsonText(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace k2i::cli
