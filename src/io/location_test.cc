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
  EXPECT_EQ(store->Read("hdfs://b/k").error().code, ErrorCode::kNotSupported);
  EXPECT_NE(store->Read("hdfs://b/k").error().message.find("s3://"), std::string::npos);
  EXPECT_EQ(store->Read("no/uri").error().code, ErrorCode::kInvalidArgument);
}

TEST(MakeObjectStore, KeepsToLocalFilesWhenTold) {
  const auto store = MakeObjectStore({.type = StorageType::kLocal}).value();
  for (const char* location : {"s3://b/k", "gs://b/k", "abfss://c@a.dfs.core.windows.net/k"}) {
    EXPECT_EQ(store->Read(location).error().code, ErrorCode::kInvalidConfig);
  }
}

TEST(GcsPath, IsBucketAndKey) {
  EXPECT_EQ(GcsPath("gs://b/wh/a b%20c").value(), "b/wh/a b%20c");
  EXPECT_EQ(GcsPath("gs://").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(GcsPath("s3://b/k").error().code, ErrorCode::kInvalidArgument);
}

TEST(ParseAzureLocation, FindsAccountDomainAndPath) {
  for (const char* scheme : {"abfs", "abfss", "wasb", "wasbs"}) {
    const auto location = ParseAzureLocation(std::string(scheme) + "://c@acc.dfs.core.chinacloudapi.cn/wh/a b@c");
    ASSERT_TRUE(location.has_value());
    EXPECT_EQ(location->account, "acc");
    EXPECT_EQ(location->domain, "core.chinacloudapi.cn");
    EXPECT_EQ(location->path, "c/wh/a b@c");
  }
  EXPECT_EQ(ParseAzureLocation("az://c/k@x").value().path, "c/k@x");
  EXPECT_EQ(ParseAzureLocation("az://c/k").value().account, "");
  for (const char* wrong : {"abfss://@a.dfs.core.windows.net/k", "abfss://c@a/k", "abfss://c@.dfs.x/k", "abfss:///k",
                            "abfss://c@a.dfs./k", "gs://c/k"}) {
    EXPECT_EQ(ParseAzureLocation(wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  }
}

TEST(MakeObjectStore, ChecksOptionsOfGcsAndAzureAtOnce) {
  for (const GcsOptions& gcs :
       {GcsOptions{.endpoint = "localhost:4443"}, GcsOptions{.credential = GcsCredential::kToken},
        GcsOptions{.credential = GcsCredential::kServiceAccount,
        .service_account_key = R"({"client_email": "a@b"})"}}) {
    EXPECT_EQ(MakeObjectStore({.type = StorageType::kGcs, .gcs = gcs}).error().code, ErrorCode::kInvalidConfig);
  }
  for (const AzureOptions& azure :
       {AzureOptions{.endpoint = "localhost:10000"}, AzureOptions{.credential = AzureCredential::kAccountKey},
        AzureOptions{.credential = AzureCredential::kSas},
        AzureOptions{.credential = AzureCredential::kClientSecret, .tenant_id = "t"}}) {
    EXPECT_EQ(MakeObjectStore({.type = StorageType::kAzure, .azure = azure}).error().code, ErrorCode::kInvalidConfig);
  }
}

TEST(MakeObjectStore, ChecksS3OptionsAtOnce) {
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.credential = S3Credential::kRole}}).error().code,
            ErrorCode::kInvalidConfig);

  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.endpoint = "localhost:9000"}}).error().code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.endpoint = "http://h/path"}}).error().code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(MakeObjectStore({.type = StorageType::kS3, .s3 = {.keys = {.access_key_id = "only"}}}).error().code,
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

}  // namespace
}  // namespace k2i::io
