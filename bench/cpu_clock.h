// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>

namespace k2i {

/// Milliseconds of processor time that this process has taken: on a busy machine the only figure that says something.
inline double CpuMs() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace k2i
