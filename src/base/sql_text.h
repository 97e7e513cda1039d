// SPDX-License-Identifier: Apache-2.0
//
// Names and texts within SQL statements.
#pragma once

#include <string>
#include <string_view>

namespace k2i {

/// Between two of `quote`, those in the text doubled: a name, or a text of standard SQL.
std::string SqlQuoted(std::string_view text, char quote);
/// A text of Spark SQL, where a backslash escapes, and ${…} would be replaced before anything is read.
std::string SparkSqlText(std::string_view text);

}  // namespace k2i
