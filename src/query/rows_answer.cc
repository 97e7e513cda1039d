// SPDX-License-Identifier: Apache-2.0
#include "query/rows_answer.h"

#include <arrow/record_batch.h>

#include "datafile/file_schema.h"
#include "iceberg/model/table_metadata.h"
#include "query/slice_rows.h"

namespace k2i::query {

Result<std::unique_ptr<Answer>> RowsAnswer::Make(const buffer::View& view, const std::vector<buffer::RowHit>& hits,
                                                 Pinned pinned, arrow::MemoryPool* pool) {
  const auto& columns = view.table->current_schema();
  std::unique_ptr<RowsAnswer> answer(new RowsAnswer(std::move(pinned)));
  K2I_ASSIGN_OR_RETURN(answer->schema_, datafile::ToFileSchema(columns));
  SliceReader reader(columns, answer->schema_, pool);
  for (const auto& hit : hits) {
    K2I_ASSIGN_OR_RETURN(auto row, reader.Read(hit.slice->rows->Slice(hit.row, 1)));
    answer->rows_.push_back(std::move(row));
  }
  return answer;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowsAnswer::Next() {
  if (cancelled_) return Fail(ErrorCode::kCancelled, "the look-up was cancelled");
  return next_ < rows_.size() ? rows_[next_++] : nullptr;
}

}  // namespace k2i::query
