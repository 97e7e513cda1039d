// SPDX-License-Identifier: Apache-2.0
#include "query/running_query.h"

#include <utility>

namespace k2i::query {

void RunningQuery::Stop(Error reason) {
  std::lock_guard lock(mutex_);
  if (!reason_) reason_ = std::move(reason);
  stopped_ = true;
}

std::optional<Error> RunningQuery::reason() const {
  std::lock_guard lock(mutex_);
  return reason_;
}

void RunningQuery::Count(const ScanCounts& more) {
  std::lock_guard lock(mutex_);
  counts_.files_scanned += more.files_scanned;
  counts_.files_skipped += more.files_skipped;
  counts_.manifests_scanned += more.manifests_scanned;
  counts_.manifests_skipped += more.manifests_skipped;
  counts_.row_groups_scanned += more.row_groups_scanned;
  counts_.row_groups_skipped += more.row_groups_skipped;
  counts_.slices_scanned += more.slices_scanned;
  counts_.slices_skipped += more.slices_skipped;
  counts_.hot_rows += more.hot_rows;
  counts_.cold_rows += more.cold_rows;
}

ScanCounts RunningQuery::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace k2i::query
