// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "query/admission.h"
#include "query/arrow_bridge.h"
#include "query/duck_catalog.h"
#include "query/service.h"
#include "query/watchdog.h"

namespace k2i::query {

/// A connection with one query on it. Members go in reverse order: the query before what it runs on.
struct SqlSession {
  SqlSession(Watchdog& watchdog, std::shared_ptr<DuckCatalog> catalog, DuckConnection connection,
             std::shared_ptr<RunningQuery> query, Deadline deadline);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  Watchdog& watchdog;
  std::shared_ptr<DuckCatalog> catalog;
  DuckConnection connection;
  std::shared_ptr<RunningQuery> query;
};

/// The rows of a statement, as DuckDB makes them.
class SqlAnswer final : public Answer {
 public:
  struct Parts {
    Admission::Slot slot;
    std::unique_ptr<SqlSession> session;
    DuckPrepared prepared;
    std::vector<Pinned> pinned;
    int64_t max_rows = 0;
    std::function<void(const RunningQuery&)> on_end;
  };
  /// Starts the statement at once when it has parameters, for its columns are not known before; else with the first
  /// Next, so that Cancel reaches it.
  static Result<std::unique_ptr<Answer>> Make(Parts parts);
  ~SqlAnswer() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<Pinned>& pinned() const override { return parts_.pinned; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override;

 private:
  explicit SqlAnswer(Parts parts) : parts_(std::move(parts)) {}
  Status Prepare();
  Status Start();
  Result<DuckChunk> Fetch();
  /// Why the query has stopped: our own reason, or what DuckDB says.
  Error Explain();
  std::unexpected<Error> TooManyRows() const;

  Parts parts_;
  DuckArrowOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<DuckResult> result_;  // null: not started
  int64_t rows_ = 0;
  bool cut_ = false;  // rows have been left out already
  bool ended_ = false;
  std::optional<Error> error_;
};

/// The columns a prepared statement gives, and its parameters.
Result<std::shared_ptr<arrow::Schema>> PreparedSchema(duckdb_arrow_options options, duckdb_prepared_statement prepared);
Result<std::shared_ptr<arrow::Schema>> ParameterSchema(duckdb_arrow_options options,
                                                       duckdb_prepared_statement prepared);

}  // namespace k2i::query
