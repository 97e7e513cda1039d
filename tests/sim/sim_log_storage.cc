// SPDX-License-Identifier: Apache-2.0
#include "sim/fakes.h"

namespace k2i::sim {
namespace {

std::unexpected<Error> DiskError(ErrorCode code, const char* what) {
  return Fail(code, what, Component::kTransactionLog);
}

}  // namespace

Status SimLogStorage::Room(const char* what) {
  if (life_.off) return PowerIsOff();
  if (!world_.calm && disk_.full) {
    world_.Count("disk full");
    return DiskError(ErrorCode::kResourceExhausted, "no space left on device");
  }
  if (world_.Chance(world_.scenario.rates.log_error)) {
    world_.Count("log error");
    world_.Event(life_.name, std::string("i/o error at ") + what);
    return DiskError(ErrorCode::kInternal, "input/output error (simulated)");
  }
  return {};
}

Result<std::vector<std::string>> SimLogStorage::List() {
  if (life_.off) return PowerIsOff();
  std::vector<std::string> names;
  for (const auto& [name, file] : disk_.files) names.push_back(name);
  return names;
}

Result<std::string> SimLogStorage::Read(const std::string& name) {
  if (life_.off) return PowerIsOff();
  return disk_.files.at(name).bytes;
}

Status SimLogStorage::Create(const std::string& name, std::string_view bytes) {
  world_.MayDie(life_, "before a new segment");
  const auto room = Room("create");
  if (!room) {
    // Part of it may be there.
    if (!life_.off) disk_.files[name] = {std::string(bytes.substr(0, world_.random.Below(bytes.size() + 1))), 0};
    return room;
  }
  if (world_.Chance(world_.scenario.rates.crash)) {
    disk_.files[name] = {std::string(bytes.substr(0, world_.random.Below(bytes.size() + 1))), 0};
    world_.Count("died at a step");
    world_.Kill(life_, World::Death::kPowerCut, "in the middle of a new segment");
    return PowerIsOff();
  }
  disk_.files[name] = {std::string(bytes), bytes.size()};
  world_.Count("segment");
  return {};
}

Status SimLogStorage::Append(const std::string& name, std::string_view bytes) {
  world_.MayDie(life_, "before a log entry");
  if (auto room = Room("append"); !room) {
    if (!life_.off) disk_.files.at(name).bytes += bytes.substr(0, world_.random.Below(bytes.size()));
    return room;
  }
  disk_.files.at(name).bytes += bytes;
  world_.MayDie(life_, "after a log entry");
  return life_.off ? Status(PowerIsOff()) : Status();
}

Status SimLogStorage::Sync(const std::string& name) {
  world_.MayDie(life_, "before a sync of the log");
  if (life_.off) return PowerIsOff();
  if (world_.Chance(world_.scenario.rates.sync_error)) {
    world_.Count("sync error");
    world_.Event(life_.name, "the log cannot be synced");
    disk_.files.at(name).dropped = true;
    return DiskError(ErrorCode::kInternal, "sync failed (simulated)");
  }
  if (auto& file = disk_.files.at(name); !file.dropped) file.synced = file.bytes.size();
  world_.MayDie(life_, "after a sync of the log");
  return life_.off ? Status(PowerIsOff()) : Status();
}

Status SimLogStorage::Truncate(const std::string& name, size_t size) {
  if (life_.off) return PowerIsOff();
  auto& file = disk_.files.at(name);
  file.bytes.resize(size);
  file.synced = size;
  return {};
}

Status SimLogStorage::Remove(const std::string& name) {
  if (life_.off) return PowerIsOff();
  disk_.files.erase(name);
  return {};
}

}  // namespace k2i::sim
