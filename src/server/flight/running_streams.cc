// SPDX-License-Identifier: Apache-2.0
#include "server/flight/running_streams.h"

#include <fmt/format.h>

#include <algorithm>

namespace k2i::server::flight {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(20);
constexpr size_t kCancelledKept = 1024;

std::unexpected<Error> Cancelled() { return Fail(ErrorCode::kCancelled, "the query was cancelled"); }

}  // namespace

RunningStreams::RunningStreams(size_t limit)
    : limit_(limit), watcher_([this](std::stop_token stop) { Watch(std::move(stop)); }) {}

RunningStreams::~RunningStreams() { Stop(); }

void RunningStreams::Entry::Cancel() {
  cancelled = true;
  stop.request_stop();
  if (answer != nullptr) answer->Cancel();
}

Result<RunningStreams::Slot> RunningStreams::Enter(const std::string& id, std::function<bool()> gone) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Fail(ErrorCode::kCancelled, "the server is stopping");
  if (WasCancelledLocked(id)) return Cancelled();
  if (entries_.size() >= limit_) {
    return Fail(ErrorCode::kResourceExhausted, fmt::format("{} streams are open, which is the limit", limit_));
  }
  const Place place = entries_.insert(entries_.end(), Entry{.id = id, .gone = std::move(gone)});
  changed_.notify_all();
  return Slot(*this, place);
}

void RunningStreams::Leave(Place place) {
  const std::lock_guard lock(mutex_);
  entries_.erase(place);
}

Status RunningStreams::Attach(Place place, query::Answer& answer) {
  const std::lock_guard lock(mutex_);
  if (place->cancelled) return Cancelled();
  place->answer = &answer;
  return {};
}

void RunningStreams::Cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  bool found = false;
  for (Entry& entry : entries_) {
    if (entry.id != id) continue;
    entry.Cancel();
    found = true;
  }
  if (found || WasCancelledLocked(id)) return;
  cancelled_.push_back(id);
  if (cancelled_.size() > kCancelledKept) cancelled_.pop_front();
}

void RunningStreams::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (Entry& entry : entries_) entry.Cancel();
}

size_t RunningStreams::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool RunningStreams::WasCancelledLocked(const std::string& id) const {
  return std::ranges::find(cancelled_, id) != cancelled_.end();
}

void RunningStreams::Watch(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !entries_.empty(); })) {
    for (Entry& entry : entries_) {
      if (!entry.cancelled && entry.gone()) entry.Cancel();
    }
    changed_.wait_for(lock, stop, kLookEvery, [] { return false; });
    if (stop.stop_requested()) return;
  }
}

}  // namespace k2i::server::flight
