// SPDX-License-Identifier: Apache-2.0
//
// Of config.h: where the files go, and who we are there.
#pragma once

#include <cstdint>
#include <string>

#include "config/aws_config.h"
#include "config/secret.h"

namespace k2i::config {

/// kAuto: by the scheme of the warehouse or of the table's location.
enum class StorageType { kAuto, kS3, kGcs, kAzure, kLocal };
enum class S3Credential { kDefault, kRole, kWebIdentity, kAnonymous };
enum class S3Encryption { kBucket, kS3, kKms, kDsseKms };
enum class GcsCredential { kDefault, kServiceAccount, kToken, kAnonymous };
enum class AzureCredential {
  kDefault,
  kAccountKey,
  kSas,
  kClientSecret,
  kManagedIdentity,
  kWorkloadIdentity,
  kEnvironment,
  kCli,
  kAnonymous
};

struct S3Config {
  S3Credential credential = S3Credential::kDefault;
  std::string role_arn;
  std::string role_session_name;
  Secret role_external_id;
  S3Encryption sse = S3Encryption::kBucket;
  std::string kms_key_id;
  Secret sse_customer_key;  // Base64 of 32 bytes
  bool requester_pays = false;
  bool sign_payload = false;
  std::string ca;  // file of CA certificates
  int64_t connect_timeout_ms = 5'000;
  int64_t request_timeout_ms = 30'000;
  int64_t max_attempts = 5;
};

struct GcsConfig {
  GcsCredential credential = GcsCredential::kDefault;
  Secret service_account_key;  // the JSON
  Secret token;
  std::string impersonate;
  std::string project_id;
  int64_t retry_limit_seconds = 60;
};

struct AzureConfig {
  AzureCredential credential = AzureCredential::kDefault;
  std::string account;
  Secret account_key;
  Secret sas_token;
  std::string tenant_id;
  std::string client_id;
  Secret client_secret;
};

struct StorageConfig {
  StorageType type = StorageType::kAuto;
  std::string bucket;
  std::string region;
  std::string endpoint;
  AwsKeysConfig keys;
  bool path_style = false;
  S3Config s3;
  GcsConfig gcs;
  AzureConfig azure;
};

}  // namespace k2i::config
