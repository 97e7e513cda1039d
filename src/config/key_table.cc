// SPDX-License-Identifier: Apache-2.0
#include "config/key_table.h"

#include <algorithm>

namespace k2i::config {
namespace {

// Reaches a member of the owner, const or not.
#define AT(member) \
  [](auto& c) -> auto& { return c.member; }

constexpr int64_t kMaxInt = INT32_MAX;
constexpr Limits kMilliseconds = {1, kMaxInt};

void AddKafka(std::vector<Key<Config>>& keys) {
  SectionBuilder<Config>(keys, "kafka")
      .Add("bootstrap_servers", AT(kafka.bootstrap_servers), "Brokers to start from, `host:port`. Required.")
      .Add("topic", AT(kafka.topics), "Topic to read, or several topics for the one table. Required.")
      .Alias("topics")
      .Add("group_id", AT(kafka.group_id),
           "Consumer group, and the name of this pipeline in the table. Default: `k2i-<database>-<table>`.")
      .Alias("consumer_group")
      .Add("group_instance_id", AT(kafka.group_instance_id),
           "Static membership: a name of this process that survives a restart without a rebalance.")
      .Add("auto_offset_reset", AT(kafka.auto_offset_reset),
           "Where a partition starts that the table holds no offset for; `none` stops.")
      .Add("isolation_level", AT(kafka.isolation_level), "Whether records of open and aborted transactions are read.")
      .Add("on_data_loss", AT(kafka.on_data_loss),
           "When Kafka no longer holds the offsets that come next: stop, or continue at the nearest it has.")
      .Add("batch_size", AT(kafka.batch_size), "Most records taken at once.", {1, 1'000'000})
      .Add("batch_timeout_ms", AT(kafka.batch_timeout_ms), "Longest wait for the first record of a batch.", {1, 60'000})
      .Add("session_timeout_ms", AT(kafka.session_timeout_ms), "Without a heartbeat for so long a member is out.",
           {1, 3'600'000})
      .Add("heartbeat_interval_ms", AT(kafka.heartbeat_interval_ms), "Time between heartbeats.", {1, 3'600'000})
      .Add("max_poll_interval_ms", AT(kafka.max_poll_interval_ms), "Without a poll for so long a member is out.",
           {1, 86'400'000})
      .Add("group_protocol", AT(kafka.group_protocol),
           "Rebalance protocol; `consumer` (KIP-848) takes the session and heartbeat times from the broker.")
      .Add("options", AT(kafka.options), "Any librdkafka property, as it is: `\"socket.keepalive.enable\" = true`.");
  SectionBuilder<Config>(keys, "kafka.security")
      .Add("protocol", AT(kafka.security.protocol), "How the brokers are reached.")
      .Add("sasl_mechanism", AT(kafka.security.sasl_mechanism), "How the client proves who it is.")
      .Add("sasl_username", AT(kafka.security.sasl_username), "For PLAIN and SCRAM.")
      .Add("sasl_password", AT(kafka.security.sasl_password), "For PLAIN and SCRAM.")
      .Add("ssl_ca_location", AT(kafka.security.ssl_ca_location),
           "File of CA certificates (PEM); default: the system's.")
      .Add("ssl_cert_location", AT(kafka.security.ssl_cert_location), "The client's certificate (PEM).")
      .Add("ssl_key_location", AT(kafka.security.ssl_key_location), "The client's private key (PEM).")
      .Add("ssl_key_password", AT(kafka.security.ssl_key_password), "Of the private key.")
      .Add("oauth_token_url", AT(kafka.security.oauth_token_url),
           "Token endpoint of the OIDC provider, for OAUTHBEARER.")
      .Add("oauth_client_id", AT(kafka.security.oauth_client_id), "For OAUTHBEARER.")
      .Add("oauth_client_secret", AT(kafka.security.oauth_client_secret), "For OAUTHBEARER.")
      .Add("oauth_scope", AT(kafka.security.oauth_scope), "For OAUTHBEARER.");
}

void AddRecords(std::vector<Key<Config>>& keys) {
  SectionBuilder<Config>(keys, "format")
      .Add("value", AT(format.value), "Encoding of the record's value.")
      .Alias("type")
      .Add("key", AT(format.key), "Encoding of the record's key; only `raw` in this version.");
  SectionBuilder<Config>(keys, "schema")
      .Add("mode", AT(schema.mode), "How the table's schema changes; only `manual` in this version.")
      .Add("on_breaking_change", AT(schema.on_breaking_change),
           "What happens to a record that does not fit the schema.")
      .Add("columns", AT(schema.columns),
           "Declared columns: `[{ name = \"id\", type = \"long\", required = true, doc = \"\" }, …]`. Without them a "
           "table "
           "that is there gives its own, and one that is not gets what the first records show.")
      .Add("infer_records", AT(schema.infer_records), "Records looked at to infer columns.", {1, 1'000'000})
      .Add("infer_timeout_ms", AT(schema.infer_timeout_ms),
           "Longest wait for so many records; inference goes on with what has come.", kMilliseconds)
      .Add("extra_column", AT(schema.extra_column),
           "Column that takes, as JSON text, the members that no column takes; `false` drops them. "
           "Default: `_extra` when no columns are declared, else off.")
      .Column("_extra");
  SectionBuilder<Config>(keys, "schema.metadata")
      .Add("topic", AT(schema.metadata.topic), "Column of the topic.")
      .Column("_kafka_topic")
      .Add("partition", AT(schema.metadata.partition), "Column of the partition.")
      .Column("_kafka_partition")
      .Add("offset", AT(schema.metadata.offset), "Column of the offset.")
      .Column("_kafka_offset")
      .Add("timestamp", AT(schema.metadata.timestamp), "Column of the record's timestamp.")
      .Column("_kafka_timestamp")
      .Add("key", AT(schema.metadata.key), "Column of the key's bytes.")
      .Column("_kafka_key")
      .Add("headers", AT(schema.metadata.headers), "Column of the headers.")
      .Column("_kafka_headers");
  SectionBuilder<Config>(keys, "buffer")
      .Add("max_size_mb", AT(buffer.max_size_mb), "Memory for rows, committed or not; above it consumption pauses.",
           {16, 1 << 20})
      .Add("ttl_seconds", AT(buffer.ttl_seconds), "How long committed rows stay in memory.", {0, 86'400})
      .Add("flush_interval_seconds", AT(buffer.flush_interval_seconds),
           "Age of the oldest uncommitted row that flushes.", {1, 86'400})
      .Add("flush_size_mb", AT(buffer.flush_size_mb), "Size of the uncommitted rows in memory that flushes.",
           {1, 1 << 20})
      .Add("flush_batch_size", AT(buffer.flush_batch_size), "Number of uncommitted rows that flushes; 0: no bound.",
           {0, 1'000'000'000})
      .Add("seal_interval_ms", AT(buffer.seal_interval_ms), "How soon a row can be seen.", {1, 60'000})
      .Add("key", AT(buffer.key),
           "Column that rows in memory can be looked up by, of type string, binary, int, long, uuid or fixed; "
           "`_kafka_key` for the record's key.");
}

void AddIceberg(std::vector<Key<Config>>& keys) {
  SectionBuilder<Config>(keys, "iceberg")
      .Add("catalog_type", AT(iceberg.catalog_type), "The catalog that holds the table.")
      .Add("warehouse", AT(iceberg.warehouse),
           "Where tables live: `s3://bucket/path`, a folder, or a REST catalog's name.")
      .Alias("warehouse_path")
      .Add("database", AT(iceberg.database), "Namespace; levels are parted by dots. Required.")
      .Alias("database_name")
      .Add("table", AT(iceberg.table), "Table. Required.")
      .Alias("table_name")
      .Add("rest_uri", AT(iceberg.rest_uri),
           "The REST catalog; for `nessie` the server, whose catalog is at `/iceberg` there.")
      .Add("hive_metastore_uri", AT(iceberg.hive_metastore_uri),
           "The Hive Metastore: `thrift://host:9083`, or several servers of one metastore, parted by commas.")
      .Add("aws_region", AT(iceberg.aws_region),
           "Of AWS Glue, and of S3 where `storage.region` is not set; default: `AWS_REGION`, or that of the profile.")
      .Add("format_version", AT(iceberg.format_version), "Of a table that is created.", {2, 3})
      .Add("target_file_size_mb", AT(iceberg.target_file_size_mb), "Size at which a data file is closed.", {1, 10'240})
      .Add("compression", AT(iceberg.compression), "Codec of the data files.")
      .Add("branch", AT(iceberg.branch), "Branch that is written.")
      .Add("auto_create", AT(iceberg.auto_create), "Create the namespace and the table where they are not there.")
      .Add("property_mirror", AT(iceberg.property_mirror),
           "Keep the offsets as a table property too; off for catalogs that forbid it.")
      .Add("properties", AT(iceberg.properties), "Properties of a table that is created.")
      .Add("partition_spec", AT(iceberg.partition_spec), "Partitioning of a table that is created.")
      .Add("sort_order", AT(iceberg.sort_order),
           "Sort order in the metadata of a table that is created, for compaction and for engines that rewrite it. New "
           "files keep "
           "the order of Kafka.");
  SectionBuilder<Config>(keys, "iceberg.rest")
      .Add("credential", AT(iceberg.rest.credential), "How the catalog is told who we are.")
      .Add("token", AT(iceberg.rest.token), "For `bearer`.")
      .Add("client_id", AT(iceberg.rest.client_id), "For `oauth2`.")
      .Add("client_secret", AT(iceberg.rest.client_secret), "For `oauth2`.")
      .Add("oauth2_uri", AT(iceberg.rest.oauth2_uri), "Token endpoint; default: the catalog's own `v1/oauth/tokens`.")
      .Add("scope", AT(iceberg.rest.scope), "For `oauth2`.")
      .Add("subject_token", AT(iceberg.rest.subject_token),
           "For `oauth2`: exchanged for tokens (RFC 8693), in place of the client's secret or beside it.")
      .Add("subject_token_file", AT(iceberg.rest.subject_token_file),
           "For `oauth2`: file of the subject token, read at each exchange: for tokens that are renewed there.")
      .Add("subject_token_type", AT(iceberg.rest.subject_token_type),
           "`access_token`, `jwt`, `id_token`, `refresh_token`, `saml1`, `saml2`, or a URN.")
      .Add("oauth2_parameters", AT(iceberg.rest.oauth2_parameters),
           "Further parameters of requests for tokens, such as `audience`.")
      .Add("signing_name", AT(iceberg.rest.signing_name),
           "For `sigv4`: the service that a request is signed for, such as `execute-api`, `glue` or `s3tables`.")
      .Add("signing_region", AT(iceberg.rest.signing_region),
           "For `sigv4`; default: `AWS_REGION`, or that of the profile.")
      .Add("access_key_id", AT(iceberg.rest.aws.keys.access_key_id),
           "For `sigv4`. Without keys: environment, profile, web identity, container, instance, in this order.")
      .Add("secret_access_key", AT(iceberg.rest.aws.keys.secret_access_key), "Belongs to `access_key_id`.")
      .Add("session_token", AT(iceberg.rest.aws.keys.session_token), "Of temporary keys.")
      .Add("profile", AT(iceberg.rest.aws.profile), "For `sigv4`: profile of the shared AWS files.")
      .Add("role_arn", AT(iceberg.rest.aws.role_arn), "For `sigv4`: role that is assumed.")
      .Add("external_id", AT(iceberg.rest.aws.external_id), "Of the role.")
      .Add("prefix", AT(iceberg.rest.prefix), "Stands before each path, where the server names none.")
      .Add("custom_headers", AT(iceberg.rest.custom_headers), "Headers sent with every request.")
      .Add("ca", AT(iceberg.rest.ca), "File of CA certificates (PEM); default: the system's.")
      .Add("cert", AT(iceberg.rest.cert), "File of the client's certificate (PEM), for mutual TLS.")
      .Add("key", AT(iceberg.rest.key), "File of the client's private key (PEM).")
      .Add("key_password", AT(iceberg.rest.key_password), "Of the private key.")
      .Add("vended_credentials", AT(iceberg.rest.vended_credentials),
           "Whether the catalog is asked for credentials to its tables' files; `auto`: where `[storage]` holds none.")
      .Add("metrics_reports", AT(iceberg.rest.metrics_reports),
           "Tell the catalog of each commit, where it takes such reports.")
      .Add("timeout_ms", AT(iceberg.rest.timeout_ms), "Of one request.", {100, 600'000});
  SectionBuilder<Config>(keys, "iceberg.nessie")
      .Add("ref", AT(iceberg.nessie.ref), "Branch of Nessie that is written.")
      .Add("create_ref", AT(iceberg.nessie.create_ref), "Create the branch where it is not there.")
      .Add("from", AT(iceberg.nessie.from), "Branch or tag that a branch that is created starts from.");
  SectionBuilder<Config>(keys, "iceberg.glue")
      .Add("catalog_id", AT(iceberg.glue.catalog_id), "Account whose catalog it is; default: the one we belong to.")
      .Add("endpoint", AT(iceberg.glue.endpoint), "URL of a VPC endpoint, or of a service other than AWS.")
      .Add("skip_archive", AT(iceberg.glue.skip_archive),
           "Keep no old version of the table in Glue with each commit; it holds 100,000 at most.")
      .Add("access_key_id", AT(iceberg.glue.aws.keys.access_key_id),
           "Without keys: environment, profile, web identity, container, instance, in this order "
           "([catalogs-aws.md](catalogs-aws.md)).")
      .Add("secret_access_key", AT(iceberg.glue.aws.keys.secret_access_key), "Belongs to `access_key_id`.")
      .Add("session_token", AT(iceberg.glue.aws.keys.session_token), "Of temporary keys.")
      .Add("profile", AT(iceberg.glue.aws.profile), "Profile of the shared AWS files, in place of all other sources.")
      .Add("role_arn", AT(iceberg.glue.aws.role_arn), "Role that is assumed with the credentials found.")
      .Add("external_id", AT(iceberg.glue.aws.external_id), "Which the owner of the role asks for.")
      .Add("session_name", AT(iceberg.glue.aws.session_name), "Of the role's session, as it stands in CloudTrail.");
  SectionBuilder<Config>(keys, "iceberg.sql")
      .Add("uri", AT(iceberg.sql.uri),
           "SQLite file, or `postgresql://host:5432/database` (`jdbc:postgresql://…` too). Default: `catalog.db` in a "
           "local warehouse.")
      .Add("name", AT(iceberg.sql.name), "Name of the catalog in that database.")
      .Add("user", AT(iceberg.sql.user), "For PostgreSQL; default: as the URI says.")
      .Add("password", AT(iceberg.sql.password), "For PostgreSQL.")
      .Add("sslmode", AT(iceberg.sql.sslmode),
           "For PostgreSQL, as libpq has it: `disable`, `prefer`, `require`, `verify-ca`, `verify-full`.")
      .Add("ca", AT(iceberg.sql.ca), "File of CA certificates (PEM) for PostgreSQL.")
      .Add("statement_timeout_ms", AT(iceberg.sql.statement_timeout_ms), "Longest wait for PostgreSQL's answer.",
           kMilliseconds);
  SectionBuilder<Config>(keys, "iceberg.hive")
      .Add("tls", AT(iceberg.hive.tls), "Reach the metastore by TLS.")
      .Add("ca", AT(iceberg.hive.ca), "File of CA certificates (PEM); default: the system's.")
      .Add("kerberos_principal", AT(iceberg.hive.kerberos_principal),
           "Principal of the metastore, such as `hive/_HOST@EXAMPLE.COM`, where it asks for Kerberos; `_HOST` stands "
           "for "
           "the host of `hive_metastore_uri`.")
      .Add("kerberos_keytab", AT(iceberg.hive.kerberos_keytab),
           "Keytab with our key, from which tickets are got and renewed; default: the ticket cache (`KRB5CCNAME`).")
      .Add("kerberos_client_principal", AT(iceberg.hive.kerberos_client_principal),
           "Principal that we are; default: the first of the keytab, or that of the ticket cache.")
      .Add("lock_enabled", AT(iceberg.hive.lock_enabled),
           "Commit under the metastore's lock, as other engines do by default; a table's property "
           "`engine.hive.lock-enabled` overrules it. Off: by the check of expected parameters, which needs Hive 4.")
      .Add("lock_timeout_ms", AT(iceberg.hive.lock_timeout_ms), "Longest wait for the lock of a table.", kMilliseconds)
      .Add("timeout_ms", AT(iceberg.hive.timeout_ms), "Longest wait for an answer of the metastore.", kMilliseconds);
}

void AddStorage(std::vector<Key<Config>>& keys) {
  SectionBuilder<Config>(keys, "storage")
      .Add("type", AT(storage.type), "Kind of storage; `auto` goes by the warehouse's scheme.")
      .Add("bucket", AT(storage.bucket), "The warehouse's bucket or container.")
      .Add("region", AT(storage.region), "AWS region.")
      .Add("endpoint", AT(storage.endpoint), "URL of a service other than the cloud's own.")
      .Add("access_key_id", AT(storage.keys.access_key_id), "Of S3. Without keys: the cloud's own chain.")
      .Add("secret_access_key", AT(storage.keys.secret_access_key), "Belongs to `access_key_id`.")
      .Add("session_token", AT(storage.keys.session_token), "Of temporary keys.")
      .Add("path_style", AT(storage.path_style), "`endpoint/bucket/key` rather than `bucket.endpoint/key`.");
  SectionBuilder<Config>(keys, "storage.s3")
      .Add("credential", AT(storage.s3.credential),
           "`default`: the keys above, else AWS's chain; `role`: `role_arn`, assumed with what the chain finds; "
           "`web_identity`: by AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE.")
      .Add("role_arn", AT(storage.s3.role_arn), "The role to assume.")
      .Add("role_session_name", AT(storage.s3.role_session_name), "Default: `k2i`.")
      .Add("role_external_id", AT(storage.s3.role_external_id), "Asked for by some roles of other accounts.")
      .Add("sse", AT(storage.s3.sse), "How S3 encrypts what is written; `bucket`: by the bucket's default.")
      .Add("kms_key_id", AT(storage.s3.kms_key_id), "For `kms` and `dsse_kms`; default: the account's own key.")
      .Add("sse_customer_key", AT(storage.s3.sse_customer_key), "SSE-C: Base64 of the 32 bytes of the key.")
      .Add("requester_pays", AT(storage.s3.requester_pays),
           "Whether K2I pays for its requests, as some buckets want it.")
      .Add("sign_payload", AT(storage.s3.sign_payload),
           "Whether signatures cover the bytes of files, which costs CPU; a CRC-32C always goes along.")
      .Add("ca", AT(storage.s3.ca), "File of CA certificates (PEM); default: the system's.")
      .Add("connect_timeout_ms", AT(storage.s3.connect_timeout_ms), "Longest wait for a connection.", {1, 600'000})
      .Add("request_timeout_ms", AT(storage.s3.request_timeout_ms),
           "Longest time of a request in which no byte of it moves; in whole seconds.", {1'000, 600'000})
      .Add("max_attempts", AT(storage.s3.max_attempts), "Tries of one request, the first included.", {1, 100});
  SectionBuilder<Config>(keys, "storage.gcs")
      .Add("credential", AT(storage.gcs.credential),
           "`default`: Application Default Credentials, workload identity among them.")
      .Add("service_account_key", AT(storage.gcs.service_account_key), "The JSON key: `{ file = \"…\" }`.")
      .Add("token", AT(storage.gcs.token), "An OAuth2 access token; K2I cannot renew it.")
      .Add("impersonate", AT(storage.gcs.impersonate), "Address of a service account to act as.")
      .Add("project_id", AT(storage.gcs.project_id), "Default: GOOGLE_CLOUD_PROJECT.")
      .Add("retry_limit_seconds", AT(storage.gcs.retry_limit_seconds), "Over all tries of one request.", {1, 3600});
  SectionBuilder<Config>(keys, "storage.azure")
      .Add("credential", AT(storage.azure.credential),
           "`default`: environment, workload identity, CLI, managed identity, whichever is there.")
      .Add("account", AT(storage.azure.account), "Storage account of locations that name none (`az://container/…`).")
      .Add("account_key", AT(storage.azure.account_key), "For `account_key`.")
      .Add("sas_token", AT(storage.azure.sas_token), "For `sas`.")
      .Add("tenant_id", AT(storage.azure.tenant_id), "For `client_secret`.")
      .Add("client_id", AT(storage.azure.client_id), "For `client_secret`; names the identity for `managed_identity`.")
      .Add("client_secret", AT(storage.azure.client_secret), "For `client_secret`.");
}

void AddProcess(std::vector<Key<Config>>& keys) {
  SectionBuilder<Config>(keys, "dead_letters")
      .Add("database", AT(dead_letters.database), "Namespace of the dead-letter table; default: that of the table.")
      .Add("table", AT(dead_letters.table), "Name of the dead-letter table; default: `<table>__dlq`.");
  SectionBuilder<Config>(keys, "transaction_log")
      .Add("log_dir", AT(transaction_log.log_dir),
           "Folder of the log, one for each pipeline. Default: `k2i-txlog/<group_id>` in the working folder.")
      .Add("checkpoint_interval_entries", AT(transaction_log.checkpoint_interval_entries),
           "Entries between checkpoints.", {1, 100'000'000})
      .Add("checkpoint_interval_seconds", AT(transaction_log.checkpoint_interval_seconds), "Time between checkpoints.",
           {1, 86'400})
      .Add("max_log_files", AT(transaction_log.max_log_files), "Most segments kept.", {2, 10'000})
      .Add("encryption_key", AT(transaction_log.encryption_key),
           "Encrypts the log with AES-256-GCM: 32 bytes, in 64 hexadecimal digits or in base64 (`openssl rand -hex "
           "32`). A "
           "log that is not encrypted yet is from the next segment on.");
  SectionBuilder<Config>(keys, "circuit_breaker")
      .Add("failure_threshold", AT(circuit_breaker.failure_threshold),
           "Failures in a row after which the service is left alone; 0: never.", {0, 1'000'000})
      .Add("open_seconds", AT(circuit_breaker.open_seconds),
           "How long it is left alone before it is tried again, up to half as long again by chance.", {1, 3'600});
  SectionBuilder<Config>(keys, "server")
      .Add("enabled", AT(server.enabled), "Serve health and metrics.")
      .Add("bind", AT(server.bind), "Address to listen on.")
      .Add("health_port", AT(server.health_port), "Port of health and status; 0: any free one.", {0, 65'535})
      .Add("metrics_port", AT(server.metrics_port), "Port of `/metrics`; 0: any free one.", {0, 65'535})
      .Add("flight_port", AT(server.flight_port),
           "Port of Arrow Flight SQL ([flight.md](flight.md)), without authentication; 0: any free one; -1: off.",
           {-1, 65'535});
  SectionBuilder<Config>(keys, "query")
      .Add("enabled", AT(query.enabled), "Answer queries and look-ups on `server.health_port`.")
      .Add("threads", AT(query.threads), "Of all queries together, beside those that read Kafka and write files.",
           {1, 1'024})
      .Add("memory_mb", AT(query.memory_mb), "For the work of all queries together, beside the buffer.",
           {64, 1'048'576})
      .Add("niceness", AT(query.niceness),
           "How far the threads that answer queries and look-ups stand back when there are not processors enough, as "
           "`nice` has it; 0: not at all, so that they and ingestion share evenly.",
           {0, 19})
      .Add("timeout_seconds", AT(query.timeout_seconds), "The longest a query may take.", {1, 86'400})
      .Add("max_rows", AT(query.max_rows), "The most rows of one answer.", {1, 1'000'000'000'000})
      .Add("max_concurrent", AT(query.max_concurrent),
           "Queries at once; others wait for a while, then are told to come again.", {1, 1'000})
      .Add("peers", AT(query.peers),
           "The other processes of the group, each as `grpc://host:port` of its `server.flight_port`: queries and "
           "look-ups "
           "ask them for the rows of their partitions ([querying.md](querying.md)). All may have one list; a process "
           "that finds itself in it does no harm.")
      .Add("peer_timeout_ms", AT(query.peer_timeout_ms),
           "How long a query waits for its peers; what they have not given by then is named as missing.", {1, 60'000});
  SectionBuilder<Config>(keys, "maintenance")
      .Add(
          "compaction_enabled", AT(maintenance.compaction_enabled),
          "Merge small files in the background of `k2i ingest`, also of the dead-letter table. Of a group, the process "
          "that reads partition 0 of the first topic does this and what follows.")
      .Add("compaction_interval_seconds", AT(maintenance.compaction_interval_seconds),
           "How often; give or take a tenth.", {1, 31'536'000})
      .Add("manifest_rewrite_interval_seconds", AT(maintenance.manifest_rewrite_interval_seconds),
           "How often small manifests are merged in the background; 0: never.", {0, 31'536'000})
      .Add("snapshot_expiration_enabled", AT(maintenance.snapshot_expiration_enabled),
           "Remove old snapshots, and the files that only they reach, in the background.")
      .Add("snapshot_expiration_interval_seconds", AT(maintenance.snapshot_expiration_interval_seconds), "How often.",
           {1, 31'536'000})
      .Add("orphan_cleanup_enabled", AT(maintenance.orphan_cleanup_enabled),
           "Delete old files below the table's location that nothing refers to, in the background.")
      .Add("orphan_cleanup_interval_seconds", AT(maintenance.orphan_cleanup_interval_seconds), "How often.",
           {1, 31'536'000})
      .Add("compaction_target_mb", AT(maintenance.compaction_target_mb),
           "Size of the files that small ones are merged to; 0: the table's `write.target-file-size-bytes`, else 256.",
           {0, 10'240})
      .Add("compaction_threshold_mb", AT(maintenance.compaction_threshold_mb),
           "Files from this size on are left alone; 0: three quarters of the target.", {0, 10'240})
      .Add("compaction_min_input_files", AT(maintenance.compaction_min_input_files),
           "So many small files of a partition are merged; fewer only where they fill three quarters of a file.",
           {2, 100'000})
      .Add("compaction_memory_mb", AT(maintenance.compaction_memory_mb),
           "For the rows that are being rewritten; bounds what can be sorted at once where the table has a sort order.",
           {48, 1'048'576})
      .Add("compaction_rate_mb", AT(maintenance.compaction_rate_mb), "Most that is read, MB a second; 0: no limit.",
           {0, 1'000'000})
      .Add("compaction_commit_mb", AT(maintenance.compaction_commit_mb),
           "Commit each time so much has been read: what a run that is killed has to do again at most.", {1, 1'048'576})
      .Add("compaction_copies", AT(maintenance.compaction_copies),
           "Copy large row groups as they are where nothing of them changes, instead of decoding and encoding them.")
      .Add("snapshot_retention_days", AT(maintenance.snapshot_retention_days),
           "Age at which a snapshot is removed; 0: as the table's property "
           "`history.expire.max-snapshot-age-ms` says, else 5 days and the 2,000 newest.",
           {0, 36'500})
      .Add("orphan_retention_days", AT(maintenance.orphan_retention_days),
           "Age at which a file that nothing refers to is deleted.", {1, 36'500});
  SectionBuilder<Config>(keys, "maintenance.spark")
      .Add("command", AT(maintenance.spark.command),
           "Program and arguments, such as `[\"spark-sql\", \"--master\", \"yarn\"]`; what K2I adds is "
           "`--conf KEY=VALUE -e STATEMENT`. No shell.")
      .Add("catalog", AT(maintenance.spark.catalog), "The Iceberg catalog, as Spark's configuration names it.");
  SectionBuilder<Config>(keys, "maintenance.trino")
      .Add("uri", AT(maintenance.trino.uri), "The coordinator, such as `https://trino:8443`.")
      .Add("catalog", AT(maintenance.trino.catalog), "The Iceberg catalog, as Trino names it.")
      .Add("user", AT(maintenance.trino.user), "Who runs the statements.")
      .Add("password", AT(maintenance.trino.password), "For basic authentication; needs https.")
      .Add("token", AT(maintenance.trino.token), "A JWT in place of the password; needs https.")
      .Add("ca", AT(maintenance.trino.ca), "File of CA certificates (PEM); default: the system's.");
  SectionBuilder<Config>(keys, "log")
      .Add("level", AT(log.level), "Least level that is written.")
      .Alias("log_level")
      .Add("format", AT(log.format), "`auto`: text on a terminal, JSON otherwise.")
      .Alias("log_format");
}

std::string UpperName(std::string_view section, std::string_view name) {
  std::string all = "K2I_" + std::string(section) + "_" + std::string(name);
  std::ranges::transform(all, all.begin(), [](unsigned char c) { return c == '.' ? '_' : std::toupper(c); });
  return all;
}

}  // namespace

const std::vector<Key<Config>>& Keys() {
  static const auto keys = [] {
    std::vector<Key<Config>> all;
    AddKafka(all);
    AddRecords(all);
    AddIceberg(all);
    AddStorage(all);
    AddProcess(all);
    return all;
  }();
  return keys;
}

template <>
const std::vector<Key<ColumnConfig>>& ElementKeys<ColumnConfig>() {
  static const auto keys = [] {
    std::vector<Key<ColumnConfig>> all;
    SectionBuilder<ColumnConfig>(all, "")
        .Add("name", AT(name), "Name of the column.")
        .Required()
        .Add("type", AT(type), "Iceberg type: `long`, `timestamptz`, `decimal(9,2)` …")
        .Required()
        .Add("required", AT(required), "Whether a value must be there.")
        .Add("doc", AT(doc), "Comment of the column.");
    return all;
  }();
  return keys;
}

template <>
const std::vector<Key<PartitionFieldConfig>>& ElementKeys<PartitionFieldConfig>() {
  static const auto keys = [] {
    std::vector<Key<PartitionFieldConfig>> all;
    SectionBuilder<PartitionFieldConfig>(all, "")
        .Add("source_field", AT(source_field), "Column.")
        .Required()
        .Add("transform", AT(transform),
             "`identity`, `year`, `month`, `day`, `hour`, `bucket[N]`, `truncate[N]`, `void`.")
        .Add("name", AT(name), "Name of the partition field; default: as Iceberg names it, `ts_day`.");
    return all;
  }();
  return keys;
}

template <>
const std::vector<Key<SortFieldConfig>>& ElementKeys<SortFieldConfig>() {
  static const auto keys = [] {
    std::vector<Key<SortFieldConfig>> all;
    SectionBuilder<SortFieldConfig>(all, "")
        .Add("source_field", AT(source_field), "Column.")
        .Required()
        .Add("transform", AT(transform), "As for `partition_spec`.")
        .Add("direction", AT(direction), "Direction.")
        .Add("null_order", AT(nulls), "Where nulls go.");
    return all;
  }();
  return keys;
}

const std::vector<SectionInfo>& Sections() {
  static const std::vector<SectionInfo> sections = {
      {"kafka", "", "The topics that are read."},
      {"kafka.security", "", "TLS and SASL."},
      {"format", "kafka.format", "How records are encoded."},
      {"schema", "schema_evolution", "Columns of the table."},
      {"schema.metadata", "", "Columns filled from the record's place in Kafka: a name, `true` or `false`."},
      {"buffer", "", "Rows in memory and when they are flushed."},
      {"iceberg", "", "The table."},
      {"iceberg.rest", "", "Access to a REST catalog."},
      {"iceberg.nessie", "", "Branches of a Nessie server."},
      {"iceberg.glue", "", "Access to the AWS Glue Data Catalog."},
      {"iceberg.sql", "",
       "The SQL catalog, embedded (SQLite) or in PostgreSQL; PyIceberg's and Spark's JDBC catalog are the same."},
      {"iceberg.hive", "", "Access to a Hive Metastore."},
      {"storage", "iceberg.object_store", "Where the files go ([storage.md](storage.md))."},
      {"storage.s3", "", "S3 and what speaks its protocol."},
      {"storage.gcs", "", "Google Cloud Storage."},
      {"storage.azure", "", "Azure Blob Storage and Data Lake Storage."},
      {"dead_letters", "", "The table of the records that cannot be decoded; made when the first one comes."},
      {"transaction_log", "", "The local log that makes recovery fast."},
      {"circuit_breaker", "",
       "Of the catalog and the store, each for itself: reading goes on meanwhile until the buffer is full."},
      {"server", "monitoring", "Health and metrics over HTTP, and queries over Arrow Flight SQL."},
      {"query", "", "Reads by SQL and look-up, of the newest rows and the whole table as one."},
      {"maintenance", "", "What keeps the table small and quick ([maintenance.md](maintenance.md))."},
      {"maintenance.spark", "", "Spark, for `k2i maintenance --engine spark`."},
      {"maintenance.trino", "", "Trino, for `k2i maintenance --engine trino`."},
      {"log", "", "Logs on standard error."}};
  return sections;
}

const std::vector<std::string_view>& PromisedPaths() {
  static const std::vector<std::string_view> paths = {"kafka.topic_pattern", "format.schema_registry", "server.tls",
                                                      "security", "tables"};
  return paths;
}

std::string CanonicalSection(const std::string& path) {
  for (const SectionInfo& section : Sections()) {
    if (!section.alias.empty() && path == section.alias) return std::string(section.name);
  }
  return path;
}

const Key<Config>* FindKey(std::string_view section, std::string_view name) {
  for (const Key<Config>& key : Keys()) {
    if (key.info.section != section) continue;
    if (key.info.name == name || std::ranges::find(key.info.aliases, name) != key.info.aliases.end()) return &key;
  }
  return nullptr;
}

std::vector<std::string> EnvironmentNames(const KeyInfo& info) {
  std::vector<std::string> names;
  std::vector<std::string_view> sections = {info.section};
  for (const SectionInfo& section : Sections()) {
    if (section.name == info.section && !section.alias.empty()) sections.push_back(section.alias);
  }
  for (const std::string_view section : sections) {
    names.push_back(UpperName(section, info.name));
    for (const std::string& alias : info.aliases) names.push_back(UpperName(section, alias));
  }
  return names;
}

}  // namespace k2i::config
