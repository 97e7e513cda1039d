// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/table_text.h"

namespace k2i::cli {

/// An answer of K2I's API as people read it.
struct AnswerText {
  TextTable table;                  // cells are printable; null is NULL
  std::vector<std::string> pinned;  // "analytics.events at snapshot 7, events/0 below 124"
};

/// Reads the body of an Arrow stream. Corruption: it is none, or is cut short.
Result<AnswerText> ReadAnswer(std::string body);

}  // namespace k2i::cli
