// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "io/memory_object_store_testing.h"

namespace k2i::io {
namespace {

using ::testing::ElementsAre;
using Phase = StoreCall::Phase;

/// Fails the first call of `op` in `phase`.
FaultHook FailOnce(StoreOp op, Phase phase) {
  return [op, phase, spent = std::make_shared<bool>(false)](const StoreCall& call) -> Status {
    if (*spent || call.op != op || call.phase != phase) return {};
    *spent = true;
    return Fail(ErrorCode::kUnavailable, "injected");
  };
}

TEST(MemoryObjectStore, CreatesReadsAndDeletes) {
  ManualClock clock(1000);
  MemoryObjectStore store(&clock);
  ASSERT_TRUE(store.Create("mem://a/x", "hello").has_value());
  EXPECT_EQ(store.Read("mem://a/x").value(), "hello");
  EXPECT_EQ(store.Create("mem://a/x", "again").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(store.Stat("mem://a/x").value().modified_ms, 1000);
  EXPECT_EQ(store.Stat("mem://a/x").value().size_bytes, 5);
  EXPECT_TRUE(store.Delete("mem://a/x").has_value());
  EXPECT_TRUE(store.Delete("mem://a/x").has_value());
  EXPECT_EQ(store.Read("mem://a/x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.Read("mem://a/x").error().component, Component::kStorage);
}

TEST(MemoryObjectStore, ReadsPartsOfAFile) {
  MemoryObjectStore store;
  ASSERT_TRUE(store.Create("s3://b/k", "0123456789").has_value());
  const auto file = store.OpenForRead("s3://b/k").value();
  EXPECT_EQ(file->size_bytes(), 10);
  std::string out(4, '.');
  EXPECT_EQ(file->ReadAt(8, 4, out.data()).value(), 2);
  EXPECT_EQ(out, "89..");
  EXPECT_EQ(file->ReadAt(12, 4, out.data()).value(), 0);
  EXPECT_EQ(store.OpenForRead("s3://b/none").error().code, ErrorCode::kNotFound);
}

TEST(MemoryObjectStore, ShowsAStreamedFileOnlyAfterClose) {
  MemoryObjectStore store;
  auto file = store.OpenForWrite("m/f.parquet").value();
  ASSERT_TRUE(file->Append("ab").has_value());
  ASSERT_TRUE(file->Append("cd").has_value());
  EXPECT_EQ(file->bytes_written(), 4);
  EXPECT_EQ(store.live_files(), 0u);
  EXPECT_EQ(store.open_files(), 1u);
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_EQ(store.Read("m/f.parquet").value(), "abcd");
  EXPECT_EQ(store.open_files(), 0u);
  EXPECT_EQ(store.live_files(".parquet"), 1u);
  EXPECT_EQ(store.live_files(".avro"), 0u);
}

TEST(MemoryObjectStore, LeavesNothingOfAnAbortedFile) {
  MemoryObjectStore store;
  { ASSERT_TRUE(store.OpenForWrite("m/f").value()->Append("ab").has_value()); }
  EXPECT_EQ(store.live_files(), 0u);
  EXPECT_EQ(store.open_files(), 0u);
}

TEST(MemoryObjectStore, ListsAFolderAndNotItsNamesake) {
  MemoryObjectStore store;
  for (const char* location : {"s/t/b", "s/t/deep/a", "s/t2/c", "s/t"}) {
    ASSERT_TRUE(store.Create(location, "1").has_value());
  }
  const std::vector<FileInfo> infos = store.List("s/t").value();
  std::vector<std::string> found;
  for (const FileInfo& info : infos) found.push_back(info.location);
  EXPECT_THAT(found, ElementsAre("s/t/b", "s/t/deep/a"));
  EXPECT_TRUE(store.List("nowhere").value().empty());
}

TEST(MemoryObjectStore, LosesARequestBeforeItTakesEffect) {
  MemoryObjectStore store;
  store.set_fault_hook(FailOnce(StoreOp::kCreate, Phase::kBefore));
  EXPECT_EQ(store.Create("f", "1").error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(store.Exists("f"));
  EXPECT_TRUE(store.Create("f", "1").has_value());
}

TEST(MemoryObjectStore, LosesAReplyAfterTheFileIsThere) {
  MemoryObjectStore store;
  store.set_fault_hook(FailOnce(StoreOp::kClose, Phase::kAfter));
  auto file = store.OpenForWrite("f").value();
  ASSERT_TRUE(file->Append("1").has_value());
  EXPECT_EQ(file->Close().error().component, Component::kStorage);
  EXPECT_TRUE(store.Exists("f"));
}

}  // namespace
}  // namespace k2i::io
