// SPDX-License-Identifier: Apache-2.0
#include "io/make_object_store.h"

#include <mutex>
#include <optional>
#include <utility>

#include "io/azure_object_store.h"
#include "io/delete_by_store.h"
#include "io/gcs_object_store.h"
#include "io/local_object_store.h"
#include "io/location.h"
#include "io/s3_object_store.h"

namespace k2i::io {

namespace {

Result<std::unique_ptr<ObjectStore>> MakeOwnS3Store(const S3Options& options) { return MakeS3Store(options); }

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
  size_t DeletedAtOnce(std::string_view location) override {
    const auto store = StoreOf(location);
    return store.has_value() ? (*store)->DeletedAtOnce(location) : 1;
  }
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override {
    return DeleteByStore(locations, [&](size_t i) { return StoreOf(locations[i]); });
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

  /// Makes the store of `type` now, to check its options.
  Status Make(StorageType type) {
    switch (type) {
      case StorageType::kAuto:
      case StorageType::kLocal:
        return {};
      case StorageType::kS3:
        return Check(s3_, MakeOwnS3Store, options_.s3);
      case StorageType::kGcs:
        return Check(gcs_, MakeGcsStore, options_.gcs);
      case StorageType::kAzure:
        return Check(azure_, MakeAzureStore, options_.azure);
    }
    return {};
  }

 private:
  using Slot = std::unique_ptr<ObjectStore>;

  template <typename Make, typename Options>
  Result<ObjectStore*> Get(Slot& slot, Make make, const Options& options) {
    std::lock_guard lock(mutex_);
    if (!slot) {
      K2I_ASSIGN_OR_RETURN(slot, make(options));
    }
    return slot.get();
  }
  template <typename Make, typename Options>
  Status Check(Slot& slot, Make make, const Options& options) {
    K2I_RETURN_IF_ERROR(Get(slot, make, options));
    return {};
  }

  Result<ObjectStore*> StoreOf(std::string_view location) {
    const std::string scheme = SchemeOf(location);
    if (scheme == "file") return &local_;
    const bool local_alone = options_.type == StorageType::kLocal;
    if (IsS3Scheme(scheme) && !local_alone) return Get(s3_, MakeOwnS3Store, options_.s3);
    if (scheme == "gs" && !local_alone) return Get(gcs_, MakeGcsStore, options_.gcs);
    if (IsAzureScheme(scheme) && !local_alone) return Get(azure_, MakeAzureStore, options_.azure);
    return Refusal(location, scheme);
  }

  static std::unexpected<Error> Refusal(std::string_view location, const std::string& scheme) {
    if (scheme.empty()) {
      return Fail(ErrorCode::kInvalidArgument, "'" + std::string(location) + "' is neither a URI nor an absolute path",
                  Component::kStorage);
    }
    if (IsS3Scheme(scheme) || scheme == "gs" || IsAzureScheme(scheme)) {
      return Fail(ErrorCode::kInvalidConfig,
                  std::string(location) + ": the storage type is local; set it to s3, gcs or azure, as the location is",
                  Component::kStorage);
    }
    return Fail(ErrorCode::kNotSupported,
                std::string(location) + ": storage '" + scheme +
                    "' is not supported; s3://, s3a://, s3n://, gs://, abfs[s]://, wasb[s]://, az://, file:// and "
                    "absolute paths are",
                Component::kStorage);
  }

  const StorageOptions options_;
  LocalObjectStore local_;
  std::mutex mutex_;
  Slot s3_, gcs_, azure_;  // null until needed
};

/// `done` with what it means for who gave out the credentials.
Status MayNot(const Status& done, std::string_view what) {
  if (done.has_value() || done.error().code != ErrorCode::kPermissionDenied) return done;
  return std::unexpected(done.error().With("the credentials may not " + std::string(what)));
}

Status CheckReadBack(ObjectStore& store, const std::string& probe, std::string_view expected) {
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store.Read(probe));
  if (bytes == expected) return {};
  return Fail(ErrorCode::kCorruption, probe + " does not read back as it was written", Component::kStorage);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeObjectStore(const StorageOptions& options) {
  auto store = std::make_unique<RoutingObjectStore>(options);
  K2I_RETURN_IF_ERROR(store->Make(options.type));
  return store;
}

Status CheckStorage(ObjectStore& store, std::string_view folder, Random& random) {
  // Table buckets take no other names.
  const std::string probe = JoinLocation(folder, "data/.k2i-check-" + random.Uuid() + ".parquet");
  const std::string bytes = "k2i checks that it can write, read and delete here\n";
  K2I_RETURN_IF_ERROR(MayNot(store.Create(probe, bytes), "write there"));
  const Status read = MayNot(CheckReadBack(store, probe, bytes), "read what they have written");
  const Status deleted = MayNot(store.Delete(probe), "delete what they have written");
  return read.has_value() ? deleted : read;
}

}  // namespace k2i::io
