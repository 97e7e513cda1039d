// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace k2i::maintenance {

/// Calls `work` with each number below `count`, on up to `threads` threads; returns when all have ended. The first
/// error is the result, and no more work is begun after it.
inline Status ForEachInParallel(size_t count, size_t threads, const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  Status result;
  const auto run = [&] {
    for (size_t i = next++; i < count && !stopped; i = next++) {
      if (Status done = work(i); !done.has_value()) {
        std::lock_guard lock(mutex);
        if (result.has_value()) result = std::move(done);
        stopped = true;
      }
    }
  };
  std::vector<std::jthread> others;
  for (size_t i = 1; i < std::min(threads, count); ++i) others.emplace_back(run);
  run();
  others.clear();
  return result;
}

}  // namespace k2i::maintenance
