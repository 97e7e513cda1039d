// SPDX-License-Identifier: Apache-2.0
#include "maintenance/reachability.h"

#include <map>
#include <mutex>

#include "iceberg/scan/scan.h"
#include "maintenance/location_key.h"
#include "maintenance/parallel.h"

namespace k2i::maintenance {
namespace {

using iceberg::ManifestEntry;
using iceberg::ManifestFile;
using iceberg::Snapshot;
using iceberg::SnapshotList;
using iceberg::TableMetadata;
using Manifests = std::map<std::string, ManifestFile>;  // by key

Result<std::string> KeyOf(const std::string& location) {
  K2I_ASSIGN_OR_RETURN(const LocationKey key, LocationKey::Of(location));
  return key.ToString();
}

/// False only for manifests that say so: those of v1 may lack the counts.
bool MayHaveLiveFiles(const ManifestFile& manifest) {
  return manifest.added_files_count != 0 || manifest.existing_files_count != 0;
}

template <typename Map>
std::vector<const typename Map::mapped_type*> Values(const Map& map) {
  std::vector<const typename Map::mapped_type*> values;
  for (const auto& [key, value] : map) values.push_back(&value);
  return values;
}

TableFile FileOf(const ManifestEntry& entry) {
  const bool data = entry.data_file.content == iceberg::DataFile::Content::kData;
  return {data ? FileKind::kData : FileKind::kDelete, entry.data_file.file_path};
}

/// Lists and manifests, in several turns.
class Reading {
 public:
  explicit Reading(const ReadingOptions& options) : options_(options) {}

  /// ForEachInParallel; Cancelled before a piece of work once it is told to stop.
  Status ForEach(size_t count, const std::function<Status(size_t)>& work) {
    of_ += static_cast<int64_t>(count);
    return ForEachInParallel(count, options_.threads, [&](size_t i) -> Status {
      if (options_.stop.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped while manifests were read");
      K2I_RETURN_IF_ERROR(work(i));
      std::lock_guard lock(mutex_);
      ++done_;
      if (options_.progress) options_.progress(done_, of_);
      return {};
    });
  }

 private:
  const ReadingOptions& options_;
  std::mutex mutex_;
  int64_t done_ = 0;  // guarded by mutex_
  int64_t of_ = 0;    // changes between turns only
};

class ExpiredSearch {
 public:
  ExpiredSearch(io::ObjectStore& store, const TableMetadata& before, const TableMetadata& table,
                const ReadingOptions& options)
      : store_(store), before_(before), table_(table), reading_(options) {}

  Result<ExpiredFiles> Find(const SnapshotList& removed, const SnapshotList& kept) {
    K2I_RETURN_IF_ERROR(GatherRemoved(removed));
    K2I_RETURN_IF_ERROR(SubtractKeptLists(kept));
    K2I_RETURN_IF_ERROR(SearchManifests());
    K2I_RETURN_IF_ERROR(SubtractKeptEntries());
    Take(contents_);
    for (const auto& [key, manifest] : manifests_) {
      found_.files.push_back({FileKind::kManifest, manifest.manifest_path});
    }
    Take(lists_);
    K2I_RETURN_IF_ERROR(AddStatistics());
    return std::move(found_);
  }

 private:
  /// The manifests of removed snapshots. One that cannot be read must not keep the rest.
  Status GatherRemoved(const SnapshotList& removed) {
    return reading_.ForEach(removed.size(), [&](size_t i) -> Status {
      const auto listed = iceberg::ListManifests(store_, removed[i]);
      std::lock_guard lock(mutex_);
      if (!listed.has_value()) {
        found_.unreadable.push_back(removed[i].manifest_list);
        return {};
      }
      if (const auto key = Decided(removed[i].manifest_list)) {
        lists_.emplace(*key, TableFile{FileKind::kManifestList, removed[i].manifest_list});
      }
      for (const ManifestFile& manifest : *listed) {
        if (const auto key = Decided(manifest.manifest_path)) manifests_.try_emplace(*key, manifest);
      }
      return {};
    });
  }

  Status SubtractKeptLists(const SnapshotList& kept) {
    for (const Snapshot& snapshot : kept) {
      K2I_ASSIGN_OR_RETURN(const std::string key, KeyOf(snapshot.manifest_list));
      lists_.erase(key);
    }
    return reading_.ForEach(kept.size(), [&](size_t i) -> Status {
      K2I_ASSIGN_OR_RETURN(const auto listed, iceberg::ListManifests(store_, kept[i]));
      std::lock_guard lock(mutex_);
      for (const ManifestFile& manifest : listed) {
        K2I_ASSIGN_OR_RETURN(const std::string key, KeyOf(manifest.manifest_path));
        manifests_.erase(key);
        if (MayHaveLiveFiles(manifest)) kept_manifests_.try_emplace(key, manifest).first->second.partitions.clear();
      }
      return {};
    });
  }

