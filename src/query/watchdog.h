// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "query/running_query.h"

namespace k2i::query {

using Deadline = std::chrono::steady_clock::time_point;

/// Ends queries that have run out of time or are stopped. DuckDB forgets an interrupt that comes a moment too early, so
/// it is repeated until the query is gone. Thread-safe.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog();

  /// Watches `query` until Forget: stops it with Timeout at `deadline`.
  void Watch(std::shared_ptr<RunningQuery> query, Deadline deadline);
  /// After it the query's connection is not touched.
  void Forget(const RunningQuery* query);
  /// Stops a query that is watched.
  void Stop(RunningQuery& query, Error reason);

 private:
  struct Watched {
    std::shared_ptr<RunningQuery> query;
    Deadline deadline;
  };
  void Run();
  /// Interrupts what is due; when to look again.
  Deadline Look();

  std::mutex mutex_;
  std::condition_variable woken_;
  std::map<const RunningQuery*, Watched> watched_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace k2i::query
