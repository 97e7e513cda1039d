// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

using testing::HasSubstr;

ErrorCode CodeOf(GlueOperation operation, int status, const std::string& exception) {
  const Error error = GlueErrorOfAnswer(operation, {status, {}, "{\"__type\":\"" + exception + "\"}"}, "x");
  EXPECT_EQ(error.component, Component::kCatalog);
  return error.code;
}

TEST(GlueError, TellsALostRaceFromAnUnclearOutcome) {
  using enum GlueOperation;
  EXPECT_EQ(CodeOf(kCommit, 400, "ConcurrentModificationException"), ErrorCode::kCommitConflict);
  EXPECT_EQ(CodeOf(kCommit, 400, "VersionMismatchException"), ErrorCode::kCommitConflict);
  EXPECT_EQ(CodeOf(kDrop, 400, "ConcurrentModificationException"), ErrorCode::kUnavailable);
  for (const GlueOperation operation : {kCommit, kCreate}) {
    EXPECT_EQ(CodeOf(operation, 500, "InternalServiceException"), ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(CodeOf(operation, 400, "OperationTimeoutException"), ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(CodeOf(operation, 503, "ServiceUnavailableException"), ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(CodeOf(operation, 502, ""), ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(CodeOf(operation, 408, ""), ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(CodeOf(operation, 400, "ThrottlingException"), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(operation, 429, ""), ErrorCode::kUnavailable);
  }
  EXPECT_EQ(CodeOf(kRead, 500, "InternalServiceException"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(kRead, 504, ""), ErrorCode::kUnavailable);
}

TEST(GlueError, MapsTheOtherExceptions) {
  using enum GlueOperation;
  EXPECT_EQ(CodeOf(kRead, 400, "EntityNotFoundException"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(kCreate, 400, "AlreadyExistsException"), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(kCommit, 400, "InvalidInputException"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(kRead, 400, "AccessDeniedException"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(kCommit, 400, "GlueEncryptionException"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(kCommit, 400, "ResourceNumberLimitExceededException"), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(kRead, 400, "UnknownOperationException"), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(kRead, 400, "SomethingNewException"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(kRead, 403, ""), ErrorCode::kPermissionDenied);
}

TEST(GlueError, SaysWhatAUserCanDo) {
  const auto message = [](const std::string& body) {
    return GlueErrorOfAnswer(GlueOperation::kRead, {400, {}, body}, "load table a.b").message;
  };
  EXPECT_EQ(message(R"({"__type":"EntityNotFoundException","Message":"Entity Not Found"})"),
            "load table a.b: HTTP 400: EntityNotFoundException: Entity Not Found");
  EXPECT_THAT(message(R"({"__type":"InvalidSignatureException","message":"Signature expired"})"), HasSubstr("clock"));
  EXPECT_THAT(message(R"({"__type":"AccessDeniedException","Message":"not authorized to perform: glue:GetTable"})"),
              HasSubstr("glue:GetTable; the role or user lacks"));
}

TEST(GlueError, ARequestWithoutAnswer) {
  using enum GlueOperation;
  const auto code = [](GlueOperation operation, ErrorCode transport) {
    return GlueErrorOfTransport(operation, {transport, "m"}, "x").code;
  };
  EXPECT_EQ(code(kCommit, ErrorCode::kTimeout), ErrorCode::kCommitStateUnknown);
  EXPECT_EQ(code(kCommit, ErrorCode::kResourceExhausted), ErrorCode::kCommitStateUnknown);
  EXPECT_EQ(code(kCommit, ErrorCode::kUnavailable), ErrorCode::kUnavailable);
  EXPECT_EQ(code(kRead, ErrorCode::kTimeout), ErrorCode::kTimeout);
  EXPECT_EQ(code(kCommit, ErrorCode::kPermissionDenied), ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace k2i::iceberg
