// SPDX-License-Identifier: Apache-2.0
#include "base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace k2i {

void YieldPriority(int niceness) {
  // Linux keeps niceness by thread, whatever POSIX says (setpriority(2), "Bugs").
  const auto thread = static_cast<id_t>(::gettid());
  errno = 0;
  const int now = ::getpriority(PRIO_PROCESS, thread);
  if (errno != 0 || now >= niceness) return;
  ::setpriority(PRIO_PROCESS, thread, niceness);
}

}  // namespace k2i
