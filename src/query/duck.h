// SPDX-License-Identifier: Apache-2.0
//
// DuckDB's C API with owners for its handles, and its errors as ours. Only this folder knows DuckDB.
#pragma once

#include <duckdb.h>

#include <string>
#include <utility>

#include "base/error.h"

namespace k2i::query {

/// Owns a handle that `Destroy` takes by its address.
template <typename Handle, auto Destroy>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      Reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Owned() { Reset(); }
  void Reset() {
    if (handle_ != nullptr) Destroy(&handle_);
    handle_ = nullptr;
  }
  Handle get() const { return handle_; }
  /// For functions that fill in a handle.
  Handle* out() {
    Reset();
    return &handle_;
  }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Handle handle_ = nullptr;
};

using DuckDatabase = Owned<duckdb_database, duckdb_close>;
using DuckConnection = Owned<duckdb_connection, duckdb_disconnect>;
using DuckConfig = Owned<duckdb_config, duckdb_destroy_config>;
using DuckPrepared = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using DuckPending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using DuckChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using DuckValue = Owned<duckdb_value, duckdb_destroy_value>;
using DuckErrorData = Owned<duckdb_error_data, duckdb_destroy_error_data>;
using DuckArrowOptions = Owned<duckdb_arrow_options, duckdb_destroy_arrow_options>;
using DuckArrowSchema = Owned<duckdb_arrow_converted_schema, duckdb_destroy_arrow_converted_schema>;
using DuckSelection =
    Owned<duckdb_selection_vector, [](duckdb_selection_vector* rows) { duckdb_destroy_selection_vector(*rows); }>;
using DuckTableFunction = Owned<duckdb_table_function, duckdb_destroy_table_function>;

/// A query's result; destroyed with it.
class DuckResult {
 public:
  DuckResult() = default;
  ~DuckResult() { duckdb_destroy_result(&result_); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  duckdb_result& get() { return result_; }

 private:
  duckdb_result result_{};
};

/// What DuckDB's kind of error means to our caller.
Error ToError(duckdb_error_type type, std::string message);
/// An error of a call that gives its text alone: those of parsing, binding and binding of parameters.
Error UserError(const char* message);
/// The error in `data`, if there is one.
Status ToStatus(duckdb_error_data data);

/// "name" with quotes doubled, whatever is in it.
std::string QuotedName(const std::string& name);
/// Runs a statement of our own and drops what it returns.
Status Execute(duckdb_connection connection, const std::string& sql);
idx_t ConnectionId(duckdb_connection connection);

}  // namespace k2i::query
