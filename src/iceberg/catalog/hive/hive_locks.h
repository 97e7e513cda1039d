// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/hive/hive_client.h"

namespace k2i::iceberg {

/// The metastore's exclusive locks on tables, which all writers of Iceberg tables in Hive take round a commit
/// (Iceberg's Java library and PyIceberg too). Thread-safe.
///
/// A lock outlives the connection it was taken over. One that could not be given back, or of which nobody knows whether
/// it was taken, is looked for and given back before the next is taken; the metastore itself drops it after
/// metastore.txn.timeout (five minutes) without a heartbeat.
class HiveLocks {
 public:
  /// The references must outlive this.
  HiveLocks(HiveClient& client, Clock& clock, Random& random, std::chrono::milliseconds timeout)
      : client_(client), clock_(clock), random_(random), timeout_(timeout) {}

  struct Held {
    int64_t id = 0;
    std::string database, table;
    std::string agent;  // tells this lock from all others
  };

  /// Waits until nobody else holds the table's lock. Unavailable when it is not to be had in time; errors of
  /// HiveClient, but never CommitStateUnknown: without the lock nothing has been committed.
  Result<Held> Take(const std::string& database, const std::string& table);
  /// A heartbeat. Unavailable when the metastore has dropped the lock.
  Status Keep(const Held& held);
  void GiveBack(const Held& held);

 private:
  Result<Held> Await(Held held, bool waiting);
  void Abandon(const Held& held);
  void ReleaseAbandoned(const std::string& database, const std::string& table);
  Status Unlock(int64_t id);

  HiveClient& client_;
  Clock& clock_;
  Random& random_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::vector<Held> abandoned_;  // guarded by mutex_
};

}  // namespace k2i::iceberg
