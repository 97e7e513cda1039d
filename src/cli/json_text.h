// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace k2i::cli {

/// Names of files and what Kafka holds need not be UTF-8: what is not is replaced.
std::string JsonText(const nlohmann::ordered_json& json);

}  // namespace k2i::cli
