// SPDX-License-Identifier: Apache-2.0
#include "query/watchdog.h"

#include <algorithm>
#include <utility>

namespace k2i::query {
namespace {

constexpr std::chrono::milliseconds kAgain{10};

}  // namespace

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

void Watchdog::Watch(std::shared_ptr<RunningQuery> query, Deadline deadline) {
  std::lock_guard lock(mutex_);
  const RunningQuery* key = query.get();
  const bool sooner =
      std::ranges::all_of(watched_, [&](const auto& other) { return deadline < other.second.deadline; });
  watched_[key] = {std::move(query), deadline};
  if (sooner) woken_.notify_all();
}

void Watchdog::Forget(const RunningQuery* query) {
  std::lock_guard lock(mutex_);
  watched_.erase(query);
}

void Watchdog::Stop(RunningQuery& query, Error reason) {
  query.Stop(std::move(reason));
  std::lock_guard lock(mutex_);
  if (watched_.contains(&query)) duckdb_interrupt(query.connection());
  woken_.notify_all();
}

Deadline Watchdog::Look() {
  const Deadline now = std::chrono::steady_clock::now();
  Deadline next = now + std::chrono::hours(1);
  for (auto& [key, watched] : watched_) {
    if (!watched.query->stopped() && now >= watched.deadline) {
      watched.query->Stop(Error{ErrorCode::kTimeout, "the query has run out of time"});
    }
    if (watched.query->stopped()) duckdb_interrupt(watched.query->connection());
    next = std::min(next, watched.query->stopped() ? now + kAgain : watched.deadline);
  }
  return next;
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) woken_.wait_until(lock, Look());
}

}  // namespace k2i::query
