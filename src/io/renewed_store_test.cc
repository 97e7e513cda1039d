// SPDX-License-Identifier: Apache-2.0
#include "io/renewed_store.h"

#include <gtest/gtest.h>

#include <atomic>

#include "io/memory_object_store_testing.h"

namespace k2i::io {
namespace {

/// Who may use the store below: nobody but the holder of the key that is good.
class Gate {
 public:
  bool Lets(const std::string& key) const { return key == good; }
  std::string good = "key-1";
};

std::unexpected<Error> Denied() { return Fail(ErrorCode::kPermissionDenied, "ExpiredToken", Component::kStorage); }

class GatedFile final : public OutputFile {
 public:
  GatedFile(std::unique_ptr<OutputFile> file, const Gate& gate, std::string key)
      : file_(std::move(file)), gate_(gate), key_(std::move(key)) {}
  Status Append(std::string_view bytes) override { return gate_.Lets(key_) ? file_->Append(bytes) : Denied(); }
  Status Close() override { return gate_.Lets(key_) ? file_->Close() : Denied(); }
  void Abort() override { file_->Abort(); }
  int64_t bytes_written() const override { return file_->bytes_written(); }

 private:
  std::unique_ptr<OutputFile> file_;
  const Gate& gate_;
  const std::string key_;
};

class GatedInput final : public InputFile {
 public:
  GatedInput(std::unique_ptr<InputFile> file, const Gate& gate, std::string key)
      : file_(std::move(file)), gate_(gate), key_(std::move(key)) {}
  int64_t size_bytes() const override { return file_->size_bytes(); }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    if (!gate_.Lets(key_)) return Denied();
    return file_->ReadAt(position, length, out);
  }

 private:
  std::unique_ptr<InputFile> file_;
  const Gate& gate_;
  const std::string key_;
};

/// One store with one key.
class GatedStore final : public ObjectStore {
 public:
  GatedStore(ObjectStore& store, const Gate& gate, std::string key, std::atomic<int>& alive)
      : store_(store), gate_(gate), key_(std::move(key)), alive_(alive) {
    ++alive_;
  }
  ~GatedStore() override { --alive_; }
  Result<std::string> Read(std::string_view location) override {
    if (!gate_.Lets(key_)) return Denied();
    return store_.Read(location);
  }
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override {
    if (!gate_.Lets(key_)) return Denied();
    K2I_ASSIGN_OR_RETURN(auto file, store_.OpenForRead(location));
    return std::make_unique<GatedInput>(std::move(file), gate_, key_);
  }
  Status Create(std::string_view location, std::string_view bytes) override {
    return gate_.Lets(key_) ? store_.Create(location, bytes) : Denied();
  }
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override {
    if (!gate_.Lets(key_)) return Denied();
    K2I_ASSIGN_OR_RETURN(auto file, store_.OpenForWrite(location));
    return std::make_unique<GatedFile>(std::move(file), gate_, key_);
  }
  Status Delete(std::string_view location) override { return gate_.Lets(key_) ? store_.Delete(location) : Denied(); }
  Result<FileInfo> Stat(std::string_view location) override {
    if (!gate_.Lets(key_)) return Denied();
    return store_.Stat(location);
  }
  Result<std::vector<FileInfo>> List(std::string_view prefix) override {
    if (!gate_.Lets(key_)) return Denied();
    return store_.List(prefix);
  }

 private:
  ObjectStore& store_;
  const Gate& gate_;
  const std::string key_;
  std::atomic<int>& alive_;
};

class ScriptedAccess final : public StorageAccess {
 public:
  Result<std::shared_ptr<const StorageGrant>> GrantFor(std::string_view location) override {
    if (!location.starts_with("mem://granted")) return nullptr;
    if (failure) return std::unexpected(*failure);
    return grant;
  }
  bool Refused(const std::shared_ptr<const StorageGrant>& refused) override {
    if (refused == grant && next) grant = std::exchange(next, nullptr);
    return refused != grant;
  }
  static std::shared_ptr<const StorageGrant> Key(std::string key) {
    return std::make_shared<const StorageGrant>(StorageGrant{{{"key", std::move(key)}}});
  }

  std::shared_ptr<const StorageGrant> grant = Key("key-1");
  std::shared_ptr<const StorageGrant> next;
  std::optional<Error> failure;
};

class RenewedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = RenewedStore::Make(access_, [this](const StorageGrant* grant) -> Result<std::unique_ptr<ObjectStore>> {
               ++made_;
               const std::string key = grant == nullptr ? "own" : grant->config.at("key");
               return std::make_unique<GatedStore>(memory_, gate_, key, alive_);
             }).value();
  }

  MemoryObjectStore memory_;
  Gate gate_;
  ScriptedAccess access_;
  std::atomic<int> alive_ = 0;
  int made_ = 0;
  std::unique_ptr<RenewedStore> store_;
};

TEST_F(RenewedStoreTest, WorksWithWhatIsGrantedAndMakesOneStoreOfIt) {
  ASSERT_TRUE(store_->Create("mem://granted/a", "1"));
  EXPECT_EQ(store_->Read("mem://granted/a").value(), "1");
  EXPECT_EQ(store_->List("mem://granted")->size(), 1u);
  EXPECT_EQ(made_, 2);  // our own and the granted one
}

