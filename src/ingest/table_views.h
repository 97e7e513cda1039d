// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "buffer/view_maker.h"
#include "iceberg/catalog/catalog.h"

namespace k2i::ingest {

/// What queries see of the stream's table: keeps the views in step with what the stream seals and drops, what it
/// commits, and what other processes commit, which it finds out by loading the table now and then. The polling
/// thread's.
class TableViews {
 public:
  struct Parts {
    buffer::ViewPublisher& views;
    arrow::MemoryPool& pool;
    iceberg::Catalog& catalog;
    Executor& executor;  // loads the table
    Clock& clock;
  };
  struct Options {
    iceberg::TableIdentifier table;
    std::string pipeline;
    std::string branch;
    buffer::ViewMaker::Options views;
    Duration refresh_interval{0};  // 0: others' commits are seen with the next of ours
  };

  /// `parts` must outlive this, and what the executor has still to run.
  TableViews(Parts parts, Options options)
      : parts_(parts), options_(std::move(options)), maker_(parts.views, options_.views, &parts.pool) {}

  /// The table as it was found, or as a commit of ours has left it. Not shown is one that is older than what is shown,
  /// and one that the hot rows do not join, rolled back or made anew: the next commit says what is to be done, and
  /// until then the last view stands. Corruption: it does not say what it holds.
  Status Show(std::shared_ptr<const iceberg::TableMetadata> table);

  void Append(const buffer::SlicePtr& slice) { maker_.Append(slice); }
  void Drop(const std::vector<TopicPartition>& partitions) { maker_.Drop(partitions); }
  void SetAssigned(std::vector<TopicPartition> partitions) { maker_.SetAssigned(std::move(partitions)); }
  void EvictRetained(int64_t bytes) { maker_.EvictRetained(bytes); }
  buffer::ViewMaker::Usage retained() const { return maker_.retained(); }

  /// What is due now: lets old rows go, shows a table that has been loaded, and, where it `may_load`, has it loaded.
  void Tick(bool may_load);

 private:
  /// What the executor hands back.
  struct Loading {
    std::mutex mutex;
    bool under_way = false;                                // guarded by mutex
    std::shared_ptr<const iceberg::TableMetadata> loaded;  // guarded by mutex
  };

  Result<buffer::CommittedTable> Committed(std::shared_ptr<const iceberg::TableMetadata> table) const;
  void Set(buffer::CommittedTable committed);
  bool HasLostRows(const iceberg::TableMetadata& table) const;
  void TakeLoaded();
  void Load();

  Parts parts_;
  const Options options_;
  buffer::ViewMaker maker_;
  std::shared_ptr<const iceberg::TableMetadata> shown_;
  std::optional<int64_t> shown_snapshot_id_;
  Duration last_look_{0};
  /// A new one each time the table becomes known by other means, so that what was loaded before that is not shown.
  std::shared_ptr<Loading> loading_ = std::make_shared<Loading>();
};

}  // namespace k2i::ingest
