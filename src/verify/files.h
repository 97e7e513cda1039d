// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot's summary says against what its manifests hold, and which files the table refers to. Pure.
#pragma once

#include <map>
#include <vector>

#include "iceberg/scan/scan.h"
#include "verify/history.h"

namespace k2i::verify {

/// Counters of a snapshot of ours match its manifests, and it has no more rows than its ranges have positions. For
/// others: which rows they added, rewrote or removed; removed rows are a problem unless `allow_deletes`.
void CheckChanges(const Statement& statement, const iceberg::SnapshotChanges& changes, bool allow_deletes,
                  Findings& findings);

/// No data file stands twice in `live`, whatever scheme its location is written with.
void CheckReferences(const std::vector<iceberg::ManifestEntry>& live, Findings& findings);

/// The counters of the branch's newest snapshot against the live files.
void CheckTotals(const Statement& head, const iceberg::SnapshotFiles& live, Findings& findings);

int64_t RowsOf(const std::vector<iceberg::ManifestEntry>& entries);

}  // namespace k2i::verify
