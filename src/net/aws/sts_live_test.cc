// SPDX-License-Identifier: Apache-2.0
//
// Roles of a server of STS's API (K2I_TEST_STS_ENDPOINT).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "net/aws/credentials_chain.h"
#include "net/http_client.h"

namespace k2i::net {
namespace {

class StsLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* endpoint = std::getenv("K2I_TEST_STS_ENDPOINT");
    if (!endpoint) GTEST_SKIP() << "K2I_TEST_STS_ENDPOINT is not set";
    environment_["AWS_ENDPOINT_URL_STS"] = endpoint;
  }

  void ExpectTemporary(AwsIdentityOptions options) {
    const auto source = MakeAwsCredentials({http_, clock_, environment_}, std::move(options));
    const auto found = source->Credentials();
    ASSERT_TRUE(found.has_value()) << found.error().ToString();
    EXPECT_TRUE(found->access_key_id.starts_with("ASIA")) << found->access_key_id;
    EXPECT_FALSE(found->session_token.empty());
    ASSERT_TRUE(found->expires_at_ms.has_value());
    EXPECT_NEAR(static_cast<double>(*found->expires_at_ms - clock_.wall_ms()), 900'000, 60'000);
  }

  HttpClient http_;
  SystemClock clock_;
  std::map<std::string, std::string> environment_;
  const RoleRequest role_{
      .role_arn = "arn:aws:iam::123456789012:role/k2i", .external_id = "x", .duration_seconds = 900};
};

TEST_F(StsLiveTest, AssumesARole) { ExpectTemporary({.keys = {"access", "secret"}, .role = role_}); }

TEST_F(StsLiveTest, AssumesARoleByWebIdentity) {
  const std::string folder = ::testing::TempDir();
  std::ofstream(folder + "/sts_live_token") << "token";
  std::ofstream(folder + "/sts_live_config")
      << "[default]\nrole_arn=" << role_.role_arn << "\nduration_seconds=900\nweb_identity_token_file=" << folder
      << "/sts_live_token\n";
  environment_["AWS_CONFIG_FILE"] = folder + "/sts_live_config";
  ExpectTemporary({});
}

}  // namespace
}  // namespace k2i::net
