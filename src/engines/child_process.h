// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace k2i::engines {

struct ChildOutput {
  int exit_code = 0;  // 128 + the signal where one ended it
  std::string out;    // the first megabyte
  std::string err;    // the last 64 kB
};

/// Runs `command` (looked up in PATH, no shell) in a process group of its own, with the signals that this process has
/// blocked at their defaults, and waits for it. Its standard input is empty. `on_wait` is called about five times a
/// second; it may be empty. A stop request ends the group: SIGTERM, and SIGKILL after ten seconds.
/// - InvalidConfig (kConfig): the command cannot be run. Cancelled: stopped. Internal: no pipes, no processes.
Result<ChildOutput> RunChild(const std::vector<std::string>& command, Clock& clock,
                             const std::function<void()>& on_wait, std::stop_token stop);

}  // namespace k2i::engines
