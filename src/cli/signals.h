// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace k2i::cli {

/// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once, as kill -9 would, which the
/// commit protocol stands. Make it before any other thread, so that all of them have the signals blocked.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Run();

  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace k2i::cli
