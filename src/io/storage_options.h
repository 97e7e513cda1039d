// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "net/aws/sts.h"
#include "net/request_signer.h"

namespace k2i::io {

/// How requests to S3 are signed.
enum class S3Credential {
  kDefault,      // by keys; without: AWS's chain (environment, profile, web
                 // identity, container, instance)
  kRole,         // role, assumed with what the chain finds, anew before it ends
  kWebIdentity,  // a role by the token file that AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN name
  kAnonymous,
};

/// How the store is to encrypt what is written (SSE). kBucket: as the bucket is set.
enum class S3Encryption { kBucket, kS3, kKms, kDoubleKms };

struct S3Options {
  std::string region;    // empty: what the environment or the profile says, else "us-east-1"
  std::string endpoint;  // "http://host:port" or "https://host:port"; empty: AWS_ENDPOINT_URL_S3's, or Amazon's own
  S3Credential credential = S3Credential::kDefault;
  net::AwsCredentials keys;
  net::RoleRequest role;
  std::optional<bool> path_style;  // unset: yes where there is an endpoint
  S3Encryption encryption = S3Encryption::kBucket;
  std::string kms_key_id;        // of kKms and kDoubleKms; empty: the account's own
  std::string sse_customer_key;  // SSE-C: the 32 bytes of the key; empty: none
  bool requester_pays = false;   // who asks pays, as some buckets want it
  bool sign_payload = false;     // of data files too
  std::string tls_ca_file;       // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{30'000};  // without a byte of it in either direction
  int max_attempts = 5;                               // of one request, the first included
  std::map<std::string, std::string> environment;     // of the credentials chain: AWS_PROFILE and its like
  /// Signs in place of all the credentials above; null: nobody does.
  std::shared_ptr<net::RequestSigner> signer;
};

/// Who we are to Google Cloud Storage.
enum class GcsCredential {
  kDefault,         // Application Default Credentials: GOOGLE_APPLICATION_CREDENTIALS (a service account's key, or the
                    // external_account of workload identity), gcloud's, the metadata server's
  kServiceAccount,  // the JSON in service_account_key
  kToken,           // an OAuth2 access token
  kAnonymous,
};

struct GcsOptions {
  GcsCredential credential = GcsCredential::kDefault;
  std::string service_account_key;
  std::string token;
  std::optional<int64_t> token_expires_at_ms;  // Unix epoch; unset: nobody said
  std::string impersonate;                     // a service account's address to act as; empty: oneself
  std::string project_id;
  std::string endpoint;                           // "http://host:port" or "https://host:port"; empty: Google's own
  std::chrono::milliseconds retry_limit{60'000};  // over all tries of one request
};

/// Who we are to Azure Storage.
enum class AzureCredential {
  kDefault,           // the SDK's chain: environment, workload identity, CLI, managed identity
  kAccountKey,        // account_key
  kSas,               // sas_tokens
  kClientSecret,      // tenant_id, client_id, client_secret
  kManagedIdentity,   // the machine's, or the one that client_id names
  kWorkloadIdentity,  // AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID, AZURE_TENANT_ID
  kEnvironment,       // AZURE_CLIENT_ID and its like
  kCli,               // az login
  kAnonymous,
};

struct AzureOptions {
  AzureCredential credential = AzureCredential::kDefault;
  /// Of locations that name none (az://container/key), and what account_key belongs to.
  std::string account;
  std::string account_key;                        // Base64
  std::map<std::string, std::string> sas_tokens;  // by account; "" for all others
  std::string tenant_id;
  std::string client_id;
  std::string client_secret;
  /// "http://host:port" of a service other than Azure's own; the account is the first part of the path there.
  std::string endpoint;
};

enum class StorageType {
  kAuto,   // each location by its scheme
  kLocal,  // local files alone
  kS3,     // as kAuto; the options of S3 are checked at once
  kGcs,    // the same
  kAzure,  // the same
};

struct StorageOptions {
  StorageType type = StorageType::kAuto;
  S3Options s3;
  GcsOptions gcs;
  AzureOptions azure;
};

}  // namespace k2i::io
