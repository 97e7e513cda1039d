// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "verify/verify.h"

namespace k2i::verify {

/// For programs; docs/verify.md has its members.
std::string ReportJson(const Report& report);
/// For people: a line for each thing that was proven, then what was not checked, then what is wrong.
std::string ReportText(const Report& report);

}  // namespace k2i::verify
