// SPDX-License-Identifier: Apache-2.0
#include "io/renewed_store.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "io/delete_by_store.h"

namespace k2i::io {

namespace {

constexpr size_t kMostStores = 64;  // of tables that are worked on at once

}  // namespace

/// Opens the file again where its credentials end before it is read to its end.
class RenewedStore::GrantedInput final : public InputFile {
 public:
  GrantedInput(RenewedStore& stores, std::string location, Granted granted, std::unique_ptr<InputFile> file)
      : stores_(stores), location_(std::move(location)), opened_{std::move(granted), std::move(file)} {
    size_bytes_ = opened_.file->size_bytes();
  }
  int64_t size_bytes() const override { return size_bytes_; }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    const Opened opened = Current();
    auto got = opened.file->ReadAt(position, length, out);
    if (got || !stores_.WorthRepeating(got.error(), opened.granted)) return got;
    K2I_ASSIGN_OR_RETURN(const Opened again, Reopen());
    return again.file->ReadAt(position, length, out);
  }

 private:
  struct Opened {
    Granted granted;  // the store outlives the file
    std::shared_ptr<InputFile> file;
  };

  Opened Current() {
    std::lock_guard lock(mutex_);
    return opened_;
  }
  Result<Opened> Reopen() {
    K2I_ASSIGN_OR_RETURN(Granted granted, stores_.StoreFor(location_));
    K2I_ASSIGN_OR_RETURN(std::shared_ptr<InputFile> file, granted.store->OpenForRead(location_));
    std::lock_guard lock(mutex_);
    opened_ = {std::move(granted), std::move(file)};
    return opened_;
  }

  RenewedStore& stores_;
  const std::string location_;
  int64_t size_bytes_ = 0;
  std::mutex mutex_;
  Opened opened_;  // guarded by mutex_
};

class RenewedStore::GrantedOutput final : public OutputFile {
 public:
  GrantedOutput(RenewedStore& stores, Granted granted, std::unique_ptr<OutputFile> file)
      : stores_(stores), granted_(std::move(granted)), file_(std::move(file)) {}

  Status Append(std::string_view bytes) override { return Explained(file_->Append(bytes)); }
  Status Close() override { return Explained(file_->Close()); }
  void Abort() override { file_->Abort(); }
  int64_t bytes_written() const override { return file_->bytes_written(); }

 private:
  Status Explained(Status done) {
    if (done || !stores_.WorthRepeating(done.error(), granted_)) return done;
    Error error = done.error().With("the credentials that the catalog gave were refused in the middle of an upload");
    error.code = ErrorCode::kUnavailable;
    return std::unexpected(std::move(error));
  }

  RenewedStore& stores_;
  const Granted granted_;  // the store outlives the file
  const std::unique_ptr<OutputFile> file_;
};

Result<std::unique_ptr<RenewedStore>> RenewedStore::Make(StorageAccess& access, MakeStore make) {
  K2I_ASSIGN_OR_RETURN(auto own, make(nullptr));
  std::unique_ptr<RenewedStore> store(new RenewedStore(access, std::move(make)));
  store->own_ = std::move(own);
  return store;
}

RenewedStore::~RenewedStore() = default;

Result<RenewedStore::Granted> RenewedStore::StoreFor(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const Grant grant, access_.GrantFor(location));
  if (grant == nullptr) return Granted{nullptr, own_};
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(stores_, grant, &Granted::grant);
  if (found != stores_.end()) return *found;
  K2I_ASSIGN_OR_RETURN(std::shared_ptr<ObjectStore> made, make_(grant.get()));
  // Grants that nobody else holds have been replaced.
  std::erase_if(stores_, [](const Granted& each) { return each.grant.use_count() == 1; });
  if (stores_.size() >= kMostStores) stores_.erase(stores_.begin());
  stores_.push_back({grant, std::move(made)});
  return stores_.back();
}

bool RenewedStore::WorthRepeating(const Error& error, const Granted& granted) {
  return error.code == ErrorCode::kPermissionDenied && granted.grant != nullptr && access_.Refused(granted.grant);
}

