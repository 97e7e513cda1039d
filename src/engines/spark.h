// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engines/job.h"

namespace k2i::engines {

/// What spark-sql prints: the answer to `SET spark.app.id`, then a table of the procedure's, tab-separated with a
/// header.
struct SparkAnswer {
  std::string app_id;                     // empty: it did not say
  std::map<std::string, int64_t> counts;  // by column, of an answer of one row; those that are numbers
  int64_t rows = 0;                       // of the procedure's table
};
/// Lines of another form are passed over: commands may print what they like around it.
SparkAnswer ParseSparkOutput(std::string_view out);

/// Runs `command` (argv) with `--conf spark.sql.cli.print.header=true -e "SET spark.app.id; <statement>"` behind it.
/// As RunChild; Internal, with the end of what it said, where it ends with another code than 0.
Result<SparkAnswer> RunSpark(const std::vector<std::string>& command, const std::string& statement, Clock& clock,
                             const OnEngineProgress& on_progress, std::stop_token stop);

}  // namespace k2i::engines
