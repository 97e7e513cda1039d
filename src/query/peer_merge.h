// SPDX-License-Identifier: Apache-2.0
//
// What is made of the hot rows of other processes: one view of all partitions. Pure.
#pragma once

#include <string>
#include <vector>

#include "buffer/view_maker.h"
#include "query/hot_peers.h"

namespace k2i::query {

struct PeerAnswer {
  std::string peer;
  Result<PeerRows> rows;
};

struct MergedView {
  buffer::ViewPtr view;
  /// A newer snapshot may cover more: a peer no longer holds, or has never had, rows from where this one ends.
  bool behind = false;
  std::vector<PeerFailure> failures;
};

/// `own` with the peers' rows of partitions that are not read here, at the same snapshot. Of a partition the rows of
/// one reader are taken, of whoever has got furthest, and only if they begin where the snapshot ends. The partitions so
/// covered count as assigned. Answers that contradict themselves or that are not of this table are failures, and so are
/// rows that do not fit the columns.
MergedView MergePeers(const buffer::ViewPtr& own, std::vector<PeerAnswer> answers);

/// `view` as it would be had it known of that commit; null when it has nothing newer, or does not join the hot rows.
buffer::ViewPtr Rebase(const buffer::View& view, const buffer::CommittedTable& committed);

}  // namespace k2i::query
