// SPDX-License-Identifier: Apache-2.0
#include "ingest/table_views.h"

#include <utility>

#include "base/logging.h"
#include "ingest/committed_table.h"
#include "progress/progress.h"

namespace k2i::ingest {

using TablePtr = std::shared_ptr<const iceberg::TableMetadata>;

Result<buffer::CommittedTable> TableViews::Committed(TablePtr table) const {
  return ReadCommitted(std::move(table), options_.pipeline, options_.branch);
}

/// Whether rows that the shown snapshot holds may not be in `table` any more.
bool TableViews::HasLostRows(const iceberg::TableMetadata& table) const {
  if (!shown_snapshot_id_) return false;
  for (const auto* snapshot : progress::Ancestry(table, options_.branch)) {
    if (snapshot->snapshot_id == *shown_snapshot_id_) return false;
    const auto operation = snapshot->summary.find("operation");
    const bool keeps_rows =
        operation != snapshot->summary.end() && (operation->second == "append" || operation->second == "replace");
    if (!keeps_rows) return true;
  }
  return true;
}

void TableViews::Set(buffer::CommittedTable committed) {
  if (HasLostRows(*committed.table)) maker_.ForgetRetained();
  shown_ = committed.table;
  shown_snapshot_id_ = committed.snapshot_id;
  last_look_ = parts_.clock.monotonic();
  loading_ = std::make_shared<Loading>();
  maker_.SetCommitted(std::move(committed), last_look_);
}

Status TableViews::Show(TablePtr table) {
  K2I_ASSIGN_OR_RETURN(auto committed, Committed(std::move(table)));
  if (shown_ != nullptr && shown_->table_uuid != committed.table->table_uuid) return {};
  // What a flush has left may be older than what was loaded meanwhile.
  if (shown_ != nullptr && committed.table->last_sequence_number < shown_->last_sequence_number) return {};
  if (maker_.WouldLeaveGap(committed.offsets)) return {};
  Set(std::move(committed));
  return {};
}

void TableViews::Tick(bool may_load) {
  TakeLoaded();
  const Duration now = parts_.clock.monotonic();
  maker_.ExpireRetained(now);
  const bool wanted = options_.refresh_interval > Duration(0) && shown_ != nullptr;
  if (wanted && may_load && now - last_look_ >= options_.refresh_interval) Load();
}

void TableViews::TakeLoaded() {
  TablePtr loaded;
  {
    std::lock_guard lock(loading_->mutex);
    loaded = std::exchange(loading_->loaded, nullptr);
  }
  if (loaded == nullptr) return;
  if (auto shown = Show(std::move(loaded)); !shown) {
    log::Warn("view_not_refreshed", {{"table", options_.table.ToString()}, {"error", shown.error().ToString()}});
  }
}

void TableViews::Load() {
  {
    std::lock_guard lock(loading_->mutex);
    if (std::exchange(loading_->under_way, true)) return;
  }
  last_look_ = parts_.clock.monotonic();
  parts_.executor.Submit([&catalog = parts_.catalog, table = options_.table, loading = loading_] {
    // A failure is no matter: the view stays as it is until the next time.
    auto loaded = catalog.LoadTable(table);
    std::lock_guard lock(loading->mutex);
    loading->under_way = false;
    if (loaded) loading->loaded = loaded->metadata;
  });
}

}  // namespace k2i::ingest
