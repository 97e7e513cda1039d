// SPDX-License-Identifier: Apache-2.0
//
// google.protobuf.Any as Flight SQL uses it: a message of arrow.flight.protocol.sql, its name beside its bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::server::flight {

struct AnyMessage {
  std::string type;  // "CommandStatementQuery": without the package
  std::string value;
};

std::string PackAny(std::string_view type, std::string_view value);

/// InvalidArgument for bytes that are no Any of Flight SQL.
Result<AnyMessage> UnpackAny(std::string_view bytes);

}  // namespace k2i::server::flight
