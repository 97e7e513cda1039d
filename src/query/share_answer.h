// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "query/service.h"
#include "query/slice_rows.h"

namespace k2i::query {

/// The hot and retained rows of a view, for another process' query: see TailRequest::share. `pool` must outlive it.
class ShareAnswer final : public Answer {
 public:
  /// `pinned` is the view's; its share is filled in. InvalidArgument for a key that the view cannot be asked for.
  static Result<std::unique_ptr<Answer>> Make(const buffer::ViewPtr& view, Pinned pinned, const TailRequest& request,
                                              arrow::MemoryPool* pool);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<Pinned>& pinned() const override { return pinned_; }
  /// Neighbouring slices' rows come together, for sealing makes them small.
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  void Cancel() override { cancelled_ = true; }

 private:
  ShareAnswer(buffer::ViewPtr view, arrow::MemoryPool* pool) : view_(std::move(view)), pool_(pool) {}

  buffer::ViewPtr view_;
  arrow::MemoryPool* pool_;
  std::vector<Pinned> pinned_;
  std::shared_ptr<arrow::Schema> schema_;
  SliceReader rows_of_;
  std::deque<RowsOfSlice> queue_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace k2i::query
