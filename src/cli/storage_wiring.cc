// SPDX-License-Identifier: Apache-2.0
#include "cli/storage_wiring.h"

#include <chrono>

#include "base/base64.h"
#include "cli/aws_identity.h"
#include "config/load.h"

namespace k2i::cli {
namespace {

io::StorageType StorageTypeOf(config::StorageType type) {
  switch (type) {
    case config::StorageType::kAuto:
      return io::StorageType::kAuto;
    case config::StorageType::kLocal:
      return io::StorageType::kLocal;
    case config::StorageType::kS3:
      return io::StorageType::kS3;
    case config::StorageType::kGcs:
      return io::StorageType::kGcs;
    case config::StorageType::kAzure:
      return io::StorageType::kAzure;
  }
  return io::StorageType::kAuto;
}

io::S3Credential CredentialOf(config::S3Credential credential) {
  switch (credential) {
    case config::S3Credential::kDefault:
      return io::S3Credential::kDefault;
    case config::S3Credential::kRole:
      return io::S3Credential::kRole;
    case config::S3Credential::kWebIdentity:
      return io::S3Credential::kWebIdentity;
    case config::S3Credential::kAnonymous:
      return io::S3Credential::kAnonymous;
  }
  return io::S3Credential::kDefault;
}

io::S3Encryption EncryptionOf(config::S3Encryption encryption) {
  switch (encryption) {
    case config::S3Encryption::kBucket:
      return io::S3Encryption::kBucket;
    case config::S3Encryption::kS3:
      return io::S3Encryption::kS3;
    case config::S3Encryption::kKms:
      return io::S3Encryption::kKms;
    case config::S3Encryption::kDsseKms:
      return io::S3Encryption::kDoubleKms;
  }
  return io::S3Encryption::kBucket;
}

io::GcsCredential CredentialOf(config::GcsCredential credential) {
  switch (credential) {
    case config::GcsCredential::kDefault:
      return io::GcsCredential::kDefault;
    case config::GcsCredential::kServiceAccount:
      return io::GcsCredential::kServiceAccount;
    case config::GcsCredential::kToken:
      return io::GcsCredential::kToken;
    case config::GcsCredential::kAnonymous:
      return io::GcsCredential::kAnonymous;
  }
  return io::GcsCredential::kDefault;
}

io::AzureCredential CredentialOf(config::AzureCredential credential) {
  switch (credential) {
    case config::AzureCredential::kDefault:
      return io::AzureCredential::kDefault;
    case config::AzureCredential::kAccountKey:
      return io::AzureCredential::kAccountKey;
    case config::AzureCredential::kSas:
      return io::AzureCredential::kSas;
    case config::AzureCredential::kClientSecret:
      return io::AzureCredential::kClientSecret;
    case config::AzureCredential::kManagedIdentity:
      return io::AzureCredential::kManagedIdentity;
    case config::AzureCredential::kWorkloadIdentity:
      return io::AzureCredential::kWorkloadIdentity;
    case config::AzureCredential::kEnvironment:
      return io::AzureCredential::kEnvironment;
    case config::AzureCredential::kCli:
      return io::AzureCredential::kCli;
    case config::AzureCredential::kAnonymous:
      return io::AzureCredential::kAnonymous;
  }
  return io::AzureCredential::kDefault;
}

Result<io::S3Options> MakeS3Options(const config::StorageConfig& storage) {
  io::S3Options options;
  options.region = storage.region;
  options.endpoint = storage.endpoint;
  options.credential = CredentialOf(storage.s3.credential);
  options.keys = AwsKeysOf(storage.keys);
  options.role = {.role_arn = storage.s3.role_arn,
                  .session_name = storage.s3.role_session_name,
                  .external_id = storage.s3.role_external_id.Reveal()};
  if (storage.path_style) options.path_style = true;
  if (!storage.s3.sse_customer_key.empty()) {
    const auto key = FromBase64(storage.s3.sse_customer_key.Reveal());
    if (!key || key->size() != 32) {
      return Fail(ErrorCode::kInvalidConfig, "storage.s3.sse_customer_key is not Base64 of 32 bytes",
                  Component::kConfig);
    }
    options.sse_customer_key = *key;
  }
  options.encryption = EncryptionOf(storage.s3.sse);
  options.kms_key_id = storage.s3.kms_key_id;
  options.requester_pays = storage.s3.requester_pays;
  options.sign_payload = storage.s3.sign_payload;
  options.environment = config::ProcessEnvironment();
  options.tls_ca_file = storage.s3.ca;
  options.connect_timeout = std::chrono::milliseconds(storage.s3.connect_timeout_ms);
  options.request_timeout = std::chrono::milliseconds(storage.s3.request_timeout_ms);
  options.max_attempts = static_cast<int>(storage.s3.max_attempts);
  return options;
}

io::GcsOptions MakeGcsOptions(const config::StorageConfig& storage) {
  return {.credential = CredentialOf(storage.gcs.credential),
          .service_account_key = storage.gcs.service_account_key.Reveal(),
          .token = storage.gcs.token.Reveal(),
          .impersonate = storage.gcs.impersonate,
          .project_id = storage.gcs.project_id,
          .endpoint = storage.endpoint,
          .retry_limit = std::chrono::seconds(storage.gcs.retry_limit_seconds)};
}

io::AzureOptions MakeAzureOptions(const config::StorageConfig& storage) {
  const config::AzureConfig& azure = storage.azure;
  io::AzureOptions options{.credential = CredentialOf(azure.credential),
                           .account = azure.account,
                           .account_key = azure.account_key.Reveal(),
                           .tenant_id = azure.tenant_id,
                           .client_id = azure.client_id,
                           .client_secret = azure.client_secret.Reveal(),
                           .endpoint = storage.endpoint};
  if (!azure.sas_token.empty()) options.sas_tokens[""] = azure.sas_token.Reveal();
  return options;
}

}  // namespace

Result<io::StorageOptions> MakeStorageOptions(const config::Config& config) {
  io::StorageOptions options;
  options.type = StorageTypeOf(config.storage.type);
  K2I_ASSIGN_OR_RETURN(options.s3, MakeS3Options(config.storage));
  options.gcs = MakeGcsOptions(config.storage);
  options.azure = MakeAzureOptions(config.storage);
  return options;
}

}  // namespace k2i::cli
