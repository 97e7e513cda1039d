// SPDX-License-Identifier: Apache-2.0
#include "query/table_reloader.h"

#include <algorithm>
#include <utility>

namespace k2i::query {

Result<buffer::CommittedTable> TableReloader::Newest(std::chrono::steady_clock::time_point deadline,
                                                     std::stop_token gone) {
  std::unique_lock lock(mutex_);
  const int64_t mine = begun_ + 1;
  wanted_ = std::max(wanted_, mine);
  changed_.notify_all();
  if (changed_.wait_until(lock, gone, deadline, [&] { return done_ >= mine; })) return last_;
  if (gone.stop_requested()) return Fail(ErrorCode::kCancelled, "the query was cancelled");
  return Fail(ErrorCode::kTimeout, "the catalog did not give the table in time");
}

void TableReloader::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return wanted_ > begun_; })) {
    const int64_t number = ++begun_;
    lock.unlock();
    auto loaded = load_();
    lock.lock();
    last_ = std::move(loaded);
    done_ = number;
    changed_.notify_all();
  }
}

}  // namespace k2i::query
