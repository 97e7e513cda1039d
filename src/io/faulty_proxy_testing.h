// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace k2i::io {

/// A TCP proxy on loopback in front of an HTTP server, which breaks what passes through it. Faults hit connections that
/// are made after they are set. Thread-safe.
class FaultyProxy {
 public:
  /// `endpoint` is the server's, "http://127.0.0.1:port".
  explicit FaultyProxy(const std::string& endpoint);
  ~FaultyProxy();

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The next `connections` break after `bytes` of requests have passed.
  void Cut(int connections, int64_t bytes);
  /// The next `connections` get "503 Slow Down" in place of the server's answer.
  void Throttle(int connections);
  int cut() const { return cut_; }
  int throttled() const { return throttled_; }

 private:
  void Accept();
  void Serve(int client);
  void Pass(int client, int server, int64_t budget);
  /// True where one of `left` was there to take.
  static bool Take(std::atomic<int>& left);

  int server_port_ = 0;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> to_cut_ = 0, to_throttle_ = 0, cut_ = 0, throttled_ = 0;
  std::atomic<int64_t> cut_after_ = 0;
  std::mutex mutex_;
  std::list<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace k2i::io
