// SPDX-License-Identifier: Apache-2.0
#include "net/aws/credentials_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/clock_testing.h"
#include "base/random.h"
#include "net/scripted_transport_testing.h"

namespace k2i::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStsAnswer =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>"
    "<SecretAccessKey>s/1</SecretAccessKey><SessionToken>t&amp;1</SessionToken>"
    "<Expiration>2023-11-14T23:13:20Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
constexpr const char* kEndpointAnswer =
    R"({"Code":"Success","AccessKeyId":"ASIA2","SecretAccessKey":"s2","Token":"t2","Expiration":"2023-11-14T23:13:20Z"})";

class CredentialsChainTest : public ::testing::Test {
 protected:
  CredentialsChainTest() {
    std::filesystem::create_directories(home_ + "/.aws");
    environment_["HOME"] = home_;
  }
  ~CredentialsChainTest() override { std::filesystem::remove_all(home_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(home_ + "/" + name) << text; }
  Result<AwsCredentials> Look(AwsIdentityOptions options = {}) {
    return MakeAwsCredentials({http_, clock_, environment_}, std::move(options))->Credentials();
  }
  std::string KeyOf(AwsIdentityOptions options = {}) {
    const auto found = Look(std::move(options));
    return found.has_value() ? found->access_key_id : found.error().ToString();
  }
  /// Nothing answers at the address of instance metadata.
  void NoInstance() { http_.FailNext(ErrorCode::kUnavailable); }

  Random random_{Random::SystemSeed()};
  const std::string home_ = ::testing::TempDir() + "aws_home_" + random_.Uuid();
  ManualClock clock_{1'700'000'000'000};  // 2023-11-14T22:13:20Z
  ScriptedTransport http_;
  std::map<std::string, std::string> environment_;
};

TEST_F(CredentialsChainTest, NamesEveryPlaceWhenThereAreNone) {
  NoInstance();
  const Error error = Look().error();
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.message, AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), HasSubstr("~/.aws/credentials"),
                                   HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"),
                                   HasSubstr("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), HasSubstr("EC2 instance")));
}

TEST_F(CredentialsChainTest, TakesTheFirstPlaceThatHasSome) {
  environment_["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x";
  http_.Answer(200, kEndpointAnswer);
  EXPECT_EQ(KeyOf(), "ASIA2");
  EXPECT_EQ(http_.last_request().url, "http://169.254.170.2/v2/credentials/x");
  Write("token", " jwt\n");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_ + "/token";
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
  http_.Answer(200, kStsAnswer);
  EXPECT_EQ(KeyOf(), "ASIA1");
  Write(".aws/credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
  EXPECT_EQ(KeyOf(), "FILE");
  environment_["AWS_ACCESS_KEY_ID"] = "ENV";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(KeyOf(), "ENV");
  EXPECT_EQ(KeyOf({.keys = {"CONFIG", "s"}}), "CONFIG");
  environment_.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(Look().error().code, ErrorCode::kInvalidConfig);
}

TEST_F(CredentialsChainTest, ANamedProfileIsTheOnlyPlace) {
  environment_["AWS_ACCESS_KEY_ID"] = "ENV";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s";
  Write(".aws/config", "[profile a]\naws_access_key_id=A\naws_secret_access_key=s\naws_session_token=t\n[profile b]\n");
  EXPECT_EQ(Look({.profile = "a"})->session_token, "t");
  EXPECT_THAT(Look({.profile = "b"}).error().message, HasSubstr("neither keys nor a role"));
  EXPECT_THAT(Look({.profile = "c"}).error().message, HasSubstr("no AWS profile 'c'"));
}

TEST_F(CredentialsChainTest, AssumesARoleWithAnExternalId) {
  environment_["AWS_ACCESS_KEY_ID"] = "ENV";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s";
  http_.Answer(200, kStsAnswer);
  const auto found = Look({.role = {.role_arn = "arn:aws:iam::1:role/r", .external_id = "x 1"}, .region = "eu-west-1"});
  ASSERT_TRUE(found.has_value()) << found.error().ToString();
  EXPECT_EQ(found->access_key_id, "ASIA1");
  EXPECT_EQ(found->secret_access_key, "s/1");
  EXPECT_EQ(found->session_token, "t&1");
  EXPECT_EQ(found->expires_at_ms, clock_.wall_ms() + 3'600'000);
  const HttpRequest request = http_.last_request();
  EXPECT_EQ(request.url, "https://sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(request.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=k2i&"
            "DurationSeconds=3600&ExternalId=x%201");
  EXPECT_THAT(HeaderOf(request, "Authorization"), HasSubstr("Credential=ENV/20231114/eu-west-1/sts/aws4_request"));
}

TEST_F(CredentialsChainTest, FollowsTheRolesOfProfiles) {
  Write(".aws/config",
        "[profile top]\nrole_arn=R1\nsource_profile=middle\nexternal_id=e\nrole_session_name=n\nduration_seconds=900\n"
        "[profile middle]\nrole_arn=R2\nsource_profile=base\n"
        "[profile self]\nrole_arn=R3\nsource_profile=self\naws_access_key_id=SELF\naws_secret_access_key=s\n"
        "[profile loop]\nrole_arn=R4\nsource_profile=loop2\n[profile loop2]\nrole_arn=R5\nsource_profile=loop\n"
        "[profile env]\nrole_arn=R6\ncredential_source=Environment\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  http_.Answer(200, kStsAnswer);
  http_.Answer(200, kStsAnswer);
  EXPECT_EQ(KeyOf({.profile = "top"}), "ASIA1");
  EXPECT_THAT(http_.requests()[0].body, HasSubstr("RoleArn=R2"));
  EXPECT_THAT(HeaderOf(http_.requests()[0], "Authorization"), HasSubstr("Credential=BASE/"));
  EXPECT_THAT(http_.requests()[1].body, HasSubstr("RoleArn=R1&RoleSessionName=n&DurationSeconds=900&ExternalId=e"));
  EXPECT_THAT(HeaderOf(http_.requests()[1], "Authorization"), HasSubstr("Credential=ASIA1/"));
  http_.Answer(200, kStsAnswer);
  EXPECT_EQ(KeyOf({.profile = "self"}), "ASIA1");
  EXPECT_THAT(HeaderOf(http_.last_request(), "Authorization"), HasSubstr("Credential=SELF/"));
  EXPECT_THAT(KeyOf({.profile = "loop"}), HasSubstr("has no credentials"));
  EXPECT_THAT(KeyOf({.profile = "env"}), HasSubstr("credential_source Environment, which has no credentials"));
}

TEST_F(CredentialsChainTest, SaysWhatProfilesItCannotUse) {
  Write(".aws/config",
        "[profile process]\ncredential_process=/bin/x\n[profile sso]\nsso_session=s\n"
        "[profile mfa]\nrole_arn=R\nmfa_serial=1\n[profile half]\naws_access_key_id=A\n"
        "[profile sourceless]\nrole_arn=R\n[profile odd]\nrole_arn=R\ncredential_source=Moon\n");
  const std::pair<const char*, const char*> cases[] = {
      {"process", "credential_process"}, {"sso", "sso_session"},           {"mfa", "mfa_serial"},
      {"half", "aws_secret_access_key"}, {"sourceless", "source_profile"}, {"odd", "Moon"}};
  for (const auto& [profile, words] : cases) {
    const auto found = Look({.profile = profile});
    ASSERT_FALSE(found.has_value()) << profile;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidConfig) << profile;
    EXPECT_THAT(found.error().message, HasSubstr(words));
  }
}

TEST_F(CredentialsChainTest, AssumesARoleByWebIdentity) {
  Write("token", "j.w+t\n");
  Write(".aws/config", "[profile web]\nrole_arn=R\nweb_identity_token_file=" + home_ + "/token\nregion=us-west-2\n");
  http_.Answer(200, kStsAnswer);
  EXPECT_EQ(KeyOf({.profile = "web"}), "ASIA1");
  EXPECT_EQ(http_.last_request().url, "https://sts.us-west-2.amazonaws.com");
  EXPECT_THAT(http_.last_request().body, HasSubstr("Action=AssumeRoleWithWebIdentity&"));
  EXPECT_THAT(http_.last_request().body, HasSubstr("WebIdentityToken=j.w%2Bt"));
  EXPECT_EQ(HeaderOf(http_.last_request(), "Authorization"), "");
}

TEST_F(CredentialsChainTest, TellsWhySTSRefuses) {
  const AwsIdentityOptions options = {.keys = {"A", "s3cret"}, .role = {.role_arn = "R"}};
  http_.Answer(403,
               "<Error><Code>AccessDenied</Code><Message>not authorized to perform sts:AssumeRole</Message></Error>");
  const Error denied = Look(options).error();
  EXPECT_EQ(denied.code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(denied.message, AllOf(HasSubstr("assuming role R"), HasSubstr("not authorized"), HasSubstr("IAM policy"),
                                    Not(HasSubstr("s3cret"))));
  http_.Answer(400, "<Error><Code>ValidationError</Code><Message>malformed ARN</Message></Error>");
  EXPECT_EQ(Look(options).error().code, ErrorCode::kInvalidConfig);
  http_.Answer(400, "<Error><Code>Throttling</Code></Error>");
  EXPECT_EQ(Look(options).error().code, ErrorCode::kUnavailable);
  http_.Answer(503, "");
  EXPECT_EQ(Look(options).error().code, ErrorCode::kUnavailable);
  http_.Answer(200, "<html>");
  EXPECT_EQ(Look(options).error().code, ErrorCode::kUnavailable);
}

TEST_F(CredentialsChainTest, AsksTheContainerWithItsToken) {
  Write("token", "Bearer x");
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23:80/v1/credentials";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = home_ + "/token";
  http_.Answer(200, kEndpointAnswer);
  EXPECT_EQ(KeyOf(), "ASIA2");
  EXPECT_EQ(HeaderOf(http_.last_request(), "Authorization"), "Bearer x");
  http_.Answer(403, "");
  EXPECT_EQ(Look().error().code, ErrorCode::kPermissionDenied);
  http_.Answer(200, R"({"Code":"Failed","Message":"no role"})");
  EXPECT_THAT(Look().error().message, HasSubstr("Failed: no role"));
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/";
  EXPECT_EQ(Look().error().code, ErrorCode::kInvalidConfig);
}

TEST_F(CredentialsChainTest, AsksTheInstanceWithASession) {
  http_.Answer(200, "session");
  http_.Answer(200, "my-role\n");
  http_.Answer(200, kEndpointAnswer);
  const auto found = Look();
  ASSERT_TRUE(found.has_value()) << found.error().ToString();
  EXPECT_EQ(found->expires_at_ms, clock_.wall_ms() + 3'600'000);
  const auto requests = http_.requests();
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(requests[2].url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  EXPECT_EQ(HeaderOf(requests[2], "X-aws-ec2-metadata-token"), "session");
  http_.Answer(200, "session");
  http_.Answer(404);
  EXPECT_THAT(Look().error().message, HasSubstr("there are none"));
  http_.Answer(200, "session");
  http_.Answer(500);
  EXPECT_EQ(Look().error().code, ErrorCode::kUnavailable);
}

TEST_F(CredentialsChainTest, FindsTheRegion) {
  const auto region = [&](const std::string& configured, const std::string& profile = "") {
    return ResolveAwsRegion({http_, clock_, environment_}, configured, profile).value();
  };
  EXPECT_EQ(region(""), "");
  Write(".aws/config", "[default]\nregion=eu-north-1\n[profile p]\nregion=eu-south-1\n");
  EXPECT_EQ(region(""), "eu-north-1");
  EXPECT_EQ(region("", "p"), "eu-south-1");
  environment_["AWS_DEFAULT_REGION"] = "us-east-2";
  EXPECT_EQ(region(""), "us-east-2");
  environment_["AWS_REGION"] = "us-west-1";
  EXPECT_EQ(region(""), "us-west-1");
  EXPECT_EQ(region("ap-south-1"), "ap-south-1");
  EXPECT_EQ(AwsEndpoint("glue", "cn-north-1"), "https://glue.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace k2i::net
