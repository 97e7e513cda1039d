// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.h"

#include <algorithm>

namespace k2i::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Dice {
 public:
  explicit Dice(Random& random) : random_(random) {}
  int Between(int low, int high) {
    return low + static_cast<int>(random_.Below(static_cast<uint64_t>(high - low + 1)));
  }
  bool OneIn(int n) { return random_.Below(static_cast<uint64_t>(n)) == 0; }
  /// Nothing in half of the histories, else 1 to `high`.
  int Some(int high) { return OneIn(2) ? 0 : Between(1, high); }

 private:
  Random& random_;
};

}  // namespace

Scenario MakeScenario(Random& random) {
  Dice dice(random);
  Scenario s;
  s.processes = dice.Between(1, 4);
  for (int topic = dice.OneIn(3) ? 2 : 1; topic > 0; --topic) s.partitions.push_back(dice.Between(1, 3));
  s.records = dice.Between(40, 240);
  s.trouble = seconds(dice.Between(10, 60));
  s.eager = dice.OneIn(3);
  s.declared = !dice.OneIn(3);
  s.latest = s.declared && dice.OneIn(5);
  s.bucketed = s.declared && dice.OneIn(5);
  if (dice.OneIn(4)) s.mirror = dice.OneIn(2) ? Scenario::Mirror::kOff : Scenario::Mirror::kMixed;
  s.flush_rows = dice.Between(5, 40);
  s.flush_age = milliseconds(dice.Between(200, 4000));
  if (dice.OneIn(3)) s.checkpoint_entries = dice.Between(2, 30);
  s.poison = dice.Some(80);
  s.holes = dice.Some(100);
  s.aborted = dice.Some(100);
  s.compacted = dice.Some(60);
  s.rates = {.load_lost = dice.Some(1000),
             .commit_lost = dice.Some(2000),
             .commit_unknown = dice.Some(2000),
             .reply_lost = dice.Some(3000),
             .delayed = dice.Some(2500),
             .duplicated = dice.Some(2000),
             .refused = dice.OneIn(4) ? dice.Between(1, dice.OneIn(3) ? 2000 : 300) : 0,
             .store_lost = dice.Some(500),
             .store_reply_lost = dice.Some(400),
             .store_torn = dice.Some(500),
             .log_error = dice.OneIn(4) ? dice.Between(1, 200) : 0,
             .sync_error = dice.OneIn(4) ? dice.Between(1, 200) : 0,
             .poll_error = dice.Some(300),
             .crash = dice.Some(250)};
  s.slow = dice.OneIn(3) ? dice.Between(2, 60) : 1;
  s.event_interval = milliseconds(dice.Between(500, 5000));
  s.weights = {.kill = dice.Some(10),
               .power_cut = dice.Some(10),
               .stop = dice.Some(8),
               .start = 10,
               .pause = dice.Some(12),
               .isolate = dice.Some(8),
               .rebalance = dice.Some(12),
               .catalog_outage = dice.Some(4),
               .store_outage = dice.Some(4),
               .disk_full = dice.Some(4),
               .disk_lost = dice.Some(3),
               .foreign_commit = dice.Some(12),
               .expiry = dice.Some(8),
               // Where the property is all there is, one that stands still shows.
               .taken_over = s.mirror == Scenario::Mirror::kMixed ? 6 : 0,
               .tag_dropped = dice.Some(4),
               .property_dropped = dice.Some(4),
               .retention = dice.Some(4)};
  if (dice.OneIn(3)) s.upkeep = dice.Between(1, 2);
  if (s.upkeep > 0 && dice.OneIn(2)) {
    s.files_good_for = seconds(dice.Between(5, 20));
    s.longest_pause = s.longest_delay = seconds(6);
    s.orphan_age = s.files_good_for + seconds(30);
    s.slow = std::min(s.slow, 10);
    // Long enough for flushes to wait past that age.
    s.trouble = seconds(dice.Between(60, 240));
    s.longest_outage = s.longest_disk_full = seconds(dice.Between(12, 120));
    s.weights.catalog_outage = std::max(1, s.weights.catalog_outage);
  }
  return s;
}

}  // namespace k2i::sim
