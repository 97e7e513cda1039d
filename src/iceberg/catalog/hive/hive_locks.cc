// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_locks.h"

#include <ThriftHiveMetastore.h>
#include <unistd.h>

#include <algorithm>

#include "base/logging.h"
#include "base/retry.h"

namespace k2i::iceberg {
namespace {

constexpr size_t kMostAbandoned = 64;  // the oldest are left to the metastore
constexpr RetryPolicy kPolling{.initial_backoff = std::chrono::milliseconds(20),
                               .max_backoff = std::chrono::seconds(2)};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

hive_thrift::LockRequest RequestFor(const HiveLocks::Held& held) {
  hive_thrift::LockComponent component;
  component.type = hive_thrift::LockType::EXCLUSIVE;
  component.level = hive_thrift::LockLevel::TABLE;
  component.dbname = held.database;
  component.__set_tablename(held.table);
  hive_thrift::LockRequest request;
  request.component = {component};
  request.user = "k2i";
  request.hostname = HostName();
  request.__set_agentInfo(held.agent);
  return request;
}

Error WithoutLock(Error error) {
  if (error.code == ErrorCode::kCommitStateUnknown) error.code = ErrorCode::kUnavailable;
  return error;
}

}  // namespace

Result<HiveLocks::Held> HiveLocks::Take(const std::string& database, const std::string& table) {
  ReleaseAbandoned(database, table);
  Held held{0, database, table, "k2i-" + random_.Uuid()};
  hive_thrift::LockResponse answer;
  const Status asked = client_.Tell("lock", [&](auto& hive) { hive.lock(answer, RequestFor(held)); });
  if (!asked.has_value()) {
    if (asked.error().code == ErrorCode::kCommitStateUnknown) Abandon(held);
    return std::unexpected(WithoutLock(asked.error()));
  }
  held.id = answer.lockid;
  if (answer.state == hive_thrift::LockState::ACQUIRED) return held;
  return Await(std::move(held), answer.state == hive_thrift::LockState::WAITING);
}

Result<HiveLocks::Held> HiveLocks::Await(Held held, bool waiting) {
  const Duration deadline = clock_.monotonic() + timeout_;
  for (int attempt = 1; waiting && clock_.monotonic() < deadline; ++attempt) {
    clock_.SleepFor(BackoffBefore(kPolling, attempt, random_), {});
    hive_thrift::LockResponse answer;
    hive_thrift::CheckLockRequest request;
    request.lockid = held.id;
    const Status asked = client_.Ask("check_lock", [&](auto& hive) { hive.check_lock(answer, request); });
    if (!asked.has_value()) {
      GiveBack(held);
      return std::unexpected(asked.error());
    }
    if (answer.state == hive_thrift::LockState::ACQUIRED) return held;
    waiting = answer.state == hive_thrift::LockState::WAITING;
  }
  GiveBack(held);
  return Fail(ErrorCode::kUnavailable,
              "Hive Metastore: the lock of table " + held.database + "." + held.table + " was not to be had in " +
                  std::to_string(timeout_.count()) + " ms; SHOW LOCKS in Hive tells who holds it",
              Component::kCatalog);
}

Status HiveLocks::Keep(const Held& held) {
  hive_thrift::HeartbeatRequest request;
  request.__set_lockid(held.id);
  Status kept = client_.Ask("heartbeat", [&](auto& hive) { hive.heartbeat(request); });
  if (!kept.has_value() && kept.error().code == ErrorCode::kNotFound) kept.error().code = ErrorCode::kUnavailable;
  return kept;
}

void HiveLocks::GiveBack(const Held& held) {
  const Status done = Unlock(held.id);
  if (done.has_value()) return;
  log::Warn("hive_lock_not_released",
            {{"table", held.database + "." + held.table}, {"error", done.error().ToString()}});
  Abandon(held);
}

Status HiveLocks::Unlock(int64_t id) {
  hive_thrift::UnlockRequest request;
  request.lockid = id;
  // Again on a new connection where it was lost: a lock that is gone meanwhile is what we want.
  Status done = client_.Ask("unlock", [&](auto& hive) { hive.unlock(request); });
  if (!done.has_value() && done.error().code == ErrorCode::kNotFound) return {};
  return done;
}

void HiveLocks::Abandon(const Held& held) {
  const std::lock_guard lock(mutex_);
  abandoned_.push_back(held);
  if (abandoned_.size() > kMostAbandoned) abandoned_.erase(abandoned_.begin());
}

void HiveLocks::ReleaseAbandoned(const std::string& database, const std::string& table) {
  std::vector<Held> ours;
  {
    const std::lock_guard lock(mutex_);
    const auto of_table = [&](const Held& held) { return held.database == database && held.table == table; };
    std::ranges::copy_if(abandoned_, std::back_inserter(ours), of_table);
    std::erase_if(abandoned_, of_table);
  }
  if (ours.empty()) return;
  hive_thrift::ShowLocksRequest request;
  request.__set_dbname(database);
  request.__set_tablename(table);
  hive_thrift::ShowLocksResponse answer;
  const Status shown = client_.Ask("show_locks", [&](auto& hive) { hive.show_locks(answer, request); });
  for (const Held& held : ours) {
    Status done = shown;
    for (const auto& found : answer.locks) {
      if (found.agentInfo == held.agent) done = Unlock(found.lockid);
    }
    if (!done.has_value()) Abandon(held);
  }
}

}  // namespace k2i::iceberg
