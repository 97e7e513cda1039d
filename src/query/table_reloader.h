// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "buffer/view_maker.h"

namespace k2i::query {

/// Loads a table for queries, on a thread of its own: a slow catalog holds none of them up longer than they have time,
/// and those that ask at once share a load. Thread-safe.
class TableReloader {
 public:
  using Load = std::function<Result<buffer::CommittedTable>()>;

  explicit TableReloader(Load load) : load_(std::move(load)), thread_([this](std::stop_token stop) { Run(stop); }) {}

  /// The table as a load that begins from now on finds it. Timeout, Cancelled when `gone`; errors of the load.
  Result<buffer::CommittedTable> Newest(std::chrono::steady_clock::time_point deadline, std::stop_token gone);

 private:
  void Run(const std::stop_token& stop);

  const Load load_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int64_t wanted_ = 0;  // loads: numbered from 1
  int64_t begun_ = 0;
  int64_t done_ = 0;
  Result<buffer::CommittedTable> last_ = Fail(ErrorCode::kInternal, "no load has been done");
  std::jthread thread_;  // last: it uses the others
};

}  // namespace k2i::query
