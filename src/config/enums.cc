// SPDX-License-Identifier: Apache-2.0
#include "config/enums.h"

#include <array>

namespace k2i::config {
namespace {
template <typename E>
using Word = std::pair<std::string_view, E>;
using Promised = std::string_view;
}  // namespace

#define K2I_WORDS(E, ...)                              \
  template <>                                          \
  Words<E> WordsOf<E>() {                              \
    static constexpr Word<E> kKnown[] = {__VA_ARGS__}; \
    return {kKnown, {}};                               \
  }
#define K2I_PROMISED(...) static constexpr Promised kPromised[] = {__VA_ARGS__}

K2I_WORDS(OffsetResetPolicy, {"earliest", OffsetResetPolicy::kEarliest}, {"latest", OffsetResetPolicy::kLatest},
          {"none", OffsetResetPolicy::kNone})
K2I_WORDS(IsolationLevel, {"read_committed", IsolationLevel::kReadCommitted},
          {"read_uncommitted", IsolationLevel::kReadUncommitted})
K2I_WORDS(OnDataLoss, {"stop", OnDataLoss::kStop}, {"continue", OnDataLoss::kContinue})
K2I_WORDS(GroupProtocol, {"classic", GroupProtocol::kClassic}, {"consumer", GroupProtocol::kConsumer})
K2I_WORDS(SecurityProtocol, {"PLAINTEXT", SecurityProtocol::kPlaintext}, {"SSL", SecurityProtocol::kSsl},
          {"SASL_PLAINTEXT", SecurityProtocol::kSaslPlaintext}, {"SASL_SSL", SecurityProtocol::kSaslSsl})
K2I_WORDS(CatalogType, {"sql", CatalogType::kSql}, {"rest", CatalogType::kRest}, {"hive", CatalogType::kHive},
          {"glue", CatalogType::kGlue}, {"nessie", CatalogType::kNessie}, {"tabular", CatalogType::kTabular})
K2I_WORDS(Compression, {"zstd", Compression::kZstd}, {"snappy", Compression::kSnappy}, {"gzip", Compression::kGzip},
          {"lz4", Compression::kLz4}, {"uncompressed", Compression::kUncompressed},
          {"none", Compression::kUncompressed})
K2I_WORDS(VendedCredentials, {"auto", VendedCredentials::kAuto}, {"always", VendedCredentials::kAlways},
          {"never", VendedCredentials::kNever})
K2I_WORDS(SortDirection, {"asc", SortDirection::kAscending}, {"desc", SortDirection::kDescending})
K2I_WORDS(NullOrder, {"nulls-first", NullOrder::kFirst}, {"nulls-last", NullOrder::kLast})
K2I_WORDS(LogFormat, {"auto", LogFormat::kAuto}, {"json", LogFormat::kJson}, {"text", LogFormat::kText})
K2I_WORDS(log::Level, {"info", log::Level::kInfo}, {"trace", log::Level::kTrace}, {"debug", log::Level::kDebug},
          {"warn", log::Level::kWarn}, {"error", log::Level::kError})

template <>
Words<SaslMechanism> WordsOf<SaslMechanism>() {
  static constexpr Word<SaslMechanism> kKnown[] = {{"none", SaslMechanism::kNone},
                                                   {"PLAIN", SaslMechanism::kPlain},
                                                   {"SCRAM-SHA-256", SaslMechanism::kScramSha256},
                                                   {"SCRAM-SHA-512", SaslMechanism::kScramSha512},
                                                   {"GSSAPI", SaslMechanism::kGssapi},
                                                   {"OAUTHBEARER", SaslMechanism::kOauthBearer}};
  K2I_PROMISED("AWS_MSK_IAM");
  return {kKnown, kPromised};
}

template <>
Words<ValueFormat> WordsOf<ValueFormat>() {
  static constexpr Word<ValueFormat> kKnown[] = {{"json", ValueFormat::kJson}, {"raw", ValueFormat::kRaw}};
  K2I_PROMISED("avro", "protobuf", "json_schema");
  return {kKnown, kPromised};
}

template <>
Words<SchemaMode> WordsOf<SchemaMode>() {
  static constexpr Word<SchemaMode> kKnown[] = {{"manual", SchemaMode::kManual}};
  K2I_PROMISED("auto-additive", "permissive");
  return {kKnown, kPromised};
}

template <>
Words<OnBreakingChange> WordsOf<OnBreakingChange>() {
  static constexpr Word<OnBreakingChange> kKnown[] = {{"dead-letter", OnBreakingChange::kDeadLetter}};
  K2I_PROMISED("pause", "fail");
  return {kKnown, kPromised};
}

template <>
Words<RestCredential> WordsOf<RestCredential>() {
  static constexpr Word<RestCredential> kKnown[] = {{"none", RestCredential::kNone},
                                                    {"bearer", RestCredential::kBearer},
                                                    {"oauth2", RestCredential::kOauth2},
                                                    {"sigv4", RestCredential::kSigv4}};
  return {kKnown, {}};
}

template <>
Words<StorageType> WordsOf<StorageType>() {
  static constexpr Word<StorageType> kKnown[] = {{"auto", StorageType::kAuto},   {"s3", StorageType::kS3},
                                                 {"gcs", StorageType::kGcs},     {"azure", StorageType::kAzure},
                                                 {"local", StorageType::kLocal}, {"filesystem", StorageType::kLocal}};
  return {kKnown, {}};
}

template <>
Words<S3Credential> WordsOf<S3Credential>() {
  static constexpr Word<S3Credential> kKnown[] = {{"default", S3Credential::kDefault},
                                                  {"role", S3Credential::kRole},
                                                  {"web_identity", S3Credential::kWebIdentity},
                                                  {"anonymous", S3Credential::kAnonymous}};
  return {kKnown, {}};
}

template <>
Words<S3Encryption> WordsOf<S3Encryption>() {
  static constexpr Word<S3Encryption> kKnown[] = {{"bucket", S3Encryption::kBucket},
                                                  {"s3", S3Encryption::kS3},
                                                  {"kms", S3Encryption::kKms},
                                                  {"dsse_kms", S3Encryption::kDsseKms}};
  return {kKnown, {}};
}

template <>
Words<GcsCredential> WordsOf<GcsCredential>() {
  static constexpr Word<GcsCredential> kKnown[] = {{"default", GcsCredential::kDefault},
                                                   {"service_account", GcsCredential::kServiceAccount},
                                                   {"token", GcsCredential::kToken},
                                                   {"anonymous", GcsCredential::kAnonymous}};
  return {kKnown, {}};
}

template <>
Words<AzureCredential> WordsOf<AzureCredential>() {
  static constexpr Word<AzureCredential> kKnown[] = {{"default", AzureCredential::kDefault},
                                                     {"account_key", AzureCredential::kAccountKey},
                                                     {"sas", AzureCredential::kSas},
                                                     {"client_secret", AzureCredential::kClientSecret},
                                                     {"managed_identity", AzureCredential::kManagedIdentity},
                                                     {"workload_identity", AzureCredential::kWorkloadIdentity},
                                                     {"environment", AzureCredential::kEnvironment},
                                                     {"cli", AzureCredential::kCli},
                                                     {"anonymous", AzureCredential::kAnonymous}};
  return {kKnown, {}};
}

}  // namespace k2i::config
