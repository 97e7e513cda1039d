// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>

namespace k2i::sim {
namespace {

constexpr Duration kLongest = std::chrono::seconds(40);  // clients do not wait longer for an answer

}  // namespace

World::World(uint64_t a_seed)
    : seed(a_seed),
      random(a_seed),
      scenario(MakeScenario(random)),
      broker(random, scenario.eager),
      catalog_random(random.Next()) {
  for (size_t topic = 0; topic < scenario.partitions.size(); ++topic) {
    broker.CreateTopic("t" + std::to_string(topic), scenario.partitions[topic]);
  }
  for (int i = 0; i < scenario.processes; ++i) {
    machines.push_back(std::make_unique<Machine>());
    machines.back()->name = "m" + std::to_string(i);
  }
  for (int i = 0; i < scenario.upkeep; ++i) {
    machines.push_back(std::make_unique<Machine>());
    machines.back()->name = "u" + std::to_string(i);
    machines.back()->upkeep = true;
  }
}

bool World::Chance(int of_ten_thousand) {
  if (calm || of_ten_thousand == 0) return false;
  return random.Below(10'000) < static_cast<uint64_t>(of_ten_thousand);
}

Status World::Moment(Life& life, Duration typical, const char* what) {
  MayDie(life, what);
  if (life.off) return PowerIsOff();
  const auto most = static_cast<uint64_t>(typical.count() * (calm ? 1 : scenario.slow));
  // Mostly short, now and then long.
  const uint64_t length = random.Below(8) == 0 ? random.Below(8 * most) : random.Below(most);
  const Duration wait = std::min<Duration>(Duration(static_cast<int64_t>(length)), kLongest);
  scheduler.WaitUntil([&life] { return life.off; }, wait);
  if (life.off) return PowerIsOff();
  return {};
}

void World::MayDie(Life& life, const char* what) {
  if (life.off || !Chance(scenario.rates.crash)) return;
  Count("died at a step");
  Kill(life, random.Below(2) == 0 ? Death::kKilled : Death::kPowerCut, what);
}

void World::Kill(Life& life, Death death, const std::string& why) {
  if (life.off) return;
  life.off = true;
  life.stop.request_stop();
  Machine& machine = life.machine;
  machine.frozen = false;
  Count(death == Death::kKilled ? "killed" : "power cut");
  Event(life.name, (death == Death::kKilled ? "killed: " : "power cut: ") + why);
  if (life.flushing) Count("died while flushing");
  if (death == Death::kKilled) return;  // what it has written is the kernel's
  if (CutPower(machine.disk, random)) {
    Count("torn log tail");
    Event(machine.name, "the log's unsynced end is torn");
  }
}

std::unexpected<Error> PowerIsOff() { return Fail(ErrorCode::kPermissionDenied, "the process is no more"); }

}  // namespace k2i::sim
