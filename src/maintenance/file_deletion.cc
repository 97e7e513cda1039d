// SPDX-License-Identifier: Apache-2.0
#include "maintenance/file_deletion.h"

#include <mutex>

#include "maintenance/parallel.h"

namespace k2i::maintenance {
namespace {

constexpr size_t kMostFailures = 10;

/// NotFound: it has gone already. What metadata says of sizes is no proof that the files are still there.
Result<int64_t> SizeOf(io::ObjectStore& store, const TableFile& file) {
  if (file.size_bytes != kUnknownSize) return file.size_bytes;
  K2I_ASSIGN_OR_RETURN(const io::FileInfo info, store.Stat(file.location));
  return info.size_bytes;
}

void AddFailure(const std::string& failure, std::vector<std::string>& failures) {
  if (failures.size() < kMostFailures) failures.push_back(failure);
}

/// One run over the files: each is looked at, then they go in batches.
class Deletion {
 public:
  Deletion(io::ObjectStore& store, const std::vector<TableFile>& files, const DeletionOptions& options)
      : store_(store), files_(files), options_(options), sizes_(files.size(), kUnknownSize) {}

  DeletionReport Run() {
    // The work itself never fails: it reports.
    (void)ForEachInParallel(files_.size(), options_.threads, [&](size_t i) -> Status {
      Measure(i);
      return {};
    });
    const auto batches = Batches();
    (void)ForEachInParallel(batches.size(), options_.threads, [&](size_t i) -> Status {
      Delete(batches[i]);
      return {};
    });
    for (auto& [place, location] : listed_) report_.listed.push_back(std::move(location));
    return std::move(report_);
  }

 private:
  void Measure(size_t i) {
    if (options_.stop.stop_requested()) return NotTried(1);
    const auto size = SizeOf(store_, files_[i]);
    if (size.has_value()) {
      sizes_[i] = *size;
    } else {
      Tell(i, std::unexpected(size.error()));
    }
  }

  /// Those that have been measured, as many together as their store takes at once.
  std::vector<std::vector<size_t>> Batches() {
    std::vector<std::vector<size_t>> batches;
    size_t room = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (sizes_[i] == kUnknownSize) continue;
      if (room == 0) {
        batches.emplace_back();
        room = options_.dry_run ? files_.size() : store_.DeletedAtOnce(files_[i].location);
      }
      batches.back().push_back(i);
      --room;
    }
    return batches;
  }

  void Delete(const std::vector<size_t>& batch) {
    if (options_.stop.stop_requested()) return NotTried(static_cast<int64_t>(batch.size()));
    std::vector<std::string> locations;
    for (const size_t i : batch) locations.push_back(files_[i].location);
    const auto outcomes = options_.dry_run ? std::vector<Status>(batch.size()) : store_.DeleteMany(locations);
    for (size_t i = 0; i < batch.size(); ++i) Tell(batch[i], outcomes[i]);
  }

  void NotTried(int64_t files) {
    std::lock_guard lock(mutex_);
    report_.not_tried += files;
  }

  void Tell(size_t i, const Status& deleted) {
    const TableFile& file = files_[i];
    std::lock_guard lock(mutex_);
    if (deleted.has_value()) {
      auto& count = report_.deleted[file.kind];
      ++count.files;
      count.bytes += sizes_[i];
      if (i < options_.most_listed) listed_.emplace(i, file.location);
    } else if (deleted.error().code == ErrorCode::kNotFound) {
      ++report_.missing;
    } else {
      ++report_.failed;
      AddFailure(file.location + ": " + deleted.error().message, report_.failures);
    }
    if (options_.progress) options_.progress(++done_, static_cast<int64_t>(files_.size()));
  }

  io::ObjectStore& store_;
  const std::vector<TableFile>& files_;
  const DeletionOptions& options_;
  std::vector<int64_t> sizes_;  // each is set by one thread; unknown: not to be deleted
  std::mutex mutex_;
  int64_t done_ = 0;                      // guarded by mutex_
  std::map<size_t, std::string> listed_;  // guarded by mutex_; by their place, whichever thread was faster
  DeletionReport report_;                 // guarded by mutex_
};

}  // namespace

FileCount Total(const FileCounts& counts) {
  FileCount total;
  for (const auto& [kind, count] : counts) {
    total.files += count.files;
    total.bytes += count.bytes;
  }
  return total;
}

void DeletionReport::Add(const DeletionReport& other) {
  for (const auto& [kind, count] : other.deleted) {
    deleted[kind].files += count.files;
    deleted[kind].bytes += count.bytes;
  }
  missing += other.missing;
  failed += other.failed;
  not_tried += other.not_tried;
  for (const std::string& failure : other.failures) AddFailure(failure, failures);
  listed.insert(listed.end(), other.listed.begin(), other.listed.end());
}

DeletionReport DeleteFiles(io::ObjectStore& store, const std::vector<TableFile>& files,
                           const DeletionOptions& options) {
  return Deletion(store, files, options).Run();
}

}  // namespace k2i::maintenance
