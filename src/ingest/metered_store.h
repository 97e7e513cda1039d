// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "base/clock.h"
#include "io/object_store.h"

namespace k2i::ingest {

/// Passes everything on to another store and adds up the time spent in writing files, so that encoding and upload of a
/// flush can be told apart. Thread-safe as the store below it.
class MeteredStore final : public io::ObjectStore {
 public:
  MeteredStore(io::ObjectStore& store, Clock& clock) : store_(store), clock_(clock) {}

  /// Time in OpenForWrite, Append and Close since the last call.
  Duration TakeWriteTime() { return Duration(write_ns_.exchange(0)); }

  Result<std::string> Read(std::string_view location) override { return store_.Read(location); }
  Result<std::unique_ptr<io::InputFile>> OpenForRead(std::string_view location) override {
    return store_.OpenForRead(location);
  }
  Status Create(std::string_view location, std::string_view bytes) override { return store_.Create(location, bytes); }
  Result<std::unique_ptr<io::OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override { return store_.Delete(location); }
  size_t DeletedAtOnce(std::string_view location) override { return store_.DeletedAtOnce(location); }
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override {
    return store_.DeleteMany(locations);
  }
  Result<io::FileInfo> Stat(std::string_view location) override { return store_.Stat(location); }
  Result<std::vector<io::FileInfo>> List(std::string_view prefix) override { return store_.List(prefix); }

 private:
  class MeteredFile;
  template <typename Call>
  auto Timed(Call call) {
    const Duration start = clock_.monotonic();
    auto result = call();
    write_ns_ += (clock_.monotonic() - start).count();
    return result;
  }

  io::ObjectStore& store_;
  Clock& clock_;
  std::atomic<int64_t> write_ns_{0};
};

}  // namespace k2i::ingest
