// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace k2i {

/// Puts the calling thread behind those of lower niceness (0 to 19, as nice(2) has it) from now on; where it is behind
/// already, nothing changes. Nothing is said where the system refuses: the thread works on as it did.
void YieldPriority(int niceness);

}  // namespace k2i
