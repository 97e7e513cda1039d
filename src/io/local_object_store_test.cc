// SPDX-License-Identifier: Apache-2.0
#include "io/local_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "io/posix_file.h"

namespace k2i::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LocalObjectStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "k2i-local-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::vector<std::string> Listed(const std::string& prefix) {
    const std::vector<FileInfo> infos = store_.List(prefix).value();
    std::vector<std::string> locations;
    for (const FileInfo& info : infos) locations.push_back(info.location);
    return locations;
  }

  std::string folder_;
  LocalObjectStore store_;
};

TEST_F(LocalObjectStoreTest, CreatesMissingFoldersAndReadsBack) {
  const std::string bytes("a\0b\xff", 4);
  ASSERT_TRUE(store_.Create("file://" + Path("db/t/metadata/m.json"), bytes).has_value());
  EXPECT_EQ(store_.Read(Path("db/t/metadata/m.json")).value(), bytes);
  EXPECT_EQ(store_.Read("file:" + Path("db/t/metadata/m.json")).value(), bytes);
}

TEST_F(LocalObjectStoreTest, ReadsEmptyAndLargeFiles) {
  ASSERT_TRUE(store_.Create(Path("empty"), "").has_value());
  EXPECT_EQ(store_.Read(Path("empty")).value(), "");
  const std::string large(5'000'001, 'x');
  ASSERT_TRUE(store_.Create(Path("large"), large).has_value());
  EXPECT_EQ(store_.Read(Path("large")).value(), large);
}

