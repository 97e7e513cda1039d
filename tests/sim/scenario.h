// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace k2i::sim {

/// What a seed makes of a history: its size, its configuration, and which faults it has, how often. Each history has
/// only some of the faults, for one that has all of them gets nowhere and sees little.
struct Scenario {
  // The world.
  int processes = 1;
  std::vector<int> partitions;  // of topic t0, t1 …
  int records = 100;
  Duration trouble{0};  // how long things go wrong; then the history is driven to its end
  bool eager = false;   // the group's protocol: stop-the-world, or cooperative

  // The product's configuration.
  bool declared = true;   // columns declared, or inferred
  bool latest = false;    // a partition without a boundary begins at its end, or at its start
  bool bucketed = false;  // the table is partitioned, and a flush makes several files
  enum class Mirror { kOn, kOff, kMixed } mirror = Mirror::kOn;  // kMixed: some processes have the property, some not
  int upkeep = 0;                                                // machines more that maintain the tables
  /// They delete orphans too, of this age; zero: they do not. What the world does to a commit that names files which
  /// are still good ends before that.
  Duration orphan_age{0};
  Duration files_good_for = std::chrono::hours(12);
  int64_t flush_rows = 0;
  Duration flush_age{0};
  int checkpoint_entries = 10'000;

  // Of 1,000 records.
  int poison = 0, holes = 0, aborted = 0, compacted = 0;

  // Of 10,000 operations.
  struct Rates {
    int load_lost = 0, commit_lost = 0, commit_unknown = 0, reply_lost = 0, delayed = 0, duplicated = 0, refused = 0;
    int store_lost = 0, store_reply_lost = 0, store_torn = 0;
    int log_error = 0, sync_error = 0;
    int poll_error = 0;
    int crash = 0;  // at a request, or at an operation of the log
  } rates;
  int slow = 1;  // factor on all latencies

  // Weights of what befalls the world from outside, one event every `event_interval` or so.
  Duration event_interval{0};
  Duration longest_pause = std::chrono::seconds(40), longest_outage = std::chrono::seconds(12);
  Duration longest_disk_full = std::chrono::seconds(15);
  Duration longest_delay = std::chrono::seconds(40);  // of a commit that lands late
  struct Weights {
    int kill = 0, power_cut = 0, stop = 0, start = 0, pause = 0, isolate = 0, rebalance = 0;
    int catalog_outage = 0, store_outage = 0, disk_full = 0, disk_lost = 0;
    int foreign_commit = 0, expiry = 0, taken_over = 0, tag_dropped = 0, property_dropped = 0, retention = 0;
  } weights;
};

Scenario MakeScenario(Random& random);

}  // namespace k2i::sim
