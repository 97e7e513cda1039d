// SPDX-License-Identifier: Apache-2.0
//
// A condition on the rows of one table as a means to choose its files, for work on files rather than an answer.
#pragma once

#include <string>

#include "iceberg/model/data_file.h"
#include "iceberg/model/table_metadata.h"
#include "query/condition.h"
#include "query/condition_sql.h"
#include "query/predicate.h"

namespace k2i::query {

/// Unlike a query's WHERE, of which what cannot be used is left to DuckDB, each part of it must be of use. Immutable.
class FileCondition {
 public:
  /// `text` as it would stand behind WHERE: comparisons of a column with a constant, BETWEEN, IN, IS NULL and
  /// IS NOT NULL, joined by AND and OR. InvalidArgument for anything else, with what DuckDB's parser says of it.
  static Result<FileCondition> Parse(const std::string& text);

  /// In the columns of `schema`. InvalidArgument for a column that is not there, and a constant that is none of its.
  Result<Predicate> In(const iceberg::Schema& schema) const;

  /// In another engine's words, with the errors of In. It chooses rows, where In chooses files that may have some.
  Result<std::string> ToSql(const iceberg::Schema& schema, SqlDialect dialect) const;

 private:
  explicit FileCondition(Condition condition) : condition_(std::move(condition)) {}

  Condition condition_;
};

/// True when some row of `file` may meet the predicate, as MayMatchFile; a file of a spec that `table` does not have
/// may have any.
bool MayHaveRows(const Predicate& predicate, const iceberg::DataFile& file, const iceberg::TableMetadata& table);

}  // namespace k2i::query