template <typename Call>
auto RenewedStore::Run(std::string_view location, Call call) -> decltype(call(std::declval<const Granted&>())) {
  for (bool repeated = false;; repeated = true) {
    K2I_ASSIGN_OR_RETURN(const Granted granted, StoreFor(location));
    auto result = call(granted);
    if (result || repeated || !WorthRepeating(result.error(), granted)) return result;
  }
}

Result<std::string> RenewedStore::Read(std::string_view location) {
  return Run(location, [&](const Granted& granted) { return granted.store->Read(location); });
}

Result<std::unique_ptr<InputFile>> RenewedStore::OpenForRead(std::string_view location) {
  return Run(location, [&](const Granted& granted) -> Result<std::unique_ptr<InputFile>> {
    K2I_ASSIGN_OR_RETURN(auto file, granted.store->OpenForRead(location));
    return std::make_unique<GrantedInput>(*this, std::string(location), granted, std::move(file));
  });
}

Status RenewedStore::Create(std::string_view location, std::string_view bytes) {
  return Run(location, [&](const Granted& granted) { return granted.store->Create(location, bytes); });
}

Result<std::unique_ptr<OutputFile>> RenewedStore::OpenForWrite(std::string_view location) {
  return Run(location, [&](const Granted& granted) -> Result<std::unique_ptr<OutputFile>> {
    K2I_ASSIGN_OR_RETURN(auto file, granted.store->OpenForWrite(location));
    return std::make_unique<GrantedOutput>(*this, granted, std::move(file));
  });
}

Status RenewedStore::Delete(std::string_view location) {
  return Run(location, [&](const Granted& granted) { return granted.store->Delete(location); });
}

size_t RenewedStore::DeletedAtOnce(std::string_view location) {
  const auto granted = StoreFor(location);
  return granted.has_value() ? granted->store->DeletedAtOnce(location) : 1;
}

std::vector<size_t> RenewedStore::DeleteSome(std::span<const std::string> locations, const std::vector<size_t>& which,
                                             std::vector<Status>& outcomes) {
  std::vector<std::string> some;
  for (const size_t i : which) some.push_back(locations[i]);
  std::vector<Granted> granted(which.size());  // the stores outlive the deletion
  std::vector<Status> done = DeleteByStore(some, [&](size_t i) -> Result<ObjectStore*> {
    K2I_ASSIGN_OR_RETURN(granted[i], StoreFor(some[i]));
    return granted[i].store.get();
  });
  std::vector<size_t> again;
  for (size_t i = 0; i < which.size(); ++i) {
    const bool asked = granted[i].store != nullptr;
    if (asked && !done[i].has_value() && WorthRepeating(done[i].error(), granted[i])) again.push_back(which[i]);
    outcomes[which[i]] = std::move(done[i]);
  }
  return again;
}

std::vector<Status> RenewedStore::DeleteMany(std::span<const std::string> locations) {
  std::vector<Status> outcomes(locations.size());
  std::vector<size_t> all(locations.size());
  std::iota(all.begin(), all.end(), size_t{0});
  const std::vector<size_t> again = DeleteSome(locations, all, outcomes);
  if (!again.empty()) DeleteSome(locations, again, outcomes);
  return outcomes;
}

Result<FileInfo> RenewedStore::Stat(std::string_view location) {
  return Run(location, [&](const Granted& granted) { return granted.store->Stat(location); });
}

Result<std::vector<FileInfo>> RenewedStore::List(std::string_view prefix) {
  return Run(prefix, [&](const Granted& granted) { return granted.store->List(prefix); });
}

Status RenewedStore::ForEachFile(std::string_view prefix, const FileVisitor& visit) {
  bool visited = false;
  const FileVisitor watched = [&](const FileInfo& file) {
    visited = true;
    return visit(file);
  };
  K2I_ASSIGN_OR_RETURN(const Granted granted, StoreFor(prefix));
  const Status done = granted.store->ForEachFile(prefix, watched);
  // What has been told of once is not told again.
  if (done || visited || !WorthRepeating(done.error(), granted)) return done;
  K2I_ASSIGN_OR_RETURN(const Granted again, StoreFor(prefix));
  return again.store->ForEachFile(prefix, visit);
}

}  // namespace k2i::io
