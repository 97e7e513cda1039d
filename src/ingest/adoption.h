// SPDX-License-Identifier: Apache-2.0
//
// Files that a process had completed when it died, committed by the next start in its place: nothing of them is encoded
// and uploaded again.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "ingest/flusher.h"

namespace k2i::ingest {

/// Ids of the topics of `ranges`, empty where `cluster` has none.
std::map<std::string, std::string> TopicIds(const OffsetRanges& ranges, const kafka::ClusterInfo& cluster);

/// Whether the open flush is what comes next in `table`, whose boundary is `boundary`: its commit was about to be asked
/// for, by this pipeline, in this table and branch, its offsets are of this cluster and of these topics, and its ranges
/// join. Of a partition without a boundary any range does, as for whoever commits it. Pure.
bool IsNext(const txlog::OpenFlush& flush, const iceberg::TableMetadata& table, const progress::Progress& boundary,
            const CommitterOptions& committer, const kafka::ClusterInfo& cluster);

/// The upload of a flush that IsNext: its files by its manifest, each looked for in the store. Corruption when
/// manifest, log and store do not agree; NotFound when one of them has gone; other errors of the store. `clock`: what
/// the age of the files is told by.
Result<Upload> ReadUpload(io::ObjectStore& store, const Clock& clock, const iceberg::TableMetadata& table,
                          const txlog::OpenFlush& flush);

/// What an adoption is made with.
struct AdoptionParts {
  Flusher& flusher;
  const Flusher::Parts& flushing;
  const CommitterOptions& committer;  // the flusher's
  const kafka::ClusterInfo& cluster;
  const RetryPolicy& store_patience;  // how long to wait for the store before it is done without
};

/// Commits the uploads among the open flushes of `table`, whose boundary is `boundary`, and takes them out of
/// `recovered`; what is left there is for PlanRecovery. Returns the boundary after it. Waits through outages of the
/// catalog.
/// - Cancelled, CommitStateUnknown: stopped; the next start sees to it.
/// - errors of the log.
/// Not for a table of dead letters: its files may be adopted when their records have become rows elsewhere.
Result<progress::Progress> AdoptUploads(const AdoptionParts& parts, const iceberg::LoadedTable& table,
                                        progress::Progress boundary, txlog::RecoveryState& recovered,
                                        std::stop_token stop);

}  // namespace k2i::ingest
