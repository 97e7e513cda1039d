// SPDX-License-Identifier: Apache-2.0
//
// What a process of the simulation is given in place of machines and services: each call is a moment at which others
// may run, faults happen, and the process may die.
#pragma once

#include <deque>
#include <memory>

#include "base/executor.h"
#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"
#include "kafka/source.h"
#include "sim/world.h"
#include "txlog/log_storage.h"

namespace k2i::sim {

class SimClock final : public Clock {
 public:
  SimClock(World& world, Life& life) : world_(world), life_(life) {}
  int64_t wall_ms() const override { return world_.clock.wall_ms() + life_.clock_skew.count() / 1'000'000; }
  Duration monotonic() const override { return world_.now(); }
  bool SleepFor(Duration duration, std::stop_token stop) override;

 private:
  World& world_;
  Life& life_;
};

/// Tasks run on a fiber of their own, one after the other.
class SimExecutor final : public Executor {
 public:
  SimExecutor(World& world, Life& life) : world_(world), life_(life) {}
  /// REQUIRES: idle.
  ~SimExecutor() override;
  void Submit(std::function<void()> task) override;
  bool WaitUntilIdle(Duration patience) override;

 private:
  void Start();

  World& world_;
  Life& life_;
  std::deque<std::function<void()>> tasks_;
  bool started_ = false, running_ = false;
  std::shared_ptr<bool> gone_ = std::make_shared<bool>(false);
};

class SimCatalog final : public iceberg::Catalog {
 public:
  SimCatalog(World& world, Life& life) : world_(world), life_(life) {}
  Status Ping() override { return {}; }
  Status EnsureNamespace(const std::vector<std::string>&) override { return {}; }
  Result<iceberg::LoadedTable> LoadTable(const iceberg::TableIdentifier& table) override;
  Result<iceberg::LoadedTable> CreateTable(const iceberg::TableIdentifier& table,
                                           const iceberg::CreateTableRequest& request) override;
  Result<iceberg::LoadedTable> CommitTable(const iceberg::LoadedTable& base,
                                           const std::vector<iceberg::TableRequirement>& requirements,
                                           const std::vector<iceberg::TableUpdate>& updates,
                                           const std::string& idempotency_key) override;
  Result<std::vector<iceberg::TableIdentifier>> ListTables() override;
  Status DropTable(const iceberg::TableIdentifier&) override { return PowerIsOff(); }

 private:
  Status Reach(const char* what);

  World& world_;
  Life& life_;
};

/// A commit as the catalog carries it out, watched by the ledger.
Result<iceberg::LoadedTable> ApplyCommit(World& world, const std::string& who, const iceberg::LoadedTable& base,
                                         const std::vector<iceberg::TableRequirement>& requirements,
                                         const std::vector<iceberg::TableUpdate>& updates);

class SimStore final : public io::ObjectStore {
 public:
  SimStore(World& world, Life& life) : world_(world), life_(life) {}
  Result<std::string> Read(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<io::OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  Result<io::FileInfo> Stat(std::string_view location) override;
  Result<std::vector<io::FileInfo>> List(std::string_view prefix) override;

 private:
  class File;
  Status Reach(const char* what);
  Status Reply(const char* what);

  World& world_;
  Life& life_;
};

/// No waiting here: the log holds a lock meanwhile. But any operation may be the last.
class SimLogStorage final : public txlog::LogStorage {
 public:
  SimLogStorage(World& world, Life& life) : world_(world), life_(life), disk_(life.machine.disk) {}
  Result<std::vector<std::string>> List() override;
  Result<std::string> Read(const std::string& name) override;
  Status Create(const std::string& name, std::string_view bytes) override;
  Status Append(const std::string& name, std::string_view bytes) override;
  Status Sync(const std::string& name) override;
  Status Truncate(const std::string& name, size_t size) override;
  Status Remove(const std::string& name) override;

 private:
  Status Room(const char* what);

  World& world_;
  Life& life_;
  Disk& disk_;
};

class SimSource final : public kafka::Source {
 public:
  SimSource(World& world, Life& life, kafka::RebalanceListener& listener)
      : world_(world), life_(life), listener_(listener) {}
  Result<kafka::MessageBatch> Poll(Duration timeout) override;
  Status Pause() override;
  Status Resume() override;
  Status Acknowledge(const OffsetVector& next) override;
  Result<kafka::ClusterInfo> Describe() override;
  std::map<TopicPartition, kafka::PartitionLag> Lag() override { return {}; }
  Status Close() override;

 private:
  std::vector<TopicPartition> Owned() const;
  Status Rebalance();
  void Lose();
  Status Take();
  kafka::MessageBatch Fetch();
  bool Isolated() const { return world_.now() < life_.machine.isolated_until; }

  World& world_;
  Life& life_;
  kafka::RebalanceListener& listener_;
  int member_ = 0;
  OffsetVector positions_;
  OffsetVector ends_told_;
  bool paused_ = false, closed_ = false;
  bool gone_ = false;  // retention was faster than we
  std::optional<Error> stuck_;
};

}  // namespace k2i::sim