  /// Deleted entries count too: the snapshot that had the file live may be one that could not be read.
  Status SearchManifests() {
    const auto all = Values(manifests_);
    return reading_.ForEach(all.size(), [&](size_t i) -> Status {
      const auto entries = iceberg::ReadManifest(store_, before_, *all[i]);
      std::lock_guard lock(mutex_);
      if (!entries.has_value()) {
        found_.unreadable.push_back(all[i]->manifest_path);
        return {};
      }
      for (const ManifestEntry& entry : *entries) {
        if (const auto key = Decided(entry.data_file.file_path)) contents_.try_emplace(*key, FileOf(entry));
      }
      return {};
    });
  }

  Status SubtractKeptEntries() {
    if (contents_.empty()) return {};
    const auto all = Values(kept_manifests_);
    return reading_.ForEach(all.size(), [&](size_t i) -> Status {
      {
        std::lock_guard lock(mutex_);
        if (contents_.empty()) return {};
      }
      K2I_ASSIGN_OR_RETURN(const auto entries, iceberg::ReadManifest(store_, table_, *all[i]));
      std::lock_guard lock(mutex_);
      for (const ManifestEntry& entry : entries) {
        if (entry.status == ManifestEntry::Status::kDeleted) continue;
        K2I_ASSIGN_OR_RETURN(const std::string key, KeyOf(entry.data_file.file_path));
        contents_.erase(key);
      }
      return {};
    });
  }

  Status AddStatistics() {
    std::unordered_set<std::string> live;
    K2I_ASSIGN_OR_RETURN(const auto now, StatisticsFiles(table_));
    for (const TableFile& file : now) {
      K2I_ASSIGN_OR_RETURN(std::string key, KeyOf(file.location));
      live.insert(std::move(key));
    }
    K2I_ASSIGN_OR_RETURN(auto then, StatisticsFiles(before_));
    for (TableFile& file : then) {
      const auto key = Decided(file.location);
      if (key && live.insert(*key).second) found_.files.push_back(std::move(file));
    }
    return {};
  }

  /// The key of a file that may go; one whose location cannot be compared with others' stays.
  std::optional<std::string> Decided(const std::string& location) {
    auto key = KeyOf(location);
    if (key.has_value()) return *std::move(key);
    found_.unreadable.push_back(location);
    return std::nullopt;
  }

  void Take(std::map<std::string, TableFile>& files) {
    for (auto& [key, file] : files) found_.files.push_back(std::move(file));
  }

  io::ObjectStore& store_;
  const TableMetadata& before_;
  const TableMetadata& table_;
  Reading reading_;
  std::mutex mutex_;  // guards what follows
  ExpiredFiles found_;
  std::map<std::string, TableFile> lists_, contents_;
  Manifests manifests_, kept_manifests_;
};

}  // namespace

Result<ExpiredFiles> FindExpiredFiles(io::ObjectStore& store, const TableMetadata& before, const SnapshotList& removed,
                                      const TableMetadata& table, const SnapshotList& kept,
                                      const ReadingOptions& options) {
  return ExpiredSearch(store, before, table, options).Find(removed, kept);
}

Status ReachabilityReader::Read(const TableMetadata& table, const std::string& metadata_location,
                                const Visitor& visit) {
  K2I_RETURN_IF_ERROR(CheckReadable(table));
  for (const TableFile& file : MetadataFiles(table, metadata_location)) K2I_RETURN_IF_ERROR(visit(file.location));
  K2I_ASSIGN_OR_RETURN(const auto statistics, StatisticsFiles(table));
  for (const TableFile& file : statistics) K2I_RETURN_IF_ERROR(visit(file.location));

  std::vector<const Snapshot*> snapshots;
  for (const Snapshot& snapshot : table.snapshots) {
    if (lists_.insert(snapshot.manifest_list).second) snapshots.push_back(&snapshot);
  }
  Reading reading(options_);
  std::mutex mutex;
  std::vector<ManifestFile> manifests;
  K2I_RETURN_IF_ERROR(reading.ForEach(snapshots.size(), [&](size_t i) -> Status {
    K2I_ASSIGN_OR_RETURN(auto listed, iceberg::ListManifests(store_, *snapshots[i]));
    std::lock_guard lock(mutex);
    K2I_RETURN_IF_ERROR(visit(snapshots[i]->manifest_list));
    for (ManifestFile& manifest : listed) {
      if (!manifests_.insert(manifest.manifest_path).second) continue;
      K2I_RETURN_IF_ERROR(visit(manifest.manifest_path));
      manifest.partitions.clear();
      if (MayHaveLiveFiles(manifest)) manifests.push_back(std::move(manifest));
    }
    return {};
  }));
  return reading.ForEach(manifests.size(), [&](size_t i) -> Status {
    K2I_ASSIGN_OR_RETURN(const auto entries, iceberg::ReadManifest(store_, table, manifests[i]));
    std::lock_guard lock(mutex);
    for (const ManifestEntry& entry : entries) {
      if (entry.status != ManifestEntry::Status::kDeleted) K2I_RETURN_IF_ERROR(visit(entry.data_file.file_path));
    }
    return {};
  });
}

}  // namespace k2i::maintenance