TEST_F(RenewedStoreTest, WorksWithItsOwnCredentialsWhereNothingIsGranted) {
  EXPECT_EQ(store_->Create("mem://own/a", "1").error().code, ErrorCode::kPermissionDenied);
  gate_.good = "own";
  ASSERT_TRUE(store_->Create("mem://own/a", "1"));
  EXPECT_EQ(store_->Stat("mem://own/a")->size_bytes, 1);
}

TEST_F(RenewedStoreTest, TakesTheNextGrantWhenThereIsOne) {
  ASSERT_TRUE(store_->Create("mem://granted/a", "1"));
  access_.grant = ScriptedAccess::Key("key-2");
  gate_.good = "key-2";
  EXPECT_EQ(store_->Read("mem://granted/a").value(), "1");
  EXPECT_EQ(alive_, 2);  // the store of the first grant has gone with it
}

TEST_F(RenewedStoreTest, RepeatsACallWhoseGrantIsRefusedOnce) {
  ASSERT_TRUE(store_->Create("mem://granted/a", "1"));
  gate_.good = "key-2";
  access_.next = ScriptedAccess::Key("key-2");
  EXPECT_EQ(store_->Read("mem://granted/a").value(), "1");
  gate_.good = "key-9";
  access_.next = ScriptedAccess::Key("key-3");
  EXPECT_EQ(store_->Read("mem://granted/a").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store_->Delete("mem://granted/a").error().code, ErrorCode::kPermissionDenied);
}

TEST_F(RenewedStoreTest, DeletesManyByWhatEachIsGranted) {
  const std::vector<std::string> locations = {"mem://granted/a", "mem://own/b", "mem://granted/c"};
  for (const std::string& location : locations) memory_.Overwrite(location, "1");
  gate_.good = "key-2";
  access_.next = ScriptedAccess::Key("key-2");
  const auto outcomes = store_->DeleteMany(locations);
  EXPECT_TRUE(outcomes[0].has_value());
  EXPECT_EQ(outcomes[1].error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(outcomes[2].has_value());
  EXPECT_EQ(memory_.locations(), std::vector<std::string>{"mem://own/b"});
}

TEST_F(RenewedStoreTest, AnOpenFileKeepsItsStore) {
  auto file = store_->OpenForWrite("mem://granted/a").value();
  ASSERT_TRUE(file->Append("1"));
  access_.grant = ScriptedAccess::Key("key-2");
  EXPECT_EQ(store_->Read("mem://granted/none").error().code, ErrorCode::kPermissionDenied);  // key-2 is not good yet
  ASSERT_TRUE(file->Append("2"));
  ASSERT_TRUE(file->Close());
  EXPECT_EQ(memory_.Read("mem://granted/a").value(), "12");
}

TEST_F(RenewedStoreTest, AnUploadWhoseGrantEndsCanBeginAnew) {
  auto file = store_->OpenForWrite("mem://granted/a").value();
  gate_.good = "key-2";
  access_.next = ScriptedAccess::Key("key-2");
  EXPECT_EQ(file->Append("1").error().code, ErrorCode::kUnavailable);
  file.reset();
  file = store_->OpenForWrite("mem://granted/a").value();
  ASSERT_TRUE(file->Append("1"));
  ASSERT_TRUE(file->Close());
  EXPECT_EQ(store_->Read("mem://granted/a").value(), "1");
}

TEST_F(RenewedStoreTest, AFileThatIsReadForLongIsOpenedAgain) {
  ASSERT_TRUE(store_->Create("mem://granted/a", "abc"));
  auto file = store_->OpenForRead("mem://granted/a").value();
  char bytes[3];
  EXPECT_EQ(file->ReadAt(0, 3, bytes).value(), 3);
  gate_.good = "key-2";
  access_.next = ScriptedAccess::Key("key-2");
  EXPECT_EQ(file->ReadAt(1, 2, bytes).value(), 2);
  EXPECT_EQ(std::string(bytes, 2), "bc");
}

TEST_F(RenewedStoreTest, SaysWhyNothingIsGranted) {
  access_.failure = Error{ErrorCode::kUnavailable, "the catalog is away", Component::kCatalog};
  const Error error = store_->Read("mem://granted/a").error();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.component, Component::kCatalog);
}

TEST_F(RenewedStoreTest, ListsOnceAndNotHalfTwice) {
  ASSERT_TRUE(store_->Create("mem://granted/a", "1"));
  gate_.good = "key-2";
  access_.next = ScriptedAccess::Key("key-2");
  int seen = 0;
  ASSERT_TRUE(store_->ForEachFile("mem://granted", [&](const FileInfo&) -> Status {
    ++seen;
    return {};
  }));
  EXPECT_EQ(seen, 1);
  access_.next = ScriptedAccess::Key("key-3");
  EXPECT_EQ(store_->ForEachFile("mem://granted", [&](const FileInfo&) -> Status { return Denied(); }).error().code,
            ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace k2i::io
