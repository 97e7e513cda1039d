// SPDX-License-Identifier: Apache-2.0
#include "sim/run.h"

#include <arrow/compute/initialize.h>
#include <fmt/format.h>

#include "base/logging.h"
#include "sim/process.h"
#include "sim/trouble.h"
#include "sim/upkeep.h"
#include "sim/verify.h"

namespace k2i::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kPatience = seconds(600);  // of simulated time, once nothing goes wrong any more

/// Everything that can be read has been committed.
bool CaughtUp(World& world) {
  if (world.requests_under_way > 0 || world.produced < world.scenario.records) return false;
  const auto& committed = world.ledger.committed(kTable.name);
  for (const auto& tp : world.broker.partitions()) {
    const auto boundary = committed.find(tp);
    if (world.scenario.latest && boundary == committed.end()) return false;
    const int64_t next = boundary == committed.end() ? world.broker.start(tp) : boundary->second.value;
    for (int64_t offset = next; offset < world.broker.end(tp); ++offset) {
      const auto& record = world.broker.at(tp, offset);
      if (record.kind != BrokerRecord::Kind::kHole && !record.may_be_missing) return false;
    }
  }
  return true;
}

void Calm(World& world) {
  world.calm = true;
  world.Event("world", "nothing goes wrong any more");
  for (const auto& machine : world.machines) {
    machine->frozen = false;
    machine->isolated_until = {};
    machine->disk.full = false;
  }
  world.machines.front()->wanted = true;
}

/// True when everything came to rest in time.
bool WaitFor(World& world, const std::function<bool()>& condition) {
  const Duration until = world.now() + kPatience;
  while (!condition()) {
    if (world.now() > until) return false;
    world.scheduler.Sleep(milliseconds(500));
  }
  return true;
}

bool NobodyRuns(const World& world) {
  for (const auto& machine : world.machines) {
    if (machine->life != nullptr) return false;
  }
  return true;
}

/// The fiber that leads a history from its start to its end.
void Direct(World& world) {
  for (const auto& machine : world.machines)
    machine->wanted = machine == world.machines.front() || world.random.Below(4) != 0;
  const auto step = static_cast<uint64_t>(world.scenario.event_interval.count());
  while (world.now() < world.scenario.trouble) {
    world.scheduler.Sleep(Duration(static_cast<int64_t>(world.random.Below(2 * step))));
    Befall(world);
  }
  Calm(world);
  if (!WaitFor(world, [&] { return CaughtUp(world); })) world.Break("no-progress", "records are left uncommitted");
  for (const auto& machine : world.machines) {
    machine->wanted = false;
    if (machine->life != nullptr) machine->life->stop.request_stop();
  }
  if (!WaitFor(world, [&] { return NobodyRuns(world); })) {
    world.Break("no-end", "a process does not stop");
    for (const auto& machine : world.machines) {
      if (machine->life != nullptr) world.Kill(*machine->life, World::Death::kKilled, "it does not stop");
    }
  }
  world.finished = true;
}

void Coordinate(World& world) {
  while (!world.finished) {
    world.broker.Expire(world.now());
    world.scheduler.Sleep(milliseconds(500));
  }
}

}  // namespace

History RunSeed(uint64_t seed, bool with_log) {
  (void)arrow::compute::Initialize();
  log::Configure(log::Level::kError, log::Format::kText);
  World world(seed);
  const auto& s = world.scenario;
  world.Event("world", fmt::format("seed {}: {} processes, {} topics, {} records, {} s of trouble", seed, s.processes,
                                   s.partitions.size(), s.records, s.trouble.count() / 1'000'000'000));
  if (with_log) {
    log::SetSink([&world](log::Level, std::string_view line) {
      world.history.Note(world.now(), world.scheduler.current_name(), std::string(line));
    });
  }
  world.scheduler.Spawn("director", nullptr, [&world] { Direct(world); });
  world.scheduler.Spawn("broker", nullptr, [&world] { Coordinate(world); });
  world.scheduler.Spawn("producer", nullptr, [&world] { Produce(world); });
  for (const auto& machine : world.machines) {
    world.scheduler.Spawn(machine->name, &machine->frozen, [&world, &machine] {
      machine->upkeep ? RunUpkeep(world, *machine) : RunMachine(world, *machine);
    });
  }
  if (!world.scheduler.Run()) world.Break("deadlock", "everybody waits for something that never comes");
  CleanUp(world);
  VerifyEnd(world);
  world.history.Count("rebalance", world.broker.rebalances());
  log::SetSink({});
  return std::move(world.history);
}

}  // namespace k2i::sim
