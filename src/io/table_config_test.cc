// SPDX-License-Identifier: Apache-2.0
#include "io/table_config.h"

#include <gtest/gtest.h>

#include "io/azure_connection.h"
#include "io/make_object_store.h"

namespace k2i::io {
namespace {

TEST(WithTableConfig, TakesVendedS3CredentialsWhole) {
  StorageOptions own;
  own.s3 = {.region = "eu-west-1",
            .credential = S3Credential::kRole,
            .keys = {.access_key_id = "own", .secret_access_key = "own", .session_token = "own"},
            .role = {.role_arn = "own"}};
  const S3Options vended = WithTableConfig(own, {{"s3.access-key-id", "k"},
                                                 {"s3.secret-access-key", "s"},
                                                 {"s3.endpoint", "http://e"},
                                                 {"s3.path-style-access", "true"},
                                                 {"client.region", "us-west-2"}})
                               .value()
                               .s3;
  EXPECT_EQ(vended.credential, S3Credential::kDefault);
  EXPECT_EQ(vended.keys.access_key_id, "k");
  EXPECT_EQ(vended.keys.session_token, "");
  EXPECT_TRUE(MakeObjectStore({.type = StorageType::kS3, .s3 = vended}).has_value());
  EXPECT_EQ(vended.endpoint, "http://e");
  EXPECT_EQ(vended.region, "us-west-2");
  EXPECT_EQ(vended.path_style, true);
  EXPECT_EQ(WithTableConfig(own, {}).value().s3.keys.access_key_id, "own");
}

TEST(WithTableConfig, TakesTokensOfGcs) {
  const GcsOptions vended = WithTableConfig({}, {{"gcs.oauth2.token", "t"},
                                                 {"gcs.oauth2.token-expires-at", "1700000000000"},
                                                 {"gcs.project-id", "p"},
                                                 {"gcs.service.host", "http://h:1"}})
                                .value()
                                .gcs;
  EXPECT_EQ(vended.credential, GcsCredential::kToken);
  EXPECT_EQ(vended.token, "t");
  EXPECT_EQ(vended.token_expires_at_ms, 1'700'000'000'000);
  EXPECT_EQ(vended.project_id, "p");
  EXPECT_EQ(vended.endpoint, "http://h:1");
  EXPECT_EQ(WithTableConfig({}, {{"gcs.no-auth", "true"}}).value().gcs.credential, GcsCredential::kAnonymous);
}

TEST(WithTableConfig, TakesAzureTokensByAccountOrHost) {
  StorageOptions own;
  own.azure = {.credential = AzureCredential::kSas, .sas_tokens = {{"", "own"}}};
  const AzureOptions vended = WithTableConfig(own, {{"adls.sas-token.one", "1"},
                                                    {"adls.sas-token.two.dfs.core.windows.net", "2"},
                                                    {"adls.sas-token-expires-at-ms.one", "5"}})
                                  .value()
                                  .azure;
  EXPECT_EQ(vended.credential, AzureCredential::kSas);
  EXPECT_EQ(vended.sas_tokens, (std::map<std::string, std::string>{{"one", "1"}, {"two", "2"}}));
}

TEST(WithTableConfig, TakesSharedKeysOfAzure) {
  const AzureOptions azure = WithTableConfig({}, {{"adls.auth.shared-key.account.name", "acc"},
                                                  {"adls.auth.shared-key.account.key", "a2V5"},
                                                  {"adls.connection-string.acc", "http://127.0.0.1:10000"}})
                                 .value()
                                 .azure;
  EXPECT_EQ(azure.credential, AzureCredential::kAccountKey);
  EXPECT_EQ(azure.account, "acc");
  EXPECT_EQ(azure.account_key, "a2V5");
  EXPECT_EQ(azure.endpoint, "http://127.0.0.1:10000");
}

TEST(WithTableConfig, TakesConnectionStringsOfAzureForTheEndpointsThatTheyAre) {
  const auto endpoint = [](const char* key, const char* text) {
    return WithTableConfig({}, {{key, text}}).value().azure.endpoint;
  };
  EXPECT_EQ(endpoint("adls.connection-string.acc.dfs.core.windows.net", "http://127.0.0.1:10000/acc"),
            "http://127.0.0.1:10000");
  // Requests for blobs do not go to the Data Lake's host.
  EXPECT_EQ(endpoint("adls.connection-string.acc.dfs.core.windows.net", "https://acc.dfs.core.windows.net"), "");
  EXPECT_EQ(endpoint("adls.connection-string.acc", "https://acc.dfs.core.windows.net/"), "");
  EXPECT_EQ(endpoint("adls.connection-string.acc", "https://storage.example.com"), "https://storage.example.com");
  EXPECT_EQ(endpoint("adls.connection-string", "https://storage.example.com/acc"), "https://storage.example.com");
}

TEST(WithTableConfig, RefusesWhatItCannotHonour) {
  for (const TableConfig& config : {TableConfig{{"s3.sse.type", "unheard-of"}},
                                    TableConfig{{"gcs.encryption-key", "k"}}, TableConfig{{"gcs.user-project", "p"}}}) {
    EXPECT_EQ(WithTableConfig({}, config).error().code, ErrorCode::kNotSupported);
  }
  EXPECT_TRUE(WithTableConfig({}, {{"s3.sse.type", "none"}, {"owner", "somebody"}}).has_value());
}

TEST(WithTableConfig, TakesEncryptionAndWhoPays) {
  const std::string key(32, 'k');
  const S3Options kms =
      WithTableConfig({.s3 = {.sse_customer_key = key}}, {{"s3.sse.type", "kms"}, {"s3.sse.key", "arn:aws:kms:x"}})
          .value()
          .s3;
  EXPECT_EQ(kms.encryption, S3Encryption::kKms);
  EXPECT_EQ(kms.kms_key_id, "arn:aws:kms:x");
  EXPECT_EQ(kms.sse_customer_key, "");
  EXPECT_FALSE(kms.requester_pays);
  const S3Options own = WithTableConfig({}, {{"s3.sse.type", "custom"},
                                             {"s3.sse.key", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="},
                                             {"s3.requester-pays-enabled", "true"}})
                            .value()
                            .s3;
  EXPECT_EQ(own.sse_customer_key, key);
  EXPECT_EQ(own.encryption, S3Encryption::kBucket);
  EXPECT_TRUE(own.requester_pays);
  EXPECT_EQ(WithTableConfig({}, {{"s3.sse.type", "custom"}, {"s3.sse.key", "c2hvcnQ="}}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(ApplyConnectionString, TakesKeyOrSignatureAndEndpoint) {
  AzureOptions options;
  ASSERT_TRUE(
      ApplyConnectionString("DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5PQ==;"
                            "EndpointSuffix=core.windows.net",
                            options));
  EXPECT_EQ(options.account, "acc");
  EXPECT_EQ(options.account_key, "a2V5PQ==");
  EXPECT_EQ(options.endpoint, "");
  ASSERT_TRUE(ApplyConnectionString(
      "BlobEndpoint=http://127.0.0.1:10000/acc;AccountName=acc;SharedAccessSignature=sv=1&sig=x%3D", options));
  EXPECT_EQ(options.credential, AzureCredential::kSas);
  EXPECT_EQ(options.sas_tokens.at("acc"), "sv=1&sig=x%3D");
  EXPECT_EQ(options.endpoint, "http://127.0.0.1:10000");
  options.endpoint.clear();
  ASSERT_TRUE(
      ApplyConnectionString("AccountName=acc;AccountKey=k;BlobEndpoint=https://acc.blob.core.windows.net", options));
  EXPECT_EQ(options.endpoint, "");
  for (const char* wrong : {"nonsense", "AccountName=acc", "UseDevelopmentStorage=true", "=x"}) {
    EXPECT_EQ(ApplyConnectionString(wrong, options).error().code, ErrorCode::kInvalidConfig) << wrong;
  }
}

}  // namespace
}  // namespace k2i::io
