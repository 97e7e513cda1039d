// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace k2i {

/// On one line. Names of files, keys of records and reasons of peers need not be UTF-8: what is not becomes U+FFFD, for
/// the library would throw. Two names, so that either can be called with {…}.
std::string JsonText(const nlohmann::json& json);
std::string OrderedJsonText(const nlohmann::ordered_json& json);

}  // namespace k2i
