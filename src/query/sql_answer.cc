// SPDX-License-Identifier: Apache-2.0
#include "query/sql_answer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "datafile/arrow_status.h"

namespace k2i::query {

SqlSession::SqlSession(Watchdog& dog, std::shared_ptr<DuckCatalog> of, DuckConnection on,
                       std::shared_ptr<RunningQuery> running, Deadline deadline)
    : watchdog(dog), catalog(std::move(of)), connection(std::move(on)), query(std::move(running)) {
  catalog->Enter(ConnectionId(connection.get()), query);
  watchdog.Watch(query, deadline);
}

SqlSession::~SqlSession() {
  watchdog.Forget(query.get());
  catalog->Leave(ConnectionId(connection.get()));
}

namespace {

/// Types that follow from a parameter's value are not known before that is bound: null stands for them.
Result<std::shared_ptr<arrow::Field>> FieldOf(duckdb_arrow_options options, DuckType type, const std::string& name) {
  const auto id = type ? duckdb_get_type_id(type.get()) : DUCKDB_TYPE_INVALID;
  if (id == DUCKDB_TYPE_INVALID || id == DUCKDB_TYPE_ANY) return arrow::field(name, arrow::null());
  std::vector<DuckType> types;
  types.push_back(std::move(type));
  K2I_ASSIGN_OR_RETURN(const auto schema, ToArrowSchema(options, types, {name}));
  return schema->field(0);
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> PreparedSchema(duckdb_arrow_options options,
                                                      duckdb_prepared_statement prepared) {
  arrow::FieldVector fields;
  for (idx_t i = 0; i < duckdb_prepared_statement_column_count(prepared); ++i) {
    const char* name = duckdb_prepared_statement_column_name(prepared, i);
    const std::string text = name != nullptr ? name : "";
    duckdb_free(const_cast<char*>(name));
    DuckType type(duckdb_prepared_statement_column_logical_type(prepared, i));
    K2I_ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(options, std::move(type), text));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Schema>> ParameterSchema(duckdb_arrow_options options,
                                                       duckdb_prepared_statement prepared) {
  arrow::FieldVector fields;
  for (idx_t i = 1; i <= duckdb_nparams(prepared); ++i) {
    const char* name = duckdb_parameter_name(prepared, i);
    const std::string text = name != nullptr ? name : std::to_string(i);
    duckdb_free(const_cast<char*>(name));
    DuckType type(duckdb_param_logical_type(prepared, i));
    K2I_ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(options, std::move(type), text));
  }
  return arrow::schema(std::move(fields));
}

Result<std::unique_ptr<Answer>> SqlAnswer::Make(Parts parts) {
  std::unique_ptr<SqlAnswer> answer(new SqlAnswer(std::move(parts)));
  auto ready = datafile::CatchAll([&] { return answer->Prepare(); });
  if (!ready) return std::unexpected(std::move(ready).error());
  return answer;
}

SqlAnswer::~SqlAnswer() {
  // DuckDB's threads may be reading files; destroying the result waits for them.
  if (parts_.session != nullptr && !ended_) {
    parts_.session->query->Stop(Error{ErrorCode::kCancelled, "the answer was let go of"});
  }
  result_.reset();
  parts_.prepared.Reset();
  if (parts_.session != nullptr && parts_.on_end) parts_.on_end(*parts_.session->query);
}

Status SqlAnswer::Prepare() {
  duckdb_connection_get_arrow_options(parts_.session->connection.get(), options_.out());
  if (duckdb_nparams(parts_.prepared.get()) == 0) {
    K2I_ASSIGN_OR_RETURN(schema_, PreparedSchema(options_.get(), parts_.prepared.get()));
    return {};
  }
  K2I_RETURN_IF_ERROR(Start());
  std::vector<DuckType> types;
  std::vector<std::string> names;
  for (idx_t i = 0; i < duckdb_column_count(&result_->get()); ++i) {
    types.emplace_back(duckdb_column_logical_type(&result_->get(), i));
    names.emplace_back(duckdb_column_name(&result_->get(), i));
  }
  K2I_ASSIGN_OR_RETURN(schema_, ToArrowSchema(options_.get(), types, names));
  return {};
}

Error SqlAnswer::Explain() {
  if (auto reason = parts_.session->query->reason()) return *reason;
  const char* message = duckdb_result_error(&result_->get());
  return ToError(duckdb_result_error_type(&result_->get()), message != nullptr ? message : "the query has failed");
}

Status SqlAnswer::Start() {
  result_ = std::make_unique<DuckResult>();
  DuckPending pending;
  if (auto reason = parts_.session->query->reason()) return std::unexpected(*reason);
  if (duckdb_pending_prepared_streaming(parts_.prepared.get(), pending.out()) != DuckDBSuccess) {
    if (auto reason = parts_.session->query->reason()) return std::unexpected(*reason);
    return std::unexpected(UserError(duckdb_pending_error(pending.get())));
  }
  if (duckdb_execute_pending(pending.get(), &result_->get()) == DuckDBSuccess) return {};
  return std::unexpected(Explain());
}

Result<DuckChunk> SqlAnswer::Fetch() {
  if (auto reason = parts_.session->query->reason()) return std::unexpected(*reason);
  DuckChunk chunk(duckdb_fetch_chunk(result_->get()));
  if (!chunk && (duckdb_result_error(&result_->get()) != nullptr || parts_.session->query->stopped())) {
    return std::unexpected(Explain());
  }
  return chunk;
}

std::unexpected<Error> SqlAnswer::TooManyRows() const {
  return Fail(ErrorCode::kResourceExhausted, "the answer has more than " + std::to_string(parts_.max_rows) +
                                                 " rows, the most that are given: aggregate, or add a LIMIT");
}

Result<std::shared_ptr<arrow::RecordBatch>> SqlAnswer::Next() {
  if (error_) return std::unexpected(*error_);
  if (ended_) return nullptr;
  auto next = datafile::CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    if (result_ == nullptr) K2I_RETURN_IF_ERROR(Start());
    if (cut_) return TooManyRows();
    K2I_ASSIGN_OR_RETURN(DuckChunk chunk, Fetch());
    while (chunk && duckdb_data_chunk_get_size(chunk.get()) == 0) {
      K2I_ASSIGN_OR_RETURN(chunk, Fetch());
    }
    if (!chunk) return nullptr;
    const int64_t room = parts_.max_rows - rows_;
    if (room == 0) return TooManyRows();
    K2I_ASSIGN_OR_RETURN(auto rows, ToArrowBatch(options_.get(), chunk.get(), schema_));
    cut_ = rows->num_rows() > room;
    return rows->Slice(0, room);
  });
  if (!next) error_ = next.error();
  ended_ = !next || *next == nullptr;
  if (!ended_) rows_ += (*next)->num_rows();
  return next;
}

void SqlAnswer::Cancel() {
  parts_.session->watchdog.Stop(*parts_.session->query, Error{ErrorCode::kCancelled, "the query was cancelled"});
}

}  // namespace k2i::query
