// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_fit.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>
#include <vector>

#include "iceberg/model/arrow_schema.h"

namespace k2i::ingest {

Result<std::shared_ptr<arrow::RecordBatch>> FitLetters(const arrow::RecordBatch& rows, const iceberg::Schema& table,
                                                       arrow::MemoryPool& pool) {
  K2I_ASSIGN_OR_RETURN(auto schema, iceberg::ToArrowSchema(table));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : schema->fields()) {
    auto column = rows.GetColumnByName(field->name());
    if (column == nullptr) {
      auto nulls = arrow::MakeArrayOfNull(field->type(), rows.num_rows(), &pool);
      if (!nulls.ok()) return Fail(ErrorCode::kResourceExhausted, "dead letters: " + nulls.status().ToString());
      column = *nulls;
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(std::move(schema), rows.num_rows(), std::move(columns));
}

}  // namespace k2i::ingest
