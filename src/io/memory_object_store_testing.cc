// SPDX-License-Identifier: Apache-2.0
#include "io/memory_object_store_testing.h"

#include <algorithm>
#include <utility>

namespace k2i::io {

namespace {

using Phase = StoreCall::Phase;

std::unexpected<Error> NotFound(std::string_view location) {
  return Fail(ErrorCode::kNotFound, "no file " + std::string(location), Component::kStorage);
}

}  // namespace

std::string_view ToString(StoreOp op) {
  switch (op) {
    case StoreOp::kRead:
      return "read";
    case StoreOp::kCreate:
      return "create";
    case StoreOp::kOpenForWrite:
      return "open-for-write";
    case StoreOp::kAppend:
      return "append";
    case StoreOp::kClose:
      return "close";
    case StoreOp::kDelete:
      return "delete";
    case StoreOp::kStat:
      return "stat";
    case StoreOp::kList:
      return "list";
  }
  return "unknown";
}

/// Gathers the bytes and hands them over in Close.
class MemoryObjectStore::MemoryOutputFile final : public OutputFile {
 public:
  MemoryOutputFile(MemoryObjectStore& store, std::string location) : store_(store), location_(std::move(location)) {}
  ~MemoryOutputFile() override { Abort(); }

  Status Append(std::string_view bytes) override {
    if (finished_) return Fail(ErrorCode::kInternal, location_ + ": append to a finished file", Component::kStorage);
    K2I_RETURN_IF_ERROR(store_.Fault(Phase::kBefore, StoreOp::kAppend, location_));
    bytes_.append(bytes);
    return store_.Fault(Phase::kAfter, StoreOp::kAppend, location_);
  }

  Status Close() override {
    if (finished_) return Fail(ErrorCode::kInternal, location_ + ": closed twice", Component::kStorage);
    const Status before = store_.Fault(Phase::kBefore, StoreOp::kClose, location_);
    {
      std::lock_guard lock(store_.mutex_);
      finished_ = true;
      --store_.open_files_;
      if (before.has_value()) store_.files_.insert_or_assign(location_, store_.NewFile(bytes_));
    }
    K2I_RETURN_IF_ERROR(before);
    return store_.Fault(Phase::kAfter, StoreOp::kClose, location_);
  }

  void Abort() override {
    std::lock_guard lock(store_.mutex_);
    if (!std::exchange(finished_, true)) --store_.open_files_;
  }

  int64_t bytes_written() const override { return static_cast<int64_t>(bytes_.size()); }

 private:
  MemoryObjectStore& store_;
  const std::string location_;
  std::string bytes_;
  bool finished_ = false;
};

void MemoryObjectStore::set_fault_hook(FaultHook hook) {
  auto shared = hook ? std::make_shared<const FaultHook>(std::move(hook)) : nullptr;
  std::lock_guard lock(mutex_);
  hook_ = std::move(shared);
}

Status MemoryObjectStore::Fault(Phase phase, StoreOp op, std::string_view location) const {
  std::shared_ptr<const FaultHook> hook;
  {
    std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (!hook) return {};
  Status status = (*hook)(StoreCall{phase, op, location});
  if (!status.has_value()) return std::unexpected(status.error().In(Component::kStorage));
  return status;
}

MemoryObjectStore::File MemoryObjectStore::NewFile(std::string bytes) const {
  return File{std::move(bytes), clock_ ? clock_->wall_ms() : 0};
}

FileInfo MemoryObjectStore::InfoOf(const std::string& location, const File& file) const {
  return FileInfo{location, static_cast<int64_t>(file.bytes.size()), file.modified_ms};
}

Result<std::string> MemoryObjectStore::Read(std::string_view location) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kRead, location));
  std::string bytes;
  {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(location);
    if (found == files_.end()) return NotFound(location);
    bytes = found->second.bytes;
  }
  K2I_RETURN_IF_ERROR(Fault(Phase::kAfter, StoreOp::kRead, location));
  return bytes;
}

Status MemoryObjectStore::Create(std::string_view location, std::string_view bytes) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kCreate, location));
  {
    std::lock_guard lock(mutex_);
    if (!files_.try_emplace(std::string(location), NewFile(std::string(bytes))).second) {
      return Fail(ErrorCode::kAlreadyExists, std::string(location) + " is there already", Component::kStorage);
    }
  }
  return Fault(Phase::kAfter, StoreOp::kCreate, location);
}

Result<std::unique_ptr<OutputFile>> MemoryObjectStore::OpenForWrite(std::string_view location) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kOpenForWrite, location));
  auto file = std::make_unique<MemoryOutputFile>(*this, std::string(location));
  {
    std::lock_guard lock(mutex_);
    ++open_files_;
  }
  K2I_RETURN_IF_ERROR(Fault(Phase::kAfter, StoreOp::kOpenForWrite, location));
  return file;
}

Status MemoryObjectStore::Delete(std::string_view location) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kDelete, location));
  {
    std::lock_guard lock(mutex_);
    if (const auto found = files_.find(location); found != files_.end()) files_.erase(found);
  }
  return Fault(Phase::kAfter, StoreOp::kDelete, location);
}

Result<FileInfo> MemoryObjectStore::Stat(std::string_view location) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kStat, location));
  FileInfo info;
  {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(location);
    if (found == files_.end()) return NotFound(location);
    info = InfoOf(found->first, found->second);
  }
  K2I_RETURN_IF_ERROR(Fault(Phase::kAfter, StoreOp::kStat, location));
  return info;
}

Result<std::vector<FileInfo>> MemoryObjectStore::List(std::string_view prefix) {
  K2I_RETURN_IF_ERROR(Fault(Phase::kBefore, StoreOp::kList, prefix));
  std::string folder(prefix);
  if (!folder.ends_with('/')) folder += '/';
  std::vector<FileInfo> infos;
  {
    std::lock_guard lock(mutex_);
    for (auto it = files_.lower_bound(folder); it != files_.end() && it->first.starts_with(folder); ++it) {
      infos.push_back(InfoOf(it->first, it->second));
    }
  }
  K2I_RETURN_IF_ERROR(Fault(Phase::kAfter, StoreOp::kList, prefix));
  return infos;
}

size_t MemoryObjectStore::live_files() const {
  std::lock_guard lock(mutex_);
  return files_.size();
}

size_t MemoryObjectStore::live_files(std::string_view suffix) const {
  std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(files_, [&](const auto& entry) { return entry.first.ends_with(suffix); }));
}

std::vector<std::string> MemoryObjectStore::locations() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [location, file] : files_) all.push_back(location);
  return all;
}

bool MemoryObjectStore::Exists(std::string_view location) const {
  std::lock_guard lock(mutex_);
  return files_.contains(location);
}

size_t MemoryObjectStore::open_files() const {
  std::lock_guard lock(mutex_);
  return open_files_;
}

void MemoryObjectStore::Overwrite(std::string_view location, std::string bytes) {
  std::lock_guard lock(mutex_);
  files_.insert_or_assign(std::string(location), NewFile(std::move(bytes)));
}

}  // namespace k2i::io
