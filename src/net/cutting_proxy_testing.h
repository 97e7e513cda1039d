// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace k2i::net {

/// A TCP proxy on loopback that cuts a connection at a chosen message, for tests of what a client believes afterwards.
/// A message is what one read gives: for small requests and replies, one of them.
class CuttingProxy {
 public:
  enum class Side { kRequest, kReply };
  struct Cut {
    Side side = Side::kReply;
    int after = 0;           // messages of that side that pass first; the next one is lost
    bool stay_down = false;  // later connections are closed at once, rather than served
  };

  /// `target`: "host:port", numeric or a name. Aborts when no socket is to be had.
  explicit CuttingProxy(const std::string& target);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  /// "127.0.0.1:<port>"
  const std::string& address() const { return address_; }
  void Arm(Cut cut);
  /// Lets everything through again; true when the cut has happened.
  bool Disarm();

 private:
  struct Way {
    int to;
    Side side;
  };
  void Run();
  void Accept();
  /// False when the connection is to be closed.
  bool Forward(int from, const Way& way);
  bool IsLost(Side side);
  void Close(int socket);

  std::string target_host_, target_port_, address_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::map<int, Way> ways_;  // by the socket that is read; the proxy's thread only
  std::mutex mutex_;
  std::optional<Cut> armed_;  // guarded by mutex_, as the two below
  bool cut_ = false;
  bool down_ = false;
  std::jthread thread_;
};

}  // namespace k2i::net