TEST_F(LocalObjectStoreTest, ReadsPartsOfAFile) {
  ASSERT_TRUE(store_.Create(Path("f"), "0123456789").has_value());
  const auto file = store_.OpenForRead(Path("f")).value();
  EXPECT_EQ(file->size_bytes(), 10);
  std::string out(4, '.');
  EXPECT_EQ(file->ReadAt(3, 4, out.data()).value(), 4);
  EXPECT_EQ(out, "3456");
  EXPECT_EQ(file->ReadAt(8, 4, out.data()).value(), 2);
  EXPECT_EQ(out, "8956");
  EXPECT_EQ(file->ReadAt(10, 4, out.data()).value(), 0);
  EXPECT_EQ(store_.OpenForRead(Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_.OpenForRead(folder_).error().code, ErrorCode::kNotFound);
}

TEST_F(LocalObjectStoreTest, CreateNeverReplaces) {
  ASSERT_TRUE(store_.Create(Path("f"), "first").has_value());
  const Status again = store_.Create(Path("f"), "second");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(again.error().component, Component::kStorage);
  EXPECT_EQ(store_.Read(Path("f")).value(), "first");
  EXPECT_THAT(Listed(folder_), ElementsAre(Path("f")));  // no temporary file stays
}

TEST_F(LocalObjectStoreTest, OneOfManyCreatorsWins) {
  std::atomic<int> winners = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Status status = store_.Create(Path("d/f"), std::to_string(i));
      if (status.has_value())
        ++winners;
      else
        EXPECT_EQ(status.error().code, ErrorCode::kAlreadyExists);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
  EXPECT_THAT(Listed(folder_), SizeIs(1));
}

TEST_F(LocalObjectStoreTest, AStreamedFileAppearsWhenItIsClosed) {
  auto file = store_.OpenForWrite(Path("d/data.parquet")).value();
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string part(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(file->Append(part).has_value());
    expected += part;
  }
  EXPECT_EQ(file->bytes_written(), static_cast<int64_t>(expected.size()));
  EXPECT_EQ(store_.Stat(Path("d/data.parquet")).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_EQ(store_.Read(Path("d/data.parquet")).value(), expected);
  EXPECT_THAT(Listed(folder_), ElementsAre(Path("d/data.parquet")));
  EXPECT_FALSE(file->Close().has_value());
}

TEST_F(LocalObjectStoreTest, AnAbortedFileLeavesNothing) {
  auto file = store_.OpenForWrite(Path("a")).value();
  ASSERT_TRUE(file->Append("x").has_value());
  file->Abort();
  EXPECT_FALSE(file->Append("y").has_value());
  { auto dropped = store_.OpenForWrite(Path("b")).value(); }
  EXPECT_THAT(Listed(folder_), IsEmpty());
}

TEST_F(LocalObjectStoreTest, ListsRecursivelyInTheFormOfThePrefix) {
  for (const char* name : {"t/a", "t/x/y/b", "t2/c"}) ASSERT_TRUE(store_.Create(Path(name), "123").has_value());
  EXPECT_THAT(Listed(Path("t")), UnorderedElementsAre(Path("t/a"), Path("t/x/y/b")));
  EXPECT_THAT(Listed("file://" + Path("t/")),
              UnorderedElementsAre("file://" + Path("t/a"), "file://" + Path("t/x/y/b")));
  EXPECT_THAT(Listed(Path("nowhere")), IsEmpty());
  EXPECT_EQ(store_.List(Path("t2")).value().front().size_bytes, 3);
}

TEST_F(LocalObjectStoreTest, StatTellsSizeAndTime) {
  ASSERT_TRUE(store_.Create(Path("f"), "12345").has_value());
  const FileInfo info = store_.Stat("file://" + Path("f")).value();
  EXPECT_EQ(info.location, "file://" + Path("f"));
  EXPECT_EQ(info.size_bytes, 5);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_NEAR(info.modified_ms, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), 60'000);
  EXPECT_EQ(store_.Stat(folder_).error().code, ErrorCode::kNotFound);
}

TEST_F(LocalObjectStoreTest, DeletesOnceAndAgain) {
  ASSERT_TRUE(store_.Create(Path("f"), "1").has_value());
  EXPECT_TRUE(store_.Delete(Path("f")).has_value());
  EXPECT_TRUE(store_.Delete(Path("f")).has_value());
  EXPECT_TRUE(store_.Delete(Path("no/such/folder/f")).has_value());
  EXPECT_EQ(store_.Read(Path("f")).error().code, ErrorCode::kNotFound);
}

TEST_F(LocalObjectStoreTest, VisitsFilesUntilAnError) {
  for (const char* name : {"a", "d/b", "d/e/c"}) ASSERT_TRUE(store_.Create(Path(name), "12").has_value());
  std::vector<std::string> visited;
  const Status all = store_.ForEachFile(folder_, [&](const FileInfo& file) -> Status {
    visited.push_back(file.location);
    EXPECT_EQ(file.size_bytes, 2);
    return {};
  });
  EXPECT_TRUE(all.has_value());
  EXPECT_THAT(visited, testing::UnorderedElementsAre(Path("a"), Path("d/b"), Path("d/e/c")));
  int calls = 0;
  const Status stopped = store_.ForEachFile(folder_, [&](const FileInfo&) -> Status {
    ++calls;
    return Fail(ErrorCode::kCancelled, "enough");
  });
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

TEST_F(LocalObjectStoreTest, RefusesLocationsOfOthers) {
  for (const char* location : {"s3://b/k", "relative/path", "file://otherhost/x", "file:relative", ""}) {
    EXPECT_EQ(store_.Read(location).error().code, ErrorCode::kInvalidArgument) << location;
  }
}

TEST(ErrnoError, TellsAFullDiskFromOtherErrors) {
  EXPECT_EQ(ErrnoError(ENOSPC, "write", "/x").code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(ErrnoError(ENOSPC, "write", "/x").retryable());
  EXPECT_EQ(ErrnoError(EDQUOT, "write", "/x").code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(ErrnoError(EROFS, "write", "/x").code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(ErrnoError(EIO, "write", "/x").code, ErrorCode::kUnavailable);
  EXPECT_EQ(ErrnoError(ENOENT, "open", "/x").ToString(), "NotFound: open /x: No such file or directory");
}

TEST_F(LocalObjectStoreTest, AWriteThatFailsLeavesNothing) {
  // A bound on the size of files stands for a full disk: write() fails half-way.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit bounded = before;
  bounded.rlim_cur = 1 << 20;
  ::setrlimit(RLIMIT_FSIZE, &bounded);
  const Status created = store_.Create(Path("f"), std::string(2 << 20, 'x'));
  auto file = store_.OpenForWrite(Path("g")).value();
  const Status appended = file->Append(std::string(2 << 20, 'x'));
  const Status closed = file->Close();
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(created.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(appended.error().code, ErrorCode::kResourceExhausted);
  EXPECT_FALSE(closed.has_value());
  EXPECT_THAT(Listed(folder_), IsEmpty());
}

TEST_F(LocalObjectStoreTest, TellsMissingRights) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_EQ(::chmod(folder_.c_str(), 0500), 0);
  EXPECT_EQ(store_.Create(Path("f"), "1").error().code, ErrorCode::kPermissionDenied);
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
}

TEST_F(LocalObjectStoreTest, AFileInPlaceOfAFolderIsAnError) {
  ASSERT_TRUE(store_.Create(Path("f"), "1").has_value());
  EXPECT_FALSE(store_.Create(Path("f/g"), "1").has_value());
}

TEST(FolderOf, TakesTheLastNameOff) {
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a//b/"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("/"), "/");
}

}  // namespace
}  // namespace k2i::io
