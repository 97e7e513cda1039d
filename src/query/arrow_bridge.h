// SPDX-License-Identifier: Apache-2.0
//
// Columns between Arrow and DuckDB, by the C data interface: buffers are shared where the layouts agree.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "iceberg/model/schema.h"
#include "query/duck.h"

namespace k2i::query {

/// The dictionary that a column's values were last indexes into, as DuckDB has it. One thread.
struct KnownDictionary {
  std::shared_ptr<arrow::Array> values;
  DuckChunk shown;  // the values, and a null after them
};

/// How one column of a table enters DuckDB. Immutable; any thread.
class ColumnBridge {
 public:
  /// `connection` only lends its settings. NotSupported for a type that DuckDB or Arrow does not have.
  static Result<ColumnBridge> Make(duckdb_connection connection, const iceberg::NestedField& field);

  /// Makes `vector` show `values`, which are at most duckdb_vector_size() many of ToArrowType(field.type), or of
  /// dictionary(int32, that) with valid indexes, which DuckDB gets as a dictionary. The buffers stay alive as long as
  /// DuckDB has them.
  Status Show(duckdb_connection connection, const std::shared_ptr<arrow::Array>& values, KnownDictionary& known,
              duckdb_vector vector) const;
  duckdb_logical_type type() const { return type_.get(); }

 private:
  Result<DuckChunk> Convert(duckdb_connection connection, const std::shared_ptr<arrow::Array>& values) const;
  Status Learn(duckdb_connection connection, const std::shared_ptr<arrow::Array>& dictionary,
               KnownDictionary& known) const;
  Status ShowDictionary(duckdb_connection connection, const arrow::DictionaryArray& values, KnownDictionary& known,
                        duckdb_vector vector) const;

  std::shared_ptr<arrow::Schema> schema_;  // of this column alone
  DuckArrowSchema converted_;
  DuckType type_;
};

/// The Arrow schema of columns that DuckDB gives. Names may repeat.
Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(duckdb_arrow_options options, std::span<const DuckType> types,
                                                     const std::vector<std::string>& names);
/// A chunk of such columns; it copies.
Result<std::shared_ptr<arrow::RecordBatch>> ToArrowBatch(duckdb_arrow_options options, duckdb_data_chunk chunk,
                                                         const std::shared_ptr<arrow::Schema>& schema);

}  // namespace k2i::query
