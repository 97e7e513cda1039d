// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "buffer/lookup.h"
#include "query/service.h"

namespace k2i::query {

/// Rows in memory as an answer of their own, in their order, without DuckDB. `pool` must outlive it. Errors: as
/// Answer::Next.
class RowsAnswer final : public Answer {
 public:
  static Result<std::unique_ptr<Answer>> Make(const buffer::View& view, const std::vector<buffer::RowHit>& hits,
                                              Pinned pinned, arrow::MemoryPool* pool);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<Pinned>& pinned() const override { return pinned_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { cancelled_ = true; }

 private:
  explicit RowsAnswer(Pinned pinned) : pinned_{std::move(pinned)} {}

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Pinned> pinned_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows_;
  size_t next_ = 0;
  std::atomic<bool> cancelled_{false};
};

}  // namespace k2i::query
