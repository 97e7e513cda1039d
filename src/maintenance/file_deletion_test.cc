// SPDX-License-Identifier: Apache-2.0
#include "maintenance/file_deletion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "io/memory_object_store_testing.h"

namespace k2i::maintenance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// Takes several files at once, as S3 does.
class BulkStore final : public io::ObjectStore {
 public:
  explicit BulkStore(size_t at_once) : at_once_(at_once) {}
  Result<std::string> Read(std::string_view location) override { return files.Read(location); }
  Status Create(std::string_view location, std::string_view bytes) override { return files.Create(location, bytes); }
  Result<std::unique_ptr<io::OutputFile>> OpenForWrite(std::string_view location) override {
    return files.OpenForWrite(location);
  }
  Status Delete(std::string_view location) override { return files.Delete(location); }
  size_t DeletedAtOnce(std::string_view) override { return at_once_; }
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override {
    {
      std::lock_guard lock(mutex_);
      requests.push_back(locations.size());
    }
    return files.DeleteMany(locations);
  }
  Result<io::FileInfo> Stat(std::string_view location) override { return files.Stat(location); }
  Result<std::vector<io::FileInfo>> List(std::string_view prefix) override { return files.List(prefix); }

  io::MemoryObjectStore files;
  std::vector<size_t> requests;  // how many files each

 private:
  const size_t at_once_;
  std::mutex mutex_;
};

std::vector<TableFile> MakeFiles(io::ObjectStore& store, int count, bool listed) {
  std::vector<TableFile> files;
  for (int i = 0; i < count; ++i) {
    files.push_back({FileKind::kData, "s3://b/" + std::to_string(i), listed ? 3 : kUnknownSize});
    EXPECT_TRUE(store.Create(files.back().location, "abc").has_value());
  }
  return files;
}

TEST(DeleteFiles, GoInAsFewRequestsAsTheStoreTakes) {
  BulkStore store(1'000);
  const auto report = DeleteFiles(store, MakeFiles(store, 2'500, /*listed=*/false), {});
  EXPECT_THAT(store.requests, UnorderedElementsAre(1'000u, 1'000u, 500u));
  EXPECT_EQ(report.deleted.at(FileKind::kData), (FileCount{2'500, 7'500}));
  EXPECT_EQ(store.files.live_files(), 0u);
  EXPECT_EQ(report.listed.size(), 100u);
  EXPECT_EQ(report.listed[99], "s3://b/99");
}

TEST(DeleteFiles, TellOfEachFileWhatBecameOfIt) {
  BulkStore store(1'000);
  auto files = MakeFiles(store, 5, /*listed=*/false);
  ASSERT_TRUE(store.Delete(files[1].location).has_value());
  store.files.set_fault_hook([&](const io::StoreCall& call) -> Status {
    const bool fails = call.op == io::StoreOp::kDelete && call.location == files[3].location;
    return fails ? Status(Fail(ErrorCode::kPermissionDenied, "locked")) : Status();
  });
  std::vector<int64_t> progress;
  DeletionOptions options;
  options.progress = [&](int64_t done, int64_t of) {
    EXPECT_EQ(of, 5);
    progress.push_back(done);
  };
  const auto report = DeleteFiles(store, files, options);
  EXPECT_EQ(report.deleted.at(FileKind::kData), (FileCount{3, 9}));
  EXPECT_EQ(report.missing, 1);
  EXPECT_EQ(report.failed, 1);
  EXPECT_THAT(report.failures, ElementsAre(HasSubstr("s3://b/3: locked")));
  EXPECT_THAT(progress, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(store.requests, ElementsAre(4u));
}

TEST(DeleteFiles, ADryRunAndAStopDeleteNothing) {
  BulkStore store(10);
  const auto files = MakeFiles(store, 25, /*listed=*/true);
  const auto dry = DeleteFiles(store, files, {.dry_run = true});
  EXPECT_EQ(dry.deleted.at(FileKind::kData), (FileCount{25, 75}));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = DeleteFiles(store, files, {.stop = stop.get_token()});
  EXPECT_EQ(stopped.not_tried, 25);
  EXPECT_EQ(store.files.live_files(), 25u);
  EXPECT_TRUE(store.requests.empty());
  // And where the store takes no more than one, all threads are at work as before.
  BulkStore single(1);
  EXPECT_EQ(DeleteFiles(single, MakeFiles(single, 30, true), {}).deleted.at(FileKind::kData).files, 30);
  EXPECT_EQ(single.requests.size(), 30u);
}

}  // namespace
}  // namespace k2i::maintenance
