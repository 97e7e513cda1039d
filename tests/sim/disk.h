// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/random.h"

namespace k2i::sim {

/// What a process' machine keeps of its log's folder from one life to the next.
struct Disk {
  struct File {
    std::string bytes;
    size_t synced = 0;
    bool dropped = false;  // a sync has failed, and what was unsynced then never reaches the disk, whatever syncs say
  };
  std::map<std::string, File> files;
  bool full = false;
  /// A bit has been turned in bytes that recovery must read and that have whole frames behind them: the next start must
  /// refuse.
  bool must_be_refused = false;
};

/// The power goes: of what was not synced any part may be missing, and what is left may end with bytes never written.
/// Returns whether the end of a file was torn.
bool CutPower(Disk& disk, Random& random);

/// Turns one bit of the newest segment, where the format promises to see it. False when there is no such place.
bool FlipBit(Disk& disk, Random& random);

}  // namespace k2i::sim
