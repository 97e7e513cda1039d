// SPDX-License-Identifier: Apache-2.0
//
// A table whose snapshots come and go, with real manifests and stand-ins for data files, and what it reaches by the
// plainest of definitions.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/scan/scan.h"
#include "io/memory_object_store_testing.h"

namespace k2i::maintenance {

class TableHistory {
 public:
  TableHistory(iceberg::Catalog& catalog, io::MemoryObjectStore& store, Clock& clock, Random& random,
               const std::string& location = "s3://b/wh/db/t", const std::string& name = "t")
      : catalog_(catalog), store_(store), clock_(clock), random_(random), identifier_{{"db"}, name} {
    iceberg::CreateTableRequest request;
    request.location = location;
    request.schema.type = iceberg::Type::Struct({{1, "id", iceberg::Type::Primitive(iceberg::TypeId::kLong)}});
    EXPECT_TRUE(catalog_.CreateTable(identifier_, request).has_value());
  }

  const iceberg::TableIdentifier& identifier() const { return identifier_; }
  iceberg::TableMetadata Metadata() { return *catalog_.LoadTable(identifier_)->metadata; }

  void Commit(const std::vector<iceberg::TableUpdate>& updates) {
    const auto base = catalog_.LoadTable(identifier_);
    const auto committed = catalog_.CommitTable(*base, {}, updates, "");
    EXPECT_TRUE(committed.has_value()) << committed.error().ToString();
  }

  std::string DataPath(const std::string& name) { return Metadata().location + "/data/" + name; }

  /// A commit on `branch` that removes and adds data files by their names; a second later than the one before.
  /// Manifests that it does not touch are carried along, others are written anew, as Iceberg's engines do it.
  int64_t Change(const std::vector<std::string>& removed, const std::vector<std::string>& added,
                 const std::string& branch = "main", std::map<std::string, std::string> summary = {}) {
    (void)clock_.SleepFor(std::chrono::seconds(1), {});
    const auto base = Metadata();
    const iceberg::Snapshot* parent = base.FindRef(branch);
    if (parent == nullptr && base.current_snapshot_id) parent = base.FindSnapshot(*base.current_snapshot_id);
    iceberg::Snapshot snapshot;
    snapshot.snapshot_id = ++last_id_;
    if (parent != nullptr) snapshot.parent_snapshot_id = parent->snapshot_id;
    snapshot.sequence_number = base.last_sequence_number + 1;
    snapshot.timestamp_ms = clock_.wall_ms();
    snapshot.summary = std::move(summary);
    snapshot.summary["operation"] = removed.empty() ? "append" : "overwrite";
    std::vector<iceberg::ManifestFile> list;
    if (parent != nullptr) list = Carried(base, *parent, removed, snapshot.snapshot_id);
    if (!added.empty()) list.insert(list.begin(), Manifest(base, snapshot.snapshot_id, Added(added)));
    snapshot.manifest_list = base.location + "/metadata/snap-" + std::to_string(snapshot.snapshot_id) + ".avro";
    store_.Overwrite(snapshot.manifest_list, *iceberg::EncodeManifestList(2, snapshot, list));
    Commit({iceberg::update::AddSnapshot{snapshot},
            iceberg::update::SetSnapshotRef{branch, {.snapshot_id = snapshot.snapshot_id}}});
    return snapshot.snapshot_id;
  }
  int64_t Append(const std::vector<std::string>& names) { return Change({}, names); }

  /// All that the table's snapshots reach, read one by one. Without metadata files.
  std::set<std::string> Reachable() {
    const auto table = Metadata();
    std::set<std::string> files;
    for (const auto& snapshot : table.snapshots) {
      files.insert(snapshot.manifest_list);
      const auto manifests = *iceberg::ListManifests(store_, snapshot);
      for (const auto& manifest : manifests) files.insert(manifest.manifest_path);
      const auto live = iceberg::PlanFiles(store_, table, snapshot);
      EXPECT_TRUE(live.has_value());
      for (const auto& entry : live->data) files.insert(entry.data_file.file_path);
    }
    return files;
  }

  /// What is in the store, without metadata files.
  std::set<std::string> Stored() {
    std::set<std::string> files;
    for (const std::string& location : store_.locations()) {
      if (!location.ends_with(".metadata.json")) files.insert(location);
    }
    return files;
  }

 private:
  std::vector<iceberg::ManifestEntry> Added(const std::vector<std::string>& names) {
    std::vector<iceberg::ManifestEntry> entries;
    for (const std::string& name : names) {
      iceberg::ManifestEntry& entry = entries.emplace_back();
      entry.data_file.file_path = DataPath(name);
      entry.data_file.record_count = 1;
      entry.data_file.file_size_in_bytes = 4;
      if (!store_.Exists(entry.data_file.file_path)) store_.Overwrite(entry.data_file.file_path, "rows");
    }
    return entries;
  }

  iceberg::ManifestFile Manifest(const iceberg::TableMetadata& base, int64_t snapshot_id,
                                 const std::vector<iceberg::ManifestEntry>& entries) {
    auto encoded = iceberg::EncodeManifest(2, base.current_schema(), base.default_spec(), snapshot_id, entries);
    EXPECT_TRUE(encoded.has_value()) << encoded.error().ToString();
    encoded->summary.manifest_path = base.location + "/metadata/" + random_.Uuid() + "-m0.avro";
    store_.Overwrite(encoded->summary.manifest_path, encoded->bytes);
    return encoded->summary;
  }

  std::vector<iceberg::ManifestFile> Carried(const iceberg::TableMetadata& base, const iceberg::Snapshot& parent,
                                             const std::vector<std::string>& removed, int64_t snapshot_id) {
    using Status = iceberg::ManifestEntry::Status;
    std::vector<iceberg::ManifestFile> list;
    const auto manifests = *iceberg::ListManifests(store_, parent);
    for (const auto& manifest : manifests) {
      auto entries = *iceberg::ReadManifest(store_, base, manifest);
      std::erase_if(entries, [](const auto& entry) { return entry.status == Status::kDeleted; });
      bool touched = false;
      for (auto& entry : entries) {
        const bool goes = std::ranges::any_of(
            removed, [&](const std::string& name) { return entry.data_file.file_path == DataPath(name); });
        entry.status = goes ? Status::kDeleted : Status::kExisting;
        if (goes) entry.snapshot_id = snapshot_id;
        touched |= goes;
      }
      if (entries.empty()) continue;  // only deleted entries: dropped by the next commit
      list.push_back(touched ? Manifest(base, snapshot_id, entries) : manifest);
    }
    return list;
  }

  iceberg::Catalog& catalog_;
  io::MemoryObjectStore& store_;
  Clock& clock_;
  Random& random_;
  const iceberg::TableIdentifier identifier_;
  int64_t last_id_ = 0;
};

}  // namespace k2i::maintenance
