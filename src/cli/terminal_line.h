// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace k2i::cli {

/// One line of progress on standard error, drawn over again; nothing where that is no terminal. One thread at a time.
class TerminalLine {
 public:
  /// Clears.
  ~TerminalLine() { Clear(); }

  /// Whether Draw draws.
  static bool IsThere();
  /// `text`: of the seconds since this was made. At most ten times a second, but `now` always.
  void Draw(const std::function<std::string(double seconds)>& text, bool now = false);
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point drawn_;
  bool shown_ = false;
};

}  // namespace k2i::cli
