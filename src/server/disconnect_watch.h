// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace k2i::server {

/// Notices within about 50 ms that the clients of requests under way have hung up. A client that ends its sending side
/// counts as gone, as in most servers. Thread-safe; watching costs the request a lock, no system call.
class DisconnectWatch {
 public:
  DisconnectWatch();
  ~DisconnectWatch();

  /// Watches a socket while it lives; the socket must stay open for that long.
  class Watched {
   public:
    Watched(DisconnectWatch& watch, int socket);
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    std::stop_token gone() const { return stop_.get_token(); }

   private:
    DisconnectWatch& watch_;
    std::stop_source stop_;
    uint64_t id_;
  };

  /// All are gone, and all to come.
  void Stop();

 private:
  struct Entry {
    int socket;
    std::stop_source stop;
  };
  void Run(std::stop_token stop);
  std::vector<std::stop_source> TakeGone();

  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::map<uint64_t, Entry> entries_;
  uint64_t last_id_ = 0;
  bool asleep_ = false;  // nothing to watch for a while: Run waits for the next Add
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace k2i::server
