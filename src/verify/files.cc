// SPDX-License-Identifier: Apache-2.0
#include "verify/files.h"

#include <fmt/format.h>

#include <charconv>

#include "io/location.h"

namespace k2i::verify {
namespace {

using iceberg::ManifestEntry;

/// A counter of a summary; 0 where it is not there, nullopt for one that is no number.
std::optional<int64_t> Counter(const iceberg::Snapshot& snapshot, const std::string& key) {
  const auto found = snapshot.summary.find(key);
  if (found == snapshot.summary.end()) return 0;
  int64_t value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void CheckCounter(const Statement& statement, const std::string& key, int64_t found, Findings& findings) {
  if (Counter(*statement.snapshot, key) == found) return;
  const auto said = statement.snapshot->summary.find(key);
  findings.Problem("counters", {statement.snapshot->snapshot_id},
                   fmt::format("the summary's {} is {}, but its manifests hold {}", key,
                               said == statement.snapshot->summary.end() ? "missing" : said->second, found));
}

std::string Operation(const iceberg::Snapshot& snapshot) {
  const auto found = snapshot.summary.find("operation");
  return found == snapshot.summary.end() ? "operation unknown" : found->second;
}

/// Compaction and merged manifests: rows move, none comes or goes, and nothing new is said of Kafka.
/// But for what delete files had deleted, as it says.
void CheckReplacement(const Statement& statement, const iceberg::SnapshotChanges& changes, bool allow_deletes,
                      Findings& findings) {
  const int64_t id = statement.snapshot->snapshot_id;
  const int64_t rows = RowsOf(changes.added_data), removed = RowsOf(changes.removed_data);
  CheckCounter(statement, "deleted-data-files", static_cast<int64_t>(changes.removed_data.size()), findings);
  CheckCounter(statement, "deleted-records", removed, findings);
  const int64_t deleted = Counter(*statement.snapshot, std::string(progress::kRowsDeletedKey)).value_or(0);
  if (removed - rows != deleted) {
    findings.Problem("counters", {id}, fmt::format("{} rows were rewritten as {}", removed, rows));
  } else if (deleted > 0) {
    findings.Add(allow_deletes ? Severity::kUnchecked : Severity::kProblem, "deleted-rows", {id},
                 fmt::format("removed {} rows that delete files had deleted", deleted));
  }
  if (!statement.ranges.empty()) {
    findings.Problem("range", {id}, "a snapshot that replaces files says that it brings in offsets");
  }
}

void CheckOurs(const Statement& statement, const iceberg::SnapshotChanges& changes, bool allow_deletes,
               Findings& findings) {
  const int64_t id = statement.snapshot->snapshot_id;
  const int64_t rows = RowsOf(changes.added_data);
  CheckCounter(statement, "added-data-files", static_cast<int64_t>(changes.added_data.size()), findings);
  CheckCounter(statement, "added-records", rows, findings);
  if (Operation(*statement.snapshot) == "replace") {
    return CheckReplacement(statement, changes, allow_deletes, findings);
  }
  if (const int64_t removed = RowsOf(changes.removed_data); removed > 0) {
    findings.Problem("counters", {id}, fmt::format("{} rows were removed by a commit that only adds", removed));
    return;
  }
  if (statement.replayed) {
    // Letters decoded after all: their offsets are below the vector, in the ranges of earlier snapshots.
    if (rows != *statement.replayed || !statement.ranges.empty()) {
      findings.Problem("counters", {id},
                       fmt::format("{} rows, but it says that it replays {} dead letters", rows, *statement.replayed));
    }
    return;
  }
  int64_t positions = 0;
  for (const auto& [partition, range] : statement.ranges) positions += range.end.value - range.begin.value;
  if (statement.readable && rows > positions) {
    findings.Problem("counters", {id}, fmt::format("{} rows, but its ranges have {} positions", rows, positions));
  }
}

void CheckForeign(const Statement& statement, const iceberg::SnapshotChanges& changes, bool allow_deletes,
                  Findings& findings) {
  const int64_t id = statement.snapshot->snapshot_id;
  const std::string what = Operation(*statement.snapshot) +
                           (statement.pipeline.empty() ? " of another writer" : " of pipeline " + statement.pipeline);
  const int64_t added = RowsOf(changes.added_data), removed = RowsOf(changes.removed_data);
  const auto removal = [&](const std::string& text) {
    findings.Add(allow_deletes ? Severity::kUnchecked : Severity::kProblem, "deleted-rows", {id},
                 fmt::format("{} {}", what, text));
  };
  if (!changes.added_deletes.empty()) {
    removal(fmt::format("added {} delete files: rows are deleted", changes.added_deletes.size()));
  } else if (removed > added) {
    removal(fmt::format("removed {} rows", removed - added));
  } else if (removed > 0 && removed == added) {
    findings.Note("foreign", {id}, fmt::format("{} rewrote {} rows", what, removed));
  } else if (removed > 0) {
    findings.Unchecked("foreign", {id}, fmt::format("{} replaced {} rows with {}", what, removed, added));
  } else {
    findings.Note("foreign", {id}, fmt::format("{} added {} rows", what, added));
  }
}

/// The same for every way to write one location.
std::string Normalized(const std::string& location) {
  if (const auto path = io::LocalPath(location)) return *path;
  if (const auto path = io::S3Path(location)) return "s3://" + *path;
  return location;
}

}  // namespace

int64_t RowsOf(const std::vector<ManifestEntry>& entries) {
  int64_t rows = 0;
  for (const ManifestEntry& entry : entries) rows += entry.data_file.record_count;
  return rows;
}

void CheckChanges(const Statement& statement, const iceberg::SnapshotChanges& changes, bool allow_deletes,
                  Findings& findings) {
  if (statement.ours) {
    CheckOurs(statement, changes, allow_deletes, findings);
  } else {
    CheckForeign(statement, changes, allow_deletes, findings);
  }
}

void CheckReferences(const std::vector<ManifestEntry>& live, Findings& findings) {
  std::map<std::string, const ManifestEntry*> seen;
  for (const ManifestEntry& entry : live) {
    const auto [first, fresh] = seen.emplace(Normalized(entry.data_file.file_path), &entry);
    if (fresh) continue;
    findings.Problem(
        "double-reference", {entry.snapshot_id},
        fmt::format("data file {} is referenced twice, by this snapshot and by snapshot {}: its {} rows "
                    "are read twice",
                    entry.data_file.file_path, first->second->snapshot_id.value_or(0), entry.data_file.record_count));
  }
}

void CheckTotals(const Statement& head, const iceberg::SnapshotFiles& live, Findings& findings) {
  const auto check = [&](const std::string& key, int64_t found) {
    if (!head.snapshot->summary.contains(key)) return;
    if (Counter(*head.snapshot, key) == found) return;
    findings.Problem(
        "counters", {head.snapshot->snapshot_id},
        fmt::format("the summary's {} is {}, but its manifests hold {}", key, head.snapshot->summary.at(key), found));
  };
  check("total-records", RowsOf(live.data));
  check("total-data-files", static_cast<int64_t>(live.data.size()));
}

}  // namespace k2i::verify
