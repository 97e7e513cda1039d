// SPDX-License-Identifier: Apache-2.0
#include "sim/trouble.h"

#include <array>

#include "sim/process.h"

namespace k2i::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Duration Upto(World& world, Duration most) {
  return Duration(static_cast<int64_t>(world.random.Below(static_cast<uint64_t>(most.count()))));
}

Machine& AnyMachine(World& world) { return *world.machines[world.random.Below(world.machines.size())]; }

BrokerRecord Record(World& world, BrokerRecord::Kind kind) {
  BrokerRecord record{.kind = kind, .id = ++world.next_record_id, .value = {}};
  const std::string id = std::to_string(record.id);
  if (kind == BrokerRecord::Kind::kRow) record.value = R"({"id":)" + id + R"(,"name":"n)" + id + R"("})";
  if (kind == BrokerRecord::Kind::kPoison) record.value = "poison " + id;
  return record;
}

void AppendSome(World& world) {
  using Kind = BrokerRecord::Kind;
  const Scenario& s = world.scenario;
  const auto partitions = world.broker.partitions();
  const auto& tp = partitions[world.random.Below(partitions.size())];
  const auto chance = [&](int of_thousand) { return world.random.Below(1000) < static_cast<uint64_t>(of_thousand); };
  const bool aborted = chance(s.aborted);
  for (uint64_t n = 1 + world.random.Below(12); n > 0 && world.produced < s.records; --n, ++world.produced) {
    const Kind kind = aborted || chance(s.holes) ? Kind::kHole : chance(s.poison) ? Kind::kPoison : Kind::kRow;
    world.broker.Append(tp, Record(world, kind));
    if (chance(s.compacted)) world.broker.Compact(tp, Offset{world.broker.end(tp) - 1});
  }
  if (aborted) world.broker.Append(tp, Record(world, Kind::kHole));  // the transaction's end
}

void Freeze(World& world, Machine& machine) {
  if (machine.life == nullptr || machine.life->off || machine.frozen) return;
  machine.frozen = true;
  world.Count("paused");
  if (machine.life->flushing) world.Count("paused while flushing");
  world.Event(machine.life->name, "is paused");
  const Duration length =
      world.random.Below(2) == 0 ? Upto(world, seconds(3)) : Upto(world, world.scenario.longest_pause);
  world.scheduler.At(world.now() + length, [&world, &machine, life = machine.life] {
    if (machine.life != life || life->off) return;
    machine.frozen = false;
    world.Event(life->name, "goes on");
  });
}

void Damage(World& world, Machine& machine) {
  // Of a disk in use nothing changes under the process.
  if (machine.life != nullptr && !machine.life->off)
    world.Kill(*machine.life, World::Death::kPowerCut, "its disk fails");
  if (world.random.Below(2) == 0) {
    machine.disk = {};
    world.Count("disk lost");
    return world.Event(machine.name, "the disk is lost");
  }
  if (!machine.disk.must_be_refused && FlipBit(machine.disk, world.random)) {
    machine.disk.must_be_refused = true;
    world.Count("bit flipped");
    world.Event(machine.name, "a bit of the log is turned");
  }
}

void FillDisk(World& world, Machine& machine) {
  machine.disk.full = true;
  world.Event(machine.name, "the disk is full");
  world.scheduler.At(world.now() + Upto(world, world.scenario.longest_disk_full),
                     [&machine] { machine.disk.full = false; });
}

void Retain(World& world) {
  for (const auto& [tp, next] : world.ledger.committed(kTable.name)) {
    if (world.random.Below(2) == 0)
      world.broker.DeleteBefore(
          tp, Offset{static_cast<int64_t>(world.random.Below(static_cast<uint64_t>(next.value + 1)))});
  }
  world.Count("retention");
}

void Outage(World& world, Duration& back, const char* of) {
  back = world.now() + Upto(world, world.scenario.longest_outage);
  world.Event("world", std::string(of) + " is away");
}

void End(World& world, Machine& machine, World::Death death) {
  if (machine.life != nullptr && !machine.life->off) world.Kill(*machine.life, death, "from outside");
  machine.wanted = world.random.Below(4) != 0;
}

void Stop(World& world, Machine& machine) {
  machine.wanted = false;
  if (machine.life == nullptr || machine.life->off || machine.frozen) return;
  world.Event(machine.life->name, "is asked to stop");
  if (machine.life->flushing) world.Count("stopped while flushing");
  machine.life->stop.request_stop();
}

}  // namespace

void Produce(World& world) {
  const auto per_append = world.scenario.trouble / (1 + world.scenario.records / 6);
  while (world.produced < world.scenario.records) {
    AppendSome(world);
    world.scheduler.Sleep(world.random.Below(3) == 0 ? Duration(0) : Upto(world, 2 * per_append));
  }
}

void Befall(World& world) {
  const auto& w = world.scenario.weights;
  const std::array<std::pair<int, std::function<void()>>, 17> all{{
      {w.kill, [&] { End(world, AnyMachine(world), World::Death::kKilled); }},
      {w.power_cut, [&] { End(world, AnyMachine(world), World::Death::kPowerCut); }},
      {w.stop, [&] { Stop(world, AnyMachine(world)); }},
      {w.start, [&] { AnyMachine(world).wanted = true; }},
      {w.pause, [&] { Freeze(world, AnyMachine(world)); }},
      {w.isolate, [&] { AnyMachine(world).isolated_until = world.now() + Upto(world, seconds(30)); }},
      {w.rebalance, [&] { world.broker.Shuffle(); }},
      {w.catalog_outage, [&] { Outage(world, world.catalog_back, "the catalog"); }},
      {w.store_outage, [&] { Outage(world, world.store_back, "the store"); }},
      {w.disk_full, [&] { FillDisk(world, AnyMachine(world)); }},
      {w.disk_lost, [&] { Damage(world, AnyMachine(world)); }},
      {w.foreign_commit, [&] { ForeignCommit(world); }},
      {w.expiry, [&] { ExpireSnapshots(world); }},
      {w.taken_over, [&] { TakeOver(world); }},
      {w.tag_dropped, [&] { DropTag(world); }},
      {w.property_dropped, [&] { DropProperty(world); }},
      {w.retention, [&] { Retain(world); }},
  }};
  int sum = 0;
  for (const auto& [weight, action] : all) sum += weight;
  int chosen = static_cast<int>(world.random.Below(static_cast<uint64_t>(sum)));
  for (const auto& [weight, action] : all) {
    chosen -= weight;
    if (chosen < 0) return action();
  }
}

}  // namespace k2i::sim
