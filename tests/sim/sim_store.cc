// SPDX-License-Identifier: Apache-2.0
#include "sim/fakes.h"

namespace k2i::sim {
namespace {

constexpr Duration kLatency = std::chrono::milliseconds(4);

std::unexpected<Error> StoreError(ErrorCode code, const char* what) { return Fail(code, what, Component::kStorage); }

/// Data files are named after their flush: a UUID.
std::string FlushOf(const std::string& location) { return location.substr(location.rfind('/') + 1, 36); }

}  // namespace

Status SimStore::Reach(const char* what) {
  K2I_RETURN_IF_ERROR(world_.Moment(life_, kLatency, what));
  if (!world_.calm && world_.now() < world_.store_back) {
    world_.Count("store away");
    return StoreError(ErrorCode::kUnavailable, "the store is away");
  }
  if (world_.Chance(world_.scenario.rates.store_lost)) {
    world_.Count("store request lost");
    return StoreError(ErrorCode::kUnavailable, "slow down");
  }
  return {};
}

Status SimStore::Reply(const char* what) {
  if (life_.off) return PowerIsOff();
  if (!world_.Chance(world_.scenario.rates.store_reply_lost)) return {};
  world_.Count("store reply lost");
  world_.Event(life_.name, std::string("the store's answer to a ") + what + " is lost");
  return StoreError(ErrorCode::kTimeout, "no answer");
}

/// Nothing is seen before Close, but for what a crash or a fault leaves.
class SimStore::File final : public io::OutputFile {
 public:
  File(SimStore& store, std::string location) : store_(store), location_(std::move(location)) {}
  Status Append(std::string_view bytes) override {
    if (store_.life_.off) return PowerIsOff();
    bytes_ += bytes;
    return {};
  }
  Status Close() override {
    World& world = store_.world_;
    const bool was_on = !store_.life_.off;
    if (auto reached = store_.Reach("at the end of a file"); !reached) {
      if (was_on && world.random.Below(2) == 0) LeaveTorn();
      return reached;
    }
    if (world.Chance(world.scenario.rates.store_torn)) {
      LeaveTorn();
      return StoreError(ErrorCode::kUnavailable, "the connection broke in the middle of a file");
    }
    world.store.Overwrite(location_, bytes_);
    world.Event(store_.life_.name, "file " + location_);
    world.file_owner[FlushOf(location_)] = store_.life_.name;
    world.MayDie(store_.life_, "after a file");
    return store_.Reply("close");
  }
  void Abort() override {}
  int64_t bytes_written() const override { return static_cast<int64_t>(bytes_.size()); }

 private:
  void LeaveTorn() {
    store_.world_.Count("torn file");
    store_.world_.store.Overwrite(location_, bytes_.substr(0, store_.world_.random.Below(bytes_.size() + 1)));
  }

  SimStore& store_;
  const std::string location_;
  std::string bytes_;
};

Result<std::string> SimStore::Read(std::string_view location) {
  K2I_RETURN_IF_ERROR(Reach("at a read"));
  return world_.store.Read(location);
}

Status SimStore::Create(std::string_view location, std::string_view bytes) {
  K2I_RETURN_IF_ERROR(Reach("at a create"));
  K2I_RETURN_IF_ERROR(world_.store.Create(location, bytes));
  world_.MayDie(life_, "after a manifest");
  return Reply("create");
}

Result<std::unique_ptr<io::OutputFile>> SimStore::OpenForWrite(std::string_view location) {
  K2I_RETURN_IF_ERROR(Reach("at an open"));
  return std::make_unique<File>(*this, std::string(location));
}

Status SimStore::Delete(std::string_view location) {
  K2I_RETURN_IF_ERROR(Reach("at a delete"));
  world_.Event(life_.name, "delete " + std::string(location));
  world_.Count("file deleted");
  K2I_RETURN_IF_ERROR(world_.store.Delete(location));
  return Reply("delete");
}

Result<io::FileInfo> SimStore::Stat(std::string_view location) {
  K2I_RETURN_IF_ERROR(Reach("at a stat"));
  return world_.store.Stat(location);
}

Result<std::vector<io::FileInfo>> SimStore::List(std::string_view prefix) {
  K2I_RETURN_IF_ERROR(Reach("at a list"));
  return world_.store.List(prefix);
}

}  // namespace k2i::sim
