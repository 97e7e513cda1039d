// SPDX-License-Identifier: Apache-2.0
//
// What needs no server; store_contract_test tries the rest on Azurite.
#include "io/azure_object_store.h"

#include <gtest/gtest.h>

namespace k2i::io {
namespace {

TEST(CodeOfAzureStatus, ReadsTheServicesCodeAndTheStatus) {
  const auto code = [](const char* text) { return CodeOfAzureStatus(arrow::Status::IOError(text)); };
  EXPECT_EQ(code("Put failed. Azure Error: [AuthorizationFailure] 403 Server failed"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code("x Azure Error: [ContainerNotFound] 404 The container"), ErrorCode::kNotFound);
  EXPECT_EQ(code("x Azure Error: [ServerBusy] 503 busy"), ErrorCode::kUnavailable);
  EXPECT_EQ(code("x Azure Error: [OperationTimedOut] 500 late"), ErrorCode::kTimeout);
  EXPECT_EQ(code("x Azure Error: [BlobAlreadyExists] 409 there"), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code("x Azure Error: [] Fail to get a new connection"), ErrorCode::kUnavailable);
  EXPECT_EQ(code("no error of Azure"), ErrorCode::kUnavailable);
}

TEST(AzureStore, NamesWhatItLacks) {
  const auto store = MakeAzureStore({.credential = AzureCredential::kSas, .sas_tokens = {{"other", "sv=1"}}}).value();
  EXPECT_EQ(store->Read("az://c/k").error().code, ErrorCode::kInvalidConfig);
  const Error error = store->Read("abfss://c@acc.dfs.core.windows.net/k").error();
  EXPECT_EQ(error.code, ErrorCode::kInvalidConfig);
  EXPECT_NE(error.message.find("'acc'"), std::string::npos);
  EXPECT_EQ(store->Read("s3://c/k").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace k2i::io
