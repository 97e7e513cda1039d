// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "buffer/view.h"
#include "buffer/view_maker.h"
#include "query/hot_peers.h"
#include "query/scan_counts.h"
#include "query/service.h"

namespace k2i {
class MetricsRegistry;
}
namespace k2i::io {
class ObjectStore;
}

namespace k2i::query {

struct EngineCore;

/// A table that is served. All it refers to must outlive the engine.
struct ServedTable {
  std::string database;
  std::string table;
  const buffer::ViewPublisher* views = nullptr;
  io::ObjectStore* store = nullptr;
  std::string key;           // column that look-ups by key go by; "": none
  std::string topic_column;  // metadata columns, "" where the table has none
  std::string partition_column;
  std::string offset_column;
  std::string timestamp_column;
  /// The table as the catalog has it now. Called on a thread of its own; may be empty: queries then stay with the
  /// view's snapshot, also where a peer's rows do not join it.
  std::function<Result<buffer::CommittedTable>()> reload = {};
};

struct EngineOptions {
  int threads = 2;                                   // of all queries together, beside those that ask
  int64_t memory_bytes = int64_t{512} << 20;         // of all queries together; with peers, a quarter is for their rows
  int niceness = 0;                                  // of the threads that ask or scan, from then on; see nice(2)
  Duration timeout = std::chrono::seconds(60);       // the longest a query may take
  int64_t max_rows = 10'000'000;                     // of an answer
  int max_running = 8;                               // queries at once
  int max_waiting = 64;                              // and those that wait for their turn
  size_t manifest_cache_entries = 20'000;            // data files whose manifest entries stay in memory
  arrow::MemoryPool* pool = nullptr;                 // for rows read from files; null: Arrow's default
  MetricsRegistry* metrics = nullptr;                // null: none
  std::vector<std::shared_ptr<HotPeer>> peers = {};  // the other processes of the group
  Duration peer_timeout = std::chrono::milliseconds(1000);  // that a query waits for all of them
  /// Called at the end of each query, on the thread that ends it; may be empty.
  std::function<void(const ScanCounts& counts, double seconds)> on_end;
};

/// Queries over views: see Service. Each query pins one view of each table it mentions, completes it with the rows of
/// the peers, and reads hot rows and the files of the view's snapshot as one table. Tails are of this process alone.
/// Thread-safe; answers must not outlive it.
class Engine final : public Service {
 public:
  /// InvalidConfig for two tables of one name.
  static Result<std::unique_ptr<Engine>> Make(EngineOptions options, std::vector<ServedTable> tables);
  ~Engine() override;

  Result<std::unique_ptr<Answer>> Query(const SqlRequest& request) override;
  Result<Description> Describe(const std::string& sql) override;
  Result<std::unique_ptr<Answer>> Lookup(const LookupRequest& request) override;
  Result<std::unique_ptr<Answer>> Tail(const TailRequest& request) override;
  std::vector<TableInfo> Tables() override;
  Result<TableInfo> Table(const std::string& name) override;

 private:
  explicit Engine(std::unique_ptr<EngineCore> core);
  std::unique_ptr<EngineCore> core_;
};

}  // namespace k2i::query
