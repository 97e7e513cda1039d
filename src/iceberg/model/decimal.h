// SPDX-License-Identifier: Apache-2.0
//
// The forms a decimal takes in the format: big-endian bytes (bounds, hashes) and text (partition paths, defaults).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "iceberg/model/literal.h"

namespace k2i::iceberg {

/// The fewest bytes of big-endian two's complement that hold `value`; at least one.
std::string DecimalToBytes(Decimal128 value);
/// nullopt unless 1 to 16 bytes.
std::optional<Decimal128> DecimalFromBytes(std::string_view bytes);

/// "-14.20"
std::string DecimalToPlainText(Decimal128 value, int scale);
/// As Java's BigDecimal.toString, which changes to "1.5E-10" for small numbers of large scale.
std::string DecimalToText(Decimal128 value, int scale);
/// Plain text with exactly `scale` digits after the point, of at most `precision` digits; nullopt otherwise.
std::optional<Decimal128> DecimalFromPlainText(std::string_view text, int precision, int scale);

}  // namespace k2i::iceberg
