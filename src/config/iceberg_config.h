// SPDX-License-Identifier: Apache-2.0
//
// Of config.h: the table, and the catalog it is in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/aws_config.h"
#include "config/secret.h"

namespace k2i::config {

enum class CatalogType { kSql, kRest, kHive, kGlue, kNessie, kTabular };
enum class Compression { kUncompressed, kSnappy, kGzip, kLz4, kZstd };
enum class RestCredential { kNone, kBearer, kOauth2, kSigv4 };
/// Whether a REST catalog is asked for credentials to its tables' files. kAuto: where [storage] holds none.
enum class VendedCredentials { kAuto, kAlways, kNever };
enum class SortDirection { kAscending, kDescending };
enum class NullOrder { kFirst, kLast };

struct RestCatalogConfig {
  RestCredential credential = RestCredential::kNone;
  Secret token;
  std::string client_id;
  Secret client_secret;
  std::string oauth2_uri;
  std::string scope = "catalog";
  Secret subject_token;
  std::string subject_token_file;
  std::string subject_token_type = "access_token";  // a URN after loading
  std::map<std::string, std::string> oauth2_parameters;
  std::string signing_name = "execute-api";
  std::string signing_region;
  AwsIdentityConfig aws;  // of kSigv4
  std::string prefix;
  std::map<std::string, std::string> custom_headers;
  std::string ca;    // file of CA certificates
  std::string cert;  // file of the client's certificate
  std::string key;   // file of its private key
  Secret key_password;
  VendedCredentials vended_credentials = VendedCredentials::kAuto;
  bool metrics_reports = true;
  int64_t timeout_ms = 30'000;
};

struct NessieConfig {
  std::string ref = "main";
  bool create_ref = false;
  std::string from = "main";  // what a branch that is created starts from
};

struct GlueCatalogConfig {
  std::string catalog_id;  // "": that of the account we are
  std::string endpoint;    // "": AWS's own
  bool skip_archive = true;
  AwsIdentityConfig aws;
};

struct SqlCatalogConfig {
  std::string uri;  // never empty after loading when catalog_type is sql
  std::string name = "k2i";
  // The rest is PostgreSQL's; what is empty is as the URI says.
  std::string user;
  Secret password;
  std::string sslmode;
  std::string ca;  // file of CA certificates
  int64_t statement_timeout_ms = 10000;
};

struct HiveCatalogConfig {
  bool tls = false;
  std::string ca;                         // file of CA certificates
  std::string kerberos_principal;         // the metastore's, "hive/_HOST@REALM"; "": it asks for no Kerberos
  std::string kerberos_keytab;            // "": the ticket cache
  std::string kerberos_client_principal;  // "": the keytab's first, or that of the cache
  bool lock_enabled = true;
  int64_t lock_timeout_ms = 180000;
  int64_t timeout_ms = 30000;
};

struct PartitionFieldConfig {
  std::string source_field;
  std::string transform = "identity";
  std::string name;  // "": Iceberg's own way of naming, such as "ts_day"
};

struct SortFieldConfig {
  std::string source_field;
  std::string transform = "identity";
  SortDirection direction = SortDirection::kAscending;
  NullOrder nulls = NullOrder::kFirst;
};

struct IcebergConfig {
  CatalogType catalog_type = CatalogType::kSql;
  std::string warehouse;
  std::string database;
  std::string table;
  std::string rest_uri;
  std::string hive_metastore_uri;
  std::string aws_region;
  int64_t format_version = 2;
  int64_t target_file_size_mb = 256;
  Compression compression = Compression::kZstd;
  std::string branch = "main";
  bool auto_create = true;
  bool property_mirror = true;
  std::map<std::string, std::string> properties;  // of the table, set when it is created
  RestCatalogConfig rest;
  NessieConfig nessie;
  GlueCatalogConfig glue;
  SqlCatalogConfig sql;
  HiveCatalogConfig hive;
  std::vector<PartitionFieldConfig> partition_spec;
  std::vector<SortFieldConfig> sort_order;
};

}  // namespace k2i::config
