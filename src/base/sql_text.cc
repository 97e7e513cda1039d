// SPDX-License-Identifier: Apache-2.0
#include "base/sql_text.h"

namespace k2i {

std::string SqlQuoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

std::string SparkSqlText(std::string_view text) {
  std::string escaped = "'";
  for (const char c : text) {
    if (c == '$') {
      escaped += "\\u0024";
      continue;
    }
    if (c == '\'' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped + "'";
}

}  // namespace k2i
