// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "io/memory_object_store_testing.h"
#include "sim/broker.h"
#include "sim/commit_ledger.h"
#include "sim/disk.h"
#include "sim/history.h"
#include "sim/scenario.h"
#include "sim/scheduler.h"

namespace k2i::sim {

/// The clock on the wall of the simulated world. The catalog has it; each process has one that may be off.
class WorldClock final : public Clock {
 public:
  explicit WorldClock(const Scheduler& scheduler) : scheduler_(scheduler) {}
  int64_t wall_ms() const override { return 1'700'000'000'000 + scheduler_.now().count() / 1'000'000; }
  Duration monotonic() const override { return scheduler_.now(); }
  bool SleepFor(Duration, std::stop_token) override { return false; }

 private:
  const Scheduler& scheduler_;
};

/// A machine on which one process after the other runs.
struct Machine {
  std::string name;
  Disk disk;
  bool wanted = false;                // somebody is to run here
  bool frozen = false;                // SIGSTOP
  Duration isolated_until{0};         // from the brokers, not from catalog and store
  std::shared_ptr<struct Life> life;  // null: nobody runs
  int lives = 0;
  bool upkeep = false;  // maintains the tables rather than reads topics
};

/// One life of one process. From the moment `off` is set nothing it does has an effect any more.
struct Life {
  Life(Machine& m, std::string n, uint64_t seed) : machine(m), name(std::move(n)), random(seed) {}
  Machine& machine;
  std::string name;
  Random random;  // the product's
  Duration clock_skew{0};
  bool off = false;
  std::stop_source stop;
  bool flushing = false;
};

/// Everything outside of the processes, and what may go wrong between them and it.
struct World {
  explicit World(uint64_t seed);

  const uint64_t seed;
  Random random;
  Scenario scenario;
  History history;
  Scheduler scheduler{random};
  WorldClock clock{scheduler};
  Broker broker;
  io::MemoryObjectStore store{&clock};
  Random catalog_random;
  iceberg::MemoryCatalog catalog{clock, catalog_random};
  CommitLedger ledger{history};
  std::vector<std::unique_ptr<Machine>> machines;
  bool calm = false;      // nothing goes wrong any more
  bool finished = false;  // everybody goes home
  Duration catalog_back{0}, store_back{0};
  int64_t next_record_id = 0;
  int produced = 0;
  std::map<std::string, std::string> file_owner;  // flush id → the life that wrote its files
  int requests_under_way = 0;                     // sent by somebody, to land later

  Duration now() const { return scheduler.now(); }
  void Event(const std::string& who, const std::string& what) { history.Event(now(), who, what); }
  void Count(const std::string& what) { history.Count(what); }
  void Break(const std::string& check, const std::string& what) { history.Break(now(), check, what); }

  bool Chance(int of_ten_thousand);
  /// A moment passes, in which anything may happen to `life`; an error when it is off afterwards. `what`: for the
  /// history, should it die here.
  Status Moment(Life& life, Duration typical, const char* what);
  /// Dies here, by chance, at an operation that is to be survived at any of its sides.
  void MayDie(Life& life, const char* what);
  enum class Death { kKilled, kPowerCut };
  void Kill(Life& life, Death death, const std::string& why);
};

/// What everything answers that belongs to a process that is no more.
std::unexpected<Error> PowerIsOff();

}  // namespace k2i::sim
