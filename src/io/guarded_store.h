// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/circuit_breaker.h"
#include "io/object_store.h"

namespace k2i::io {

/// A store behind a circuit breaker. Files that are open when it opens go on: their calls are watched, not refused, for
/// each is part of one upload that has begun. Thread-safe as the store below it.
class GuardedStore final : public ObjectStore {
 public:
  /// Both must outlive this.
  GuardedStore(ObjectStore& store, CircuitBreaker& breaker) : store_(store), breaker_(breaker) {}

  Result<std::string> Read(std::string_view location) override {
    return breaker_.Run([&] { return store_.Read(location); });
  }
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override {
    return breaker_.Run([&] { return store_.OpenForRead(location); });
  }
  Status Create(std::string_view location, std::string_view bytes) override {
    return breaker_.Run([&] { return store_.Create(location, bytes); });
  }
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override {
    return breaker_.Run([&] { return store_.Delete(location); });
  }
  size_t DeletedAtOnce(std::string_view location) override { return store_.DeletedAtOnce(location); }
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override;
  Result<FileInfo> Stat(std::string_view location) override {
    return breaker_.Run([&] { return store_.Stat(location); });
  }
  Result<std::vector<FileInfo>> List(std::string_view prefix) override {
    return breaker_.Run([&] { return store_.List(prefix); });
  }
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override {
    return breaker_.Run([&] { return store_.ForEachFile(prefix, visit); });
  }

 private:
  class GuardedFile;
  ObjectStore& store_;
  CircuitBreaker& breaker_;
};

}  // namespace k2i::io
