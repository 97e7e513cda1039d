// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

/// The queries whose streams are open. A query that waits for rows does not notice that its client has left, and gRPC
/// tells nobody: so a thread of this class asks each call, and cancels the queries of those that are gone. It also ends
/// a query that another call cancels, and all of them when the server stops. Thread-safe.
class RunningStreams {
 public:
  explicit RunningStreams(size_t limit);
  ~RunningStreams();

  class Slot;

  /// A place for the query `id`, before it is started. `gone` says whether its client has left; it is called on another
  /// thread, until the slot is destroyed. ResourceExhausted when `limit` streams are open; Cancelled when `id` was
  /// cancelled before it began, or the server stops.
  Result<Slot> Enter(const std::string& id, std::function<bool()> gone);
  /// Ends the query, under way or to come.
  void Cancel(const std::string& id);
  /// Ends all, and lets none in any more.
  void Stop();
  size_t size() const;

 private:
  struct Entry {
    std::string id;
    std::function<bool()> gone;
    query::Answer* answer = nullptr;  // null until it is attached
    bool cancelled = false;
    std::stop_source stop = {};  // asked when cancelled, for what goes on before there is an answer

    void Cancel();
  };
  using Place = std::list<Entry>::iterator;

  void Leave(Place place);
  Status Attach(Place place, query::Answer& answer);
  void Watch(std::stop_token stop);
  bool WasCancelledLocked(const std::string& id) const;

  const size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Entry> entries_;
  std::deque<std::string> cancelled_;  // ids of queries that had no stream when they were cancelled
  bool stopped_ = false;
  std::jthread watcher_;  // last: it uses the others
};

/// Leaves when it is destroyed, which must be before its answer and its call are.
class RunningStreams::Slot {
 public:
  Slot(RunningStreams& streams, Place place) : streams_(&streams), place_(place) {}
  Slot(Slot&& other) noexcept : streams_(std::exchange(other.streams_, nullptr)), place_(other.place_) {}
  Slot& operator=(Slot&&) = delete;
  ~Slot() {
    if (streams_ != nullptr) streams_->Leave(place_);
  }
  /// From now on a cancel reaches `answer`. Cancelled when there was one meanwhile.
  Status Attach(query::Answer& answer) { return streams_->Attach(place_, answer); }
  /// Asked to stop when the query is cancelled. What it calls back must not enter or leave.
  std::stop_token gone() const { return place_->stop.get_token(); }

 private:
  RunningStreams* streams_;
  Place place_;
};

}  // namespace k2i::server::flight
