// SPDX-License-Identifier: Apache-2.0
//
// Values as text: pieces of partition paths and of JSON defaults that have one form of their own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "iceberg/model/literal.h"

namespace k2i::iceberg {

/// As Java's Double.toString and Float.toString print: "1.0", "1.5E10", "NaN".
std::string FloatingText(double value);
std::string FloatingText(float value);
/// "f79c3e09-677c-4bbd-a479-3f349cb785e7"
std::string UuidText(const UuidBytes& uuid);
std::optional<UuidBytes> ParseUuid(std::string_view text);
/// Upper-case hexadecimal digits, two a byte.
std::string Hex(std::string_view bytes);
std::optional<std::string> ParseHex(std::string_view text);

}  // namespace k2i::iceberg
