// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace k2i::iceberg {

/// What a call of GSSAPI has answered, as an error that says what to do. `from_keytab`: tickets come from one.
Error KerberosError(std::string_view what, uint32_t major, uint32_t minor, bool from_keytab);

}  // namespace k2i::iceberg
