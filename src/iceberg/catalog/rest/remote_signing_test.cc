// SPDX-License-Identifier: Apache-2.0
//
// Files of a table whose catalog signs each request to the store: nobody here has a key to it. K2I_TEST_SIGNING_URI and
// _WAREHOUSE; tests/interop/test_live_units.py starts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "io/make_object_store.h"
#include "io/renewed_store.h"
#include "io/table_config.h"
#include "net/http_client.h"

namespace k2i::iceberg {
namespace {

class RemoteSigningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* uri = std::getenv("K2I_TEST_SIGNING_URI");
    if (uri == nullptr) GTEST_SKIP() << "K2I_TEST_SIGNING_URI is not set";
    const RestCatalogOptions options{
        .uri = uri, .warehouse = std::getenv("K2I_TEST_SIGNING_WAREHOUSE"), .vended_credentials = true};
    catalog_ = RestCatalog::Make(options, http_, clock_).value();
    store_ = io::RenewedStore::Make(catalog_->access(), [](const io::StorageGrant* grant) {
               return grant == nullptr ? io::MakeObjectStore({.type = io::StorageType::kLocal}) : Granted(*grant);
             }).value();
    ASSERT_TRUE(catalog_->EnsureNamespace({"signing"}).has_value());
    CreateTableRequest request;
    request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false}});
    const auto table = catalog_->CreateTable({{"signing"}, "t" + random_.Uuid()}, request);
    ASSERT_TRUE(table.has_value()) << table.error().ToString();
    folder_ = table->metadata->location + "/data";
  }
  static Result<std::unique_ptr<io::ObjectStore>> Granted(const io::StorageGrant& grant) {
    EXPECT_NE(grant.signer, nullptr);
    K2I_ASSIGN_OR_RETURN(io::StorageOptions options, io::WithTableConfig({}, grant.config));
    options.s3.signer = grant.signer;
    EXPECT_EQ(options.s3.keys.access_key_id, "");
    return io::MakeObjectStore(options);
  }

  net::HttpClient http_;
  SystemClock clock_;
  Random random_{Random::SystemSeed()};
  std::unique_ptr<RestCatalog> catalog_;
  std::unique_ptr<io::ObjectStore> store_;
  std::string folder_;
};

TEST_F(RemoteSigningTest, OpensAllWaysToTheStore) {
  const std::string small = folder_ + "/a b+\u00fc.parquet", large = folder_ + "/large";
  const Status created = store_->Create(small, "0123456789");
  ASSERT_TRUE(created.has_value()) << created.error().ToString();
  EXPECT_EQ(store_->Create(small, "again").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(store_->Read(small).value(), "0123456789");
  const auto input = store_->OpenForRead(small).value();
  // The signer lets its signatures be kept: each range must have the right bytes all the same.
  for (int64_t position : {2, 7, 2}) {
    std::string bytes(3, '.');
    EXPECT_EQ(input->ReadAt(position, 3, bytes.data()).value(), 3);
    EXPECT_EQ(bytes, std::string("0123456789").substr(static_cast<size_t>(position), 3));
  }
  std::string bytes(20'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 9);
  const auto output = store_->OpenForWrite(large).value();
  ASSERT_TRUE(output->Append(bytes).has_value());
  const Status closed = output->Close();
  ASSERT_TRUE(closed.has_value()) << closed.error().ToString();
  EXPECT_TRUE(store_->Read(large).value() == bytes);
  EXPECT_EQ(store_->List(folder_)->size(), 2u);
  for (const Status& deleted : store_->DeleteMany(std::vector<std::string>{small, large})) {
    EXPECT_TRUE(deleted.has_value()) << deleted.error().ToString();
  }
  EXPECT_EQ(store_->Stat(small).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(store_->List(folder_).value(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace k2i::iceberg
