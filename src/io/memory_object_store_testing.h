// SPDX-License-Identifier: Apache-2.0
//
// An object store in memory, with faults on demand, for tests and the simulator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/object_store.h"

namespace k2i::io {

enum class StoreOp { kRead, kCreate, kOpenForWrite, kAppend, kClose, kDelete, kStat, kList };
std::string_view ToString(StoreOp op);

/// One call on the store, as the fault hook sees it.
struct StoreCall {
  /// An error returned in kBefore is a lost request: nothing has happened. One returned in kAfter is a lost reply: the
  /// operation has taken effect, and the caller sees the error all the same.
  enum class Phase { kBefore, kAfter } phase = Phase::kBefore;
  StoreOp op = StoreOp::kRead;
  std::string_view location;
};
using FaultHook = std::function<Status(const StoreCall&)>;

/// Locations are taken as they are: "s3://b/k", "file:///k" and "/k" are three different files. Thread-safe; files
/// being written must not outlive the store.
class MemoryObjectStore final : public ObjectStore {
 public:
  /// `clock` gives the files their times (0 without one) and must outlive the store.
  explicit MemoryObjectStore(const Clock* clock = nullptr) : clock_(clock) {}

  /// Called before and, when the operation succeeded, after each of them, outside the store's lock and on the caller's
  /// thread. Empty: no faults.
  void set_fault_hook(FaultHook hook);

  Result<std::string> Read(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  Result<FileInfo> Stat(std::string_view location) override;
  Result<std::vector<FileInfo>> List(std::string_view prefix) override;

  /// Files that can be read now.
  size_t live_files() const;
  /// Those whose location ends with `suffix`, such as ".parquet".
  size_t live_files(std::string_view suffix) const;
  /// Their locations, sorted.
  std::vector<std::string> locations() const;
  bool Exists(std::string_view location) const;
  /// Files opened for writing that are neither closed nor aborted.
  size_t open_files() const;
  /// Sets the bytes of a file past the hook: to damage one, or to put one there.
  void Overwrite(std::string_view location, std::string bytes);

 private:
  class MemoryOutputFile;
  struct File {
    std::string bytes;
    int64_t modified_ms = 0;
  };

  Status Fault(StoreCall::Phase phase, StoreOp op, std::string_view location) const;
  File NewFile(std::string bytes) const;
  FileInfo InfoOf(const std::string& location, const File& file) const;

  const Clock* clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FaultHook> hook_;
  std::map<std::string, File, std::less<>> files_;
  size_t open_files_ = 0;
};

}  // namespace k2i::io
