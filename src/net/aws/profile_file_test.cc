// SPDX-License-Identifier: Apache-2.0
#include "net/aws/profile_file.h"

#include <gtest/gtest.h>

namespace k2i::net {
namespace {

TEST(ProfileFile, ReadsBothFiles) {
  AwsProfiles profiles;
  ParseProfiles(
      "# a comment\n"
      "[default]\n"
      "region = eu-west-1 ; where we are\r\n"
      "s3 =\n"
      "  max_concurrent_requests = 20\n"
      "[profile  prod ]\n"
      "Role_Arn=arn:aws:iam::1:role/r#1\n"
      "[services local]\n"
      "region = nowhere\n"
      "[prod]\n"
      "region = nowhere\n",
      ProfileFileKind::kConfig, profiles);
  ParseProfiles("aws_secret_access_key = lost\n[prod]\naws_access_key_id = AKIA\n[default]\nregion=us-west-2",
                ProfileFileKind::kCredentials, profiles);
  const AwsProfiles expected = {{"default", {{"region", "us-west-2"}, {"s3", ""}}},
                                {"prod", {{"role_arn", "arn:aws:iam::1:role/r#1"}, {"aws_access_key_id", "AKIA"}}}};
  EXPECT_EQ(profiles, expected);
  EXPECT_EQ(ProfileValue(profiles["default"], "region"), "us-west-2");
  EXPECT_EQ(ProfileValue(profiles["default"], "none"), "");
}

TEST(ProfileFile, SurvivesAnyText) {
  AwsProfiles profiles;
  for (const char* text : {"", "[", "[profile]", "[]\nx", "=", "[a]\n=", "[a]\n = b\n]", "\n\n\r\n"}) {
    ParseProfiles(text, ProfileFileKind::kConfig, profiles);
    ParseProfiles(text, ProfileFileKind::kCredentials, profiles);
  }
}

}  // namespace
}  // namespace k2i::net
