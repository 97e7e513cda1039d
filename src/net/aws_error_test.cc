// SPDX-License-Identifier: Apache-2.0
#include "net/aws_error.h"

#include <gtest/gtest.h>

namespace k2i::net {
namespace {

TEST(AwsError, ReadsEachProtocol) {
  const AwsError json = ReadAwsError(
      {400, {}, R"({"__type":"com.amazonaws.glue#EntityNotFoundException","Message":"Database x not found."})"});
  EXPECT_EQ(json.code, "EntityNotFoundException");
  EXPECT_EQ(json.message, "Database x not found.");
  const AwsError header = ReadAwsError(
      {403, {{"x-amzn-errortype", "AccessDeniedException:http://internal.amazon.com/"}}, R"({"message":"no"})"});
  EXPECT_EQ(header.code, "AccessDeniedException");
  EXPECT_EQ(header.message, "no");
  const AwsError xml = ReadAwsError({403,
                                     {},
                                     "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>"
                                     "<Message>a &lt;b&gt; &amp;amp;</Message></Error></ErrorResponse>"});
  EXPECT_EQ(xml.code, "InvalidClientTokenId");
  EXPECT_EQ(xml.message, "a <b> &amp;");
  const AwsError text = ReadAwsError({502, {}, "Bad gateway"});
  EXPECT_EQ(text.code, "");
  EXPECT_EQ(text.message, "Bad gateway");
}

TEST(AwsError, TellsRefusalsFromWhatPasses) {
  EXPECT_EQ(CodeOfCommonAwsError("SignatureDoesNotMatch"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOfCommonAwsError("RequestTimeTooSkewed"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOfCommonAwsError("AccessDeniedException"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOfCommonAwsError("ThrottlingException"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfCommonAwsError("EntityNotFoundException"), std::nullopt);
  EXPECT_TRUE(MeansThrottled("ThrottlingException"));
  EXPECT_FALSE(MeansThrottled("InternalFailure"));
  EXPECT_TRUE(MeansStaleCredentials("ExpiredTokenException"));
  EXPECT_FALSE(MeansStaleCredentials("AccessDenied"));
  EXPECT_NE(AdviceFor("RequestTimeTooSkewed").find("clock"), std::string::npos);
  EXPECT_EQ(AdviceFor("EntityNotFoundException"), "");
}

TEST(XmlText, TakesTheFirstWholeElement) {
  EXPECT_EQ(XmlText("<a><b>1</b><b>2</b></a>", "b"), "1");
  EXPECT_EQ(XmlText("<a><b></b></a>", "b"), "");
  EXPECT_EQ(XmlText("<a><b>cut", "b"), std::nullopt);
  EXPECT_EQ(XmlText("", "b"), std::nullopt);
}

}  // namespace
}  // namespace k2i::net
