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
  DeletionReport report;
  std::mutex mutex;
  int64_t done = 0;
  std::map<size_t, std::string> listed;  // by their place, whichever thread was faster
  const auto total = static_cast<int64_t>(files.size());
  // The work itself never fails: it reports.
  (void)ForEachInParallel(files.size(), options.threads, [&](size_t i) -> Status {
    const TableFile& file = files[i];
    if (options.stop.stop_requested()) {
      std::lock_guard lock(mutex);
      ++report.not_tried;
      return {};
    }
    const auto size = SizeOf(store, file);
    const Status deleted = !size.has_value() ? Status(std::unexpected(size.error()))
                           : options.dry_run ? Status()
                                             : store.Delete(file.location);
    std::lock_guard lock(mutex);
    if (deleted.has_value()) {
      auto& count = report.deleted[file.kind];
      ++count.files;
      count.bytes += *size;
      if (i < options.most_listed) listed.emplace(i, file.location);
    } else if (deleted.error().code == ErrorCode::kNotFound) {
      ++report.missing;
    } else {
      ++report.failed;
      AddFailure(file.location + ": " + deleted.error().message, report.failures);
    }
    if (options.progress) options.progress(++done, total);
    return {};
  });
  for (auto& [place, location] : listed) report.listed.push_back(std::move(location));
  return report;
}

}  // namespace k2i::maintenance
