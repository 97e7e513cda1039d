// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

/// A catalog in memory with the semantics of a real one, and hooks for what goes wrong on the way. Thread-safe.
class MemoryCatalog final : public Catalog {
 public:
  MemoryCatalog(Clock& clock, Random& random) : clock_(clock), random_(random) {}

  /// Called before a commit is applied; an error is returned in its place (a lost request, an outage).
  std::function<Status()> before_commit;
  /// Called after a commit was applied; an error is returned although it was (a lost reply).
  std::function<Status()> after_commit;
  std::function<Status()> before_load;

  Status Ping() override { return {}; }
  Status EnsureNamespace(const std::vector<std::string>&) override { return {}; }
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override;
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override;
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates, const std::string& idempotency_key) override;
  Result<std::vector<TableIdentifier>> ListTables() override;
  Status DropTable(const TableIdentifier& table) override;

  /// What another writer does: the updates, without requirements and hooks.
  Result<LoadedTable> ForeignCommit(const TableIdentifier& table, const std::vector<TableUpdate>& updates);
  int commits() const { return commits_; }

 private:
  Result<LoadedTable> Apply(const TableIdentifier& table, const std::vector<TableRequirement>& requirements,
                            const std::vector<TableUpdate>& updates);
  std::string NextLocation(const TableMetadata& table);

  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, LoadedTable> tables_;
  int commits_ = 0, versions_ = 0;
};

}  // namespace k2i::iceberg
