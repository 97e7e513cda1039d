// SPDX-License-Identifier: Apache-2.0
#include "io/location.h"

#include <gtest/gtest.h>

#include "io/make_object_store.h"
#include "io/memory_object_store_testing.h"

namespace k2i::io {
namespace {

TEST(Location, KnowsItsScheme) {
  EXPECT_EQ(SchemeOf("s3://b/k"), "s3");
  EXPECT_EQ(SchemeOf("S3A://b/k"), "s3a");
  EXPECT_EQ(SchemeOf("file:///x"), "file");
  EXPECT_EQ(SchemeOf("file:/x"), "file");
  EXPECT_EQ(SchemeOf("/x/y:z"), "file");
  EXPECT_EQ(SchemeOf("abfss://c@a.dfs/x"), "abfss");
  EXPECT_EQ(SchemeOf("relative/x"), "");
  EXPECT_EQ(SchemeOf("C:\\x"), "");
  EXPECT_EQ(SchemeOf("://x"), "");
}

TEST(Location, TakesLocalPathsLiterally) {
  EXPECT_EQ(LocalPath("file:///a%20b/c=d e").value(), "/a%20b/c=d e");
  EXPECT_EQ(LocalPath("file://localhost/a").value(), "/a");
  EXPECT_EQ(LocalPath(std::string_view("/a\0b", 4)).error().code, ErrorCode::kInvalidArgument);
}

TEST(Location, TakesS3PathsLiterally) {
  EXPECT_EQ(S3Path("s3://b/k/ts_day=2024-01-31/f%2F.parquet").value(), "b/k/ts_day=2024-01-31/f%2F.parquet");
  EXPECT_EQ(S3Path("s3n://b/").value(), "b");
  EXPECT_EQ(S3Path("s3:///k").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(S3Path("s3://").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(S3Path("file:///k").error().code, ErrorCode::kInvalidArgument);
}

TEST(MakeObjectStore, RoutesByScheme) {
  const auto store = MakeObjectStore({}).value();
  const std::string location = "file://" + ::testing::TempDir() + "k2i-routing-test";
  ASSERT_TRUE(store->Delete(location).has_value());
  ASSERT_TRUE(store->Create(location, "x").has_value());
  EXPECT_EQ(store->Read(location).value(), "x");
  ASSERT_TRUE(store->Delete(location).has_value());
  EXPECT_EQ(store->Read("gs://b/k").error().code, ErrorCode::kNotSupported);
  EXPECT_NE(store->Read("gs://b/k").error().message.find("s3://"), std::string::npos);
  EXPECT_EQ(store->Read("no/uri").error().code, ErrorCode::kInvalidArgument);
}

TEST(MakeObjectStore, KeepsToLocalFilesWhenTold) {
  const auto store = MakeObjectStore({.type = StorageType::kLocal}).value();
  EXPECT_EQ(store->Read("s3://b/k").error().code, ErrorCode::kInvalidConfig);
}

TEST(MakeObjectStore, ChecksS3OptionsAtOnce) {
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.endpoint = "localhost:9000"}}).error().code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.endpoint = "http://h/path"}}).error().code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.access_key_id = "only"}}).error().code,
            ErrorCode::kInvalidConfig);
}

TEST(CheckStorage, LeavesNothingBehind) {
  MemoryObjectStore store;
  Random random(1);
  EXPECT_TRUE(CheckStorage(store, "s3://b/wh/", random).has_value());
  EXPECT_EQ(store.live_files(), 0u);
}

TEST(CheckStorage, ReportsAStoreThatCannotDelete) {
  MemoryObjectStore store;
  store.set_fault_hook([](const StoreCall& call) -> Status {
    if (call.op != StoreOp::kDelete) return {};
    return Fail(ErrorCode::kPermissionDenied, "no delete");
  });
  Random random(1);
  EXPECT_EQ(CheckStorage(store, "s3://b/wh", random).error().code, ErrorCode::kPermissionDenied);
}

TEST(WithTableConfig, TakesVendedCredentialsWhole) {
  const S3Options own{
      .region = "eu-west-1", .access_key_id = "own", .secret_access_key = "own", .session_token = "own"};
  const S3Options vended = WithTableConfig(own, {{"s3.access-key-id", "k"},
                                                 {"s3.secret-access-key", "s"},
                                                 {"s3.endpoint", "http://e"},
                                                 {"s3.path-style-access", "true"},
                                                 {"client.region", "us-west-2"}});
  EXPECT_EQ(vended.access_key_id, "k");
  EXPECT_EQ(vended.session_token, "");
  EXPECT_EQ(vended.endpoint, "http://e");
  EXPECT_EQ(vended.region, "us-west-2");
  EXPECT_EQ(vended.path_style, true);
  EXPECT_EQ(WithTableConfig(own, {}).access_key_id, "own");
}

}  // namespace
}  // namespace k2i::io
