// SPDX-License-Identifier: Apache-2.0
#include "server/disconnect_watch.h"

#include <poll.h>

#include <vector>

namespace k2i::server {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(50);
constexpr int kIntervalsBeforeSleep = 20;

}  // namespace

DisconnectWatch::DisconnectWatch() : thread_([this](std::stop_token stop) { Run(stop); }) {}

DisconnectWatch::~DisconnectWatch() = default;

DisconnectWatch::Watched::Watched(DisconnectWatch& watch, int socket) : watch_(watch) {
  std::lock_guard lock(watch_.mutex_);
  id_ = ++watch_.last_id_;
  watch_.entries_.emplace(id_, Entry{socket, stop_});
  if (watch_.stopped_) stop_.request_stop();
  if (watch_.asleep_) watch_.woken_.notify_one();
}

DisconnectWatch::Watched::~Watched() {
  std::lock_guard lock(watch_.mutex_);
  watch_.entries_.erase(id_);
}

void DisconnectWatch::Stop() {
  std::vector<std::stop_source> all;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [id, entry] : entries_) all.push_back(entry.stop);
  }
  for (auto& stop : all) stop.request_stop();
}

void DisconnectWatch::Run(std::stop_token stop) {
  int empty_intervals = 0;
  while (!stop.stop_requested()) {
    std::vector<std::stop_source> gone;
    {
      std::unique_lock lock(mutex_);
      empty_intervals = entries_.empty() ? empty_intervals + 1 : 0;
      if (empty_intervals > kIntervalsBeforeSleep) {
        asleep_ = true;
        woken_.wait(lock, stop, [this] { return !entries_.empty(); });
        asleep_ = false;
        empty_intervals = 0;
      }
      woken_.wait_for(lock, stop, kInterval, [] { return false; });
      gone = TakeGone();
    }
    // Outside of the lock, for what is called back may take its time.
    for (auto& source : gone) source.request_stop();
  }
}

std::vector<std::stop_source> DisconnectWatch::TakeGone() {
  std::vector<pollfd> sockets;
  std::vector<std::stop_source> stops, gone;
  for (const auto& [id, entry] : entries_) {
    if (entry.stop.stop_requested()) continue;
    sockets.push_back({.fd = entry.socket, .events = POLLRDHUP, .revents = 0});
    stops.push_back(entry.stop);
  }
  if (sockets.empty() || ::poll(sockets.data(), sockets.size(), 0) <= 0) return gone;
  for (size_t i = 0; i < sockets.size(); ++i) {
    if ((sockets[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) gone.push_back(stops[i]);
  }
  return gone;
}

}  // namespace k2i::server
