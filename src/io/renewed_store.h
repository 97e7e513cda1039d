// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "io/object_store.h"
#include "io/storage_access.h"

namespace k2i::io {

/// A store whose credentials are granted for a while, by location, and renewed. Each grant has a store of its own;
/// files that are open keep theirs. A call that a store refuses (PermissionDenied) is repeated once if the grant can be
/// replaced; an upload in the same case fails with Unavailable, for it can only begin anew. Thread-safe.
class RenewedStore final : public ObjectStore {
 public:
  /// The store that a grant opens; nullptr: with our own credentials.
  using MakeStore = std::function<Result<std::unique_ptr<ObjectStore>>(const StorageGrant* grant)>;

  /// Makes the store with our own credentials; fails as that does. `access` must outlive this.
  static Result<std::unique_ptr<RenewedStore>> Make(StorageAccess& access, MakeStore make);
  ~RenewedStore() override;

  Result<std::string> Read(std::string_view location) override;
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  size_t DeletedAtOnce(std::string_view location) override;
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override;
  Result<FileInfo> Stat(std::string_view location) override;
  Result<std::vector<FileInfo>> List(std::string_view prefix) override;
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override;

 private:
  class GrantedInput;
  class GrantedOutput;
  using Grant = std::shared_ptr<const StorageGrant>;
  struct Granted {
    Grant grant;  // null: none
    std::shared_ptr<ObjectStore> store;
  };

  RenewedStore(StorageAccess& access, MakeStore make) : access_(access), make_(std::move(make)) {}
  Result<Granted> StoreFor(std::string_view location);
  bool WorthRepeating(const Error& error, const Granted& granted);
  /// Deletes those of `locations` whose numbers are in `which`, and sets their outcomes. The numbers of those that
  /// were refused and are worth another try.
  std::vector<size_t> DeleteSome(std::span<const std::string> locations, const std::vector<size_t>& which,
                                 std::vector<Status>& outcomes);
  template <typename Call>
  auto Run(std::string_view location, Call call) -> decltype(call(std::declval<const Granted&>()));

  StorageAccess& access_;
  const MakeStore make_;
  std::shared_ptr<ObjectStore> own_;
  std::mutex mutex_;
  std::vector<Granted> stores_;  // guarded by mutex_; newest last
};

}  // namespace k2i::io
