// SPDX-License-Identifier: Apache-2.0
//
// JSON numbers (RFC 8259 §6) as the values of Iceberg's number types.
#pragma once

#include <cstdint>
#include <string_view>

#include "iceberg/model/literal.h"

namespace k2i::record {

/// Why a text is not a value of the type wanted, to follow the text in a sentence ("is not a number"); null: it is.
using Why = const char*;

bool IsJsonNumber(std::string_view text);

/// Numbers of integral value only: 1, 1.0 and 1e3, but not 1.5.
Why ParseInt64(std::string_view text, int64_t* out);
Why ParseInt32(std::string_view text, int32_t* out);
/// The nearest value; "does not fit" where that is infinite.
Why ParseDouble(std::string_view text, double* out);
Why ParseFloat(std::string_view text, float* out);
/// Exact: digits beyond `scale` must be zeros. `*out` is the unscaled value.
Why ParseDecimal(std::string_view text, int precision, int scale, iceberg::Decimal128::Rep* out);

}  // namespace k2i::record
