// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <nlohmann/json.hpp>

namespace k2i {
namespace {

template <typename Json>
std::string Text(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace

std::string JsonText(const nlohmann::json& json) { return Text(json); }
std::string OrderedJsonText(const nlohmann::ordered_json& json) { return Text(json); }

}  // namespace k2i
