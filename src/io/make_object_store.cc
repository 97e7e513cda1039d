// SPDX-License-Identifier: Apache-2.0
#include "io/make_object_store.h"

#include <mutex>
#include <optional>
#include <utility>

#include "io/local_object_store.h"
#include "io/location.h"
#include "io/s3_object_store.h"

namespace k2i::io {

namespace {

/// Sends each call to the store of its location's scheme.
class RoutingObjectStore final : public ObjectStore {
 public:
  explicit RoutingObjectStore(StorageOptions options) : options_(std::move(options)) {}

  Result<std::string> Read(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->Read(location);
  }
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->OpenForRead(location);
  }
  Status Create(std::string_view location, std::string_view bytes) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->Create(location, bytes);
  }
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->OpenForWrite(location);
  }
  Status Delete(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->Delete(location);
  }
  Result<FileInfo> Stat(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(location));
    return store->Stat(location);
  }
  Result<std::vector<FileInfo>> List(std::string_view prefix) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(prefix));
    return store->List(prefix);
  }
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override {
    K2I_ASSIGN_OR_RETURN(ObjectStore * store, StoreOf(prefix));
    return store->ForEachFile(prefix, visit);
  }

  Result<ObjectStore*> S3() {
    std::lock_guard lock(mutex_);
    if (!s3_) {
      K2I_ASSIGN_OR_RETURN(s3_, S3ObjectStore::Make(options_.s3));
    }
    return s3_.get();
  }

 private:
  Result<ObjectStore*> StoreOf(std::string_view location) {
    const std::string scheme = SchemeOf(location);
    if (scheme == "file") return &local_;
    if (IsS3Scheme(scheme) && options_.type != StorageType::kLocal) return S3();
    if (scheme.empty()) {
      return Fail(ErrorCode::kInvalidArgument, "'" + std::string(location) + "' is neither a URI nor an absolute path",
                  Component::kStorage);
    }
    if (IsS3Scheme(scheme)) {
      return Fail(ErrorCode::kInvalidConfig,
                  std::string(location) + ": the storage type is local; set it to s3 for s3:// locations",
                  Component::kStorage);
    }
    return Fail(ErrorCode::kNotSupported,
                std::string(location) + ": storage '" + scheme +
                    "' is not supported; s3://, s3a://, s3n://, file:// and " + "absolute paths are",
                Component::kStorage);
  }

  const StorageOptions options_;
  LocalObjectStore local_;
  std::mutex mutex_;
  std::unique_ptr<ObjectStore> s3_;  // null until needed
};

Status CheckReadBack(ObjectStore& store, const std::string& probe, std::string_view expected) {
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store.Read(probe));
  if (bytes == expected) return {};
  return Fail(ErrorCode::kCorruption, probe + " does not read back as it was written", Component::kStorage);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeObjectStore(const StorageOptions& options) {
  auto store = std::make_unique<RoutingObjectStore>(options);
  if (options.type == StorageType::kS3) K2I_RETURN_IF_ERROR(store->S3());
  return store;
}

Status CheckStorage(ObjectStore& store, std::string_view folder, Random& random) {
  const std::string probe = JoinLocation(folder, ".k2i-check-" + random.Uuid());
  const std::string bytes = "k2i checks that it can write, read and delete here\n";
  K2I_RETURN_IF_ERROR(store.Create(probe, bytes));
  const Status read = CheckReadBack(store, probe, bytes);
  const Status deleted = store.Delete(probe);
  return read.has_value() ? deleted : read;
}

}  // namespace k2i::io
