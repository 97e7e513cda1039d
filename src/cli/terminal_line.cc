// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_line.h"

#include <unistd.h>

#include <cstdio>

namespace k2i::cli {

bool TerminalLine::IsThere() { return ::isatty(STDERR_FILENO) == 1; }

void TerminalLine::Draw(const std::function<std::string(double seconds)>& text, bool now) {
  const auto at = Clock::now();
  if ((!now && at - drawn_ < std::chrono::milliseconds(100)) || !IsThere()) return;
  drawn_ = at;
  shown_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", text(std::chrono::duration<double>(at - started_).count()).c_str());
}

void TerminalLine::Clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace k2i::cli
