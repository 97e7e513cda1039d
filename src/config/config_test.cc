// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace k2i::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr std::string_view kLandingPage = R"([kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
group_id = "k2i-ingestion"

[buffer]
max_size_mb = 500
flush_interval_seconds = 30

[iceberg]
catalog_type = "rest"
rest_uri = "http://localhost:8181"
warehouse = "s3://my-bucket/warehouse"
database = "analytics"
table = "events"

[storage]
type = "s3"
bucket = "my-bucket"
region = "us-east-1"
)";

constexpr std::string_view kSmallest = R"(
[kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
[iceberg]
warehouse = "/tmp/warehouse"
database = "analytics"
table = "events"
)";

Result<Config> Parse(std::string_view more, const Environment& environment = {},
                     const std::vector<std::string>& flags = {}) {
  return ParseConfig(std::string(kSmallest) + std::string(more), "k2i.toml", environment, flags);
}

/// The message of the error, "" when there is none.
std::string Problem(const Result<Config>& config) {
  if (config.has_value()) return "";
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(config.error().component, Component::kConfig);
  return config.error().message;
}

TEST(ConfigTest, TakesTheLandingPageAsItStands) {
  const auto config = ParseConfig(kLandingPage, "k2i.toml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->kafka.bootstrap_servers, ElementsAre("localhost:9092"));
  EXPECT_THAT(config->kafka.topics, ElementsAre("events"));
  EXPECT_EQ(config->kafka.group_id, "k2i-ingestion");
  EXPECT_EQ(config->buffer.max_size_mb, 500);
  EXPECT_EQ(config->buffer.flush_interval_seconds, 30);
  EXPECT_EQ(config->iceberg.catalog_type, CatalogType::kRest);
  EXPECT_EQ(config->iceberg.rest_uri, "http://localhost:8181");
  EXPECT_EQ(config->iceberg.warehouse, "s3://my-bucket/warehouse");
  EXPECT_EQ(config->iceberg.database, "analytics");
  EXPECT_EQ(config->iceberg.table, "events");
  EXPECT_EQ(config->storage.type, StorageType::kS3);
  EXPECT_EQ(config->storage.bucket, "my-bucket");
  EXPECT_EQ(config->storage.region, "us-east-1");
  EXPECT_EQ(config->transaction_log.log_dir, "k2i-txlog/k2i-ingestion");
}

TEST(ConfigTest, DerivesDefaults) {
  const auto config = Parse("");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->kafka.group_id, "k2i-analytics-events");
  EXPECT_EQ(config->kafka.isolation_level, IsolationLevel::kReadCommitted);
  EXPECT_EQ(config->kafka.batch_size, 10000);
  EXPECT_EQ(config->transaction_log.log_dir, "k2i-txlog/k2i-analytics-events");
  EXPECT_EQ(config->storage.type, StorageType::kLocal);
  EXPECT_EQ(config->iceberg.sql.uri, "/tmp/warehouse/catalog.db");
  EXPECT_EQ(config->iceberg.sql.name, "k2i");
  EXPECT_EQ(config->schema.extra_column, "_extra");
  EXPECT_EQ(config->schema.metadata.offset, "_kafka_offset");
  EXPECT_EQ(config->schema.metadata.key, "_kafka_key");
}

TEST(ConfigTest, AcceptsTheOtherSpellings) {
  const auto config = ParseConfig(R"(
[kafka]
bootstrap_servers = ["a:1", "b:2"]
topics = ["x", "y"]
consumer_group = "g"
[kafka.format]
type = "raw"
[schema_evolution]
mode = "manual"
[iceberg]
warehouse_path = "s3://b/w"
database_name = "d"
table_name = "t"
sql.uri = "/tmp/c.db"
[iceberg.object_store]
type = "s3"
[monitoring]
health_port = 1
[log]
log_level = "debug"
log_format = "json"
)",
                                  "k2i.toml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->kafka.bootstrap_servers, ElementsAre("a:1", "b:2"));
  EXPECT_THAT(config->kafka.topics, ElementsAre("x", "y"));
  EXPECT_EQ(config->kafka.group_id, "g");
  EXPECT_EQ(config->format.value, ValueFormat::kRaw);
  EXPECT_EQ(config->iceberg.database, "d");
  EXPECT_EQ(config->iceberg.sql.uri, "/tmp/c.db");
  EXPECT_EQ(config->storage.type, StorageType::kS3);
  EXPECT_EQ(config->server.health_port, 1);
  EXPECT_EQ(config->log.level, log::Level::kDebug);
  EXPECT_EQ(config->log.format, LogFormat::kJson);
}

TEST(ConfigTest, ReadsArraysOfTables) {
  const auto config = Parse(R"(
[schema]
columns = [{name = "id", type = "long", required = true, doc = "key"}, {name = "ts", type = "timestamptz"}]
[schema.metadata]
topic = false
key = true
headers = "h"
[[iceberg.partition_spec]]
source_field = "ts"
transform = "day"
[[iceberg.partition_spec]]
source_field = "id"
transform = "bucket[16]"
name = "shard"
[[iceberg.sort_order]]
source_field = "id"
direction = "desc"
null_order = "nulls-last"
)");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  ASSERT_EQ(config->schema.columns.size(), 2u);
  EXPECT_TRUE(config->schema.columns[0].required);
  EXPECT_EQ(config->schema.columns[0].doc, "key");
  EXPECT_EQ(config->schema.columns[1].type, "timestamptz");
  EXPECT_EQ(config->schema.extra_column, "");
  EXPECT_EQ(config->schema.metadata.topic, "");
  EXPECT_EQ(config->schema.metadata.key, "_kafka_key");
  EXPECT_EQ(config->schema.metadata.headers, "h");
  ASSERT_EQ(config->iceberg.partition_spec.size(), 2u);
  EXPECT_EQ(config->iceberg.partition_spec[1].transform, "bucket[16]");
  EXPECT_EQ(config->iceberg.partition_spec[1].name, "shard");
  ASSERT_EQ(config->iceberg.sort_order.size(), 1u);
  EXPECT_EQ(config->iceberg.sort_order[0].direction, SortDirection::kDescending);
  EXPECT_EQ(config->iceberg.sort_order[0].nulls, NullOrder::kLast);
}

TEST(ConfigTest, ReadsLibrdkafkaOptionsInEitherSpelling) {
  const auto config =
      Parse("[kafka.options]\nfetch.min.bytes = 1\n\"socket.keepalive.enable\" = true\ndebug = \"cgrp\"\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->kafka.options, ElementsAre(Pair("debug", "cgrp"), Pair("fetch.min.bytes", "1"),
                                                 Pair("socket.keepalive.enable", "true")));
}

TEST(ConfigTest, SuggestsTheNearestKey) {
  EXPECT_EQ(Problem(Parse("[buffer]\nmax_sise_mb = 1\n")),
            "k2i.toml:10: unknown key 'buffer.max_sise_mb'; did you mean 'max_size_mb'?");
  EXPECT_EQ(Problem(Parse("[bufer]\nmax_size_mb = 100\n")), "k2i.toml:9: unknown key 'bufer'; did you mean 'buffer'?");
  EXPECT_EQ(Problem(Parse("[server]\nregion = \"r\"\n")),
            "k2i.toml:10: unknown key 'server.region'; did you mean 'storage.region'?");
  EXPECT_EQ(Problem(Parse("[[iceberg.sort_order]]\nsource_feild = \"a\"\n")),
            "k2i.toml:9: 'iceberg.sort_order' needs 'source_field'\n"
            "k2i.toml:10: unknown key 'iceberg.sort_order.source_feild'; did you mean 'source_field'?");
  EXPECT_EQ(Problem(Parse("[log]\nlevel = \"wran\"\n")),
            "k2i.toml:10: 'log.level' takes one of info, trace, debug, warn, error, not 'wran'; did you mean 'warn'?");
}

TEST(ConfigTest, ReportsAllProblemsAtOnce) {
  const std::string problem = Problem(ParseConfig(R"([kafka]
topic = 5
batch_size = 0
[buffer]
ttl_seconds = "x"
colour = "red"
)",
                                                  "k2i.toml"));
  EXPECT_EQ(problem,
            "k2i.toml:6: unknown key 'buffer.colour'\n"
            "k2i.toml:5: 'buffer.ttl_seconds' takes an integer from 0 to 86400, not a string\n"
            "k2i.toml:3: 'kafka.batch_size' takes an integer from 1 to 1000000, not 0\n"
            "k2i.toml:2: 'kafka.topic' takes a string or an array of strings, not an integer\n"
            "k2i.toml: 'kafka.bootstrap_servers' is missing\n"
            "k2i.toml: 'iceberg.database' is missing\n"
            "k2i.toml: 'iceberg.table' is missing\n"
            "k2i.toml: 'iceberg.warehouse' is missing: catalog_type sql needs it");
}

TEST(ConfigTest, RefusesWhatIsNotSupportedYet) {
  for (const std::string_view more :
       {"[format]\nvalue = \"avro\"\n", "[format]\nvalue = \"protobuf\"\n", "[format.schema_registry]\nurl = \"u\"\n",
        "[server]\ntls = true\n", "[[tables]]\ntopic = \"x\"\n", "[schema]\nmode = \"permissive\"\n",
        "[kafka.security]\nsasl_mechanism = \"AWS_MSK_IAM\"\n",
        "[kafka.security]\nsasl_password = { vault = \"a#b\" }\n", "[format]\nkey = \"json\"\n",
        "[security]\ntokens = 1\n"}) {
    EXPECT_THAT(Problem(Parse(more)), HasSubstr("not supported yet by this version")) << more;
  }
  for (const std::string flag : {"kafka.topic_pattern=a.*", "kafka.topic=^a.*"}) {
    EXPECT_THAT(Problem(Parse("", {}, {flag})), HasSubstr("not supported yet by this version")) << flag;
  }
}

/// What is wrong with the landing page's configuration with these settings.
std::string ProblemWith(const std::vector<std::string>& settings) {
  std::vector<std::string> all = {"storage.bucket=b", "storage.type=auto"};
  all.insert(all.end(), settings.begin(), settings.end());
  return Problem(ParseConfig(kLandingPage, "k2i.toml", {}, all));
}

TEST(ConfigTest, KerberosToAMetastore) {
  const auto problem = [](std::vector<std::string> settings) {
    settings.insert(settings.begin(), {"iceberg.catalog_type=hive", "iceberg.hive_metastore_uri=thrift://m"});
    std::string config(kLandingPage);
    config.erase(config.find("rest_uri"), config.find("warehouse") - config.find("rest_uri"));
    return Problem(ParseConfig(config, "k2i.toml", {}, settings));
  };
  const std::string service = "iceberg.hive.kerberos_principal=hive/_HOST@A.B";
  EXPECT_EQ(problem({service}), "");
  EXPECT_EQ(problem({service, "iceberg.hive.kerberos_keytab=/k", "iceberg.hive.kerberos_client_principal=k2i@A.B"}),
            "");
  for (const char* bad : {"hive", "hive@A.B", "/_HOST@A.B", "hive/"}) {
    EXPECT_THAT(problem({"iceberg.hive.kerberos_principal=" + std::string(bad)}), HasSubstr("such as hive/_HOST@"));
  }
  EXPECT_THAT(problem({"iceberg.hive.kerberos_keytab=/k"}), HasSubstr("needs 'iceberg.hive.kerberos_principal' too"));
  EXPECT_THAT(ProblemWith({service}), HasSubstr("needs catalog_type = \"hive\""));
}

TEST(ConfigTest, TheWarehouseTellsTheStore) {
  for (const auto& [warehouse, type] :
       {std::pair{"s3a://b/w", StorageType::kS3}, std::pair{"gs://b/w", StorageType::kGcs},
        std::pair{"abfss://b@acc.dfs.core.windows.net/w", StorageType::kAzure},
        std::pair{"wasbs://b@acc.blob.core.windows.net/w", StorageType::kAzure}}) {
    const auto config =
        ParseConfig(kLandingPage, "k2i.toml", {},
                    {"storage.bucket=b", "storage.type=auto", "iceberg.warehouse=" + std::string(warehouse)});
    ASSERT_TRUE(config.has_value()) << config.error().message;
    EXPECT_EQ(config->storage.type, type) << warehouse;
  }
  EXPECT_THAT(ProblemWith({"iceberg.warehouse=hdfs://b/w"}), HasSubstr("scheme 'hdfs'"));
  EXPECT_THAT(ProblemWith({"iceberg.warehouse=gs://b/w", "storage.type=s3"}), HasSubstr("contradicts the warehouse"));
  EXPECT_THAT(ProblemWith({"iceberg.warehouse=gs://c/w"}), HasSubstr("but the warehouse is in 'c'"));
  EXPECT_THAT(ProblemWith({"iceberg.warehouse=az://b/w"}), HasSubstr("'storage.azure.account' is missing"));
  EXPECT_EQ(ProblemWith({"iceberg.warehouse=az://b/w", "storage.azure.account=acc"}), "");
}

TEST(ConfigTest, CredentialsAreWhole) {
  const std::string gcs = "iceberg.warehouse=gs://b/w", azure = "iceberg.warehouse=abfss://b@a.dfs.core.windows.net/w",
                    s3 = "iceberg.warehouse=s3://b/w";
  EXPECT_THAT(ProblemWith({gcs, "storage.gcs.credential=token"}), HasSubstr("'storage.gcs.token' is missing"));
  EXPECT_THAT(ProblemWith({gcs, "storage.gcs.credential=service_account"}),
              HasSubstr("'storage.gcs.service_account_key' is missing"));
  EXPECT_THAT(ProblemWith({azure, "storage.azure.credential=sas"}), HasSubstr("'storage.azure.sas_token' is missing"));
  EXPECT_THAT(ProblemWith({azure, "storage.azure.credential=client_secret", "storage.azure.tenant_id=t"}),
              AllOf(HasSubstr("'storage.azure.client_id' is missing"), HasSubstr("client_secret' is missing")));
  EXPECT_THAT(ProblemWith({s3, "storage.s3.credential=role"}), HasSubstr("'storage.s3.role_arn' is missing"));
  EXPECT_THAT(ProblemWith({s3, "storage.s3.role_arn=arn"}), HasSubstr("needs 'storage.s3.credential' = \"role\""));
  EXPECT_THAT(
      ProblemWith({s3, "storage.s3.credential=web_identity", "storage.access_key_id=k", "storage.secret_access_key=s"}),
      HasSubstr("cannot go with 'storage.access_key_id'"));
  EXPECT_EQ(ProblemWith({s3, "storage.s3.credential=role", "storage.s3.role_arn=arn"}), "");
}

TEST(ConfigTest, ReadsAccessToGlue) {
  const auto parse = [](std::string_view more) {
    return Parse(more, {}, {"iceberg.catalog_type=glue", "iceberg.aws_region=eu-west-1"});
  };
  const auto config = parse("[iceberg.glue]\nrole_arn = \"r\"\nexternal_id = \"x\"\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->storage.region, "eu-west-1");
  EXPECT_TRUE(config->iceberg.glue.skip_archive);
  EXPECT_THAT(Problem(parse("[iceberg.glue]\nexternal_id = \"x\"\n")), HasSubstr("needs 'iceberg.glue.role_arn' too"));
  EXPECT_THAT(Problem(parse("[iceberg.glue]\naccess_key_id = \"a\"\n")), HasSubstr("secret_access_key"));
  EXPECT_THAT(Problem(parse("[iceberg.glue]\nendpoint = \"glue:80\"\n")), HasSubstr("http:// or https://"));
  EXPECT_THAT(Problem(Parse("", {}, {"iceberg.glue.catalog_id=1"})), HasSubstr("needs catalog_type = \"glue\""));
}

TEST(ConfigTest, ReadsWhatMaintenanceDoes) {
  const auto config = Parse("[maintenance]\ncompaction_target_mb = 128\ncompaction_threshold_mb = 64\n");
  EXPECT_EQ(config->maintenance.compaction_target_mb, 128);
  EXPECT_EQ(config->maintenance.compaction_threshold_mb, 64);
  EXPECT_EQ(config->maintenance.compaction_min_input_files, 5);
  EXPECT_TRUE(config->maintenance.compaction_enabled);
  EXPECT_FALSE(config->maintenance.orphan_cleanup_enabled) << "nobody's files go unasked";
  EXPECT_THAT(Problem(Parse("[maintenance]\ncompaction_min_input_files = 1\n")), HasSubstr("from 2 to 100000"));
}

TEST(ConfigTest, ReadsTheWaysIntoARestCatalog) {
  const std::string rest = "catalog_type = \"nessie\"\nrest_uri = \"http://n:19120\"\n";
  const auto config = Parse(rest +
                            "[iceberg.nessie]\nref = \"dev\"\ncreate_ref = true\n"
                            "[iceberg.rest]\ncredential = \"oauth2\"\nsubject_token = \"s\"\n"
                            "subject_token_type = \"jwt\"\noauth2_parameters = { audience = \"a\" }\n"
                            "cert = \"c.pem\"\nkey = \"k.pem\"\nvended_credentials = \"always\"\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(IsRest(config->iceberg.catalog_type));
  EXPECT_EQ(config->iceberg.nessie.ref, "dev");
  EXPECT_EQ(config->iceberg.rest.subject_token_type, "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(config->iceberg.rest.oauth2_parameters.at("audience"), "a");
  EXPECT_EQ(config->iceberg.rest.vended_credentials, VendedCredentials::kAlways);
  const auto problem = [&](const std::string& more) {
    return Problem(Parse("catalog_type = \"rest\"\nrest_uri = \"http://r\"\n[iceberg.rest]\n" + more));
  };
  EXPECT_THAT(problem("cert = \"c.pem\"\n"), HasSubstr("needs 'iceberg.rest.key' too"));
  EXPECT_THAT(problem("credential = \"oauth2\"\n"), HasSubstr("credential oauth2 needs it, or a subject_token"));
  EXPECT_THAT(problem("subject_token = \"s\"\n"), HasSubstr("is used with credential = \"oauth2\" only"));
  EXPECT_THAT(problem("credential = \"oauth2\"\nsubject_token = \"s\"\nsubject_token_type = \"x\"\n"),
              HasSubstr("or a URN, not 'x'"));
  EXPECT_THAT(problem("role_arn = \"r\"\n"), HasSubstr("is used with credential = \"sigv4\" only"));
  EXPECT_THAT(problem("credential = \"sigv4\"\naccess_key_id = \"k\"\n"),
              HasSubstr("needs 'iceberg.rest.secret_access_key' too"));
  const std::string sigv4 = "credential = \"sigv4\"\nprofile = \"p\"\n";
  EXPECT_EQ(problem(sigv4 + "role_arn = \"r\"\nexternal_id = \"x\"\n"), "");
  EXPECT_THAT(problem(sigv4 + "external_id = \"x\"\n"), HasSubstr("needs 'iceberg.rest.role_arn' too"));
  EXPECT_THAT(problem(sigv4 + "session_token = \"t\"\n"), HasSubstr("needs 'iceberg.rest.access_key_id' too"));
  EXPECT_THAT(problem(sigv4 + "access_key_id = \"k\"\nsecret_access_key = \"s\"\n"),
              HasSubstr("'iceberg.rest.profile' and 'iceberg.rest.access_key_id' exclude each other"));
  EXPECT_THAT(problem("[iceberg.nessie]\nref = \"dev\"\n"), HasSubstr("needs catalog_type = \"nessie\""));
}

TEST(ConfigTest, PeersAreFlightAddresses) {
  const auto config = Parse("[query]\npeers = [\"grpc://a:1\", \"grpc://[::1]:65535\"]\npeer_timeout_ms = 5\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->query.peers, ElementsAre("grpc://a:1", "grpc://[::1]:65535"));
  EXPECT_EQ(config->query.peer_timeout_ms, 5);
  for (const std::string peer : {"a:1", "grpc://a", "grpc://:1", "grpc://a:0", "grpc://a:65536", "grpc://a:1/x",
                                 "grpc+tls://a:1", "http://a:1"}) {
    EXPECT_THAT(Problem(Parse("[query]\npeers = [\"" + peer + "\"]\n")),
                HasSubstr("'query.peers' takes grpc://host:port, not '" + peer + "'"));
  }
  EXPECT_THAT(Problem(Parse("[query]\npeers = [\"grpc://a:1\", \"grpc://a:1\"]\n")),
              HasSubstr("'query.peers' names 'grpc://a:1' twice"));
}

TEST(ConfigTest, KafkasKeyGoesByItsColumn) {
  EXPECT_EQ(Parse("[buffer]\nkey = \"_kafka_key\"\n[schema.metadata]\nkey = \"k\"\n")->buffer.key, "k");
  EXPECT_EQ(Parse("[buffer]\nkey = \"id\"\n")->buffer.key, "id");
  EXPECT_THAT(Problem(Parse("[buffer]\nkey = \"_kafka_key\"\n[schema.metadata]\nkey = false\n")),
              HasSubstr("'buffer.key' needs the column of 'schema.metadata.key'"));
}

TEST(ConfigTest, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const Environment environment = {{"K2I_KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2"},
                                   {"K2I_KAFKA_CONSUMER_GROUP", "env"},
                                   {"K2I_BUFFER_MAX_SIZE_MB", "64"},
                                   {"K2I_ICEBERG_PROPERTY_MIRROR", "false"},
                                   {"K2I_KAFKA_OPTIONS", "{ \"debug\" = \"all\" }"},
                                   {"K2I_SCHEMA_METADATA_KEY", "true"},
                                   {"K2I_DEPS", "/deps"},
                                   {"PATH", "/bin"}};
  const auto config =
      Parse("[buffer]\nmax_size_mb = 100\n", environment,
            {"kafka.group_id=flag", "kafka.options.socket.timeout.ms=5", "iceberg.object_store.region=r"});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->kafka.bootstrap_servers, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(config->kafka.group_id, "flag");
  EXPECT_EQ(config->buffer.max_size_mb, 64);
  EXPECT_FALSE(config->iceberg.property_mirror);
  EXPECT_THAT(config->kafka.options, ElementsAre(Pair("debug", "all"), Pair("socket.timeout.ms", "5")));
  EXPECT_EQ(config->schema.metadata.key, "_kafka_key");
  EXPECT_EQ(config->storage.region, "r");
}

TEST(ConfigTest, NestedKeysHaveVariablesToo) {
  const auto config = ParseConfig(kLandingPage, "k2i.toml",
                                  {{"K2I_ICEBERG_REST_URI", "https://c"},
                                   {"K2I_ICEBERG_REST_CREDENTIAL", "bearer"},
                                   {"K2I_ICEBERG_REST_TOKEN", "t"}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->iceberg.rest_uri, "https://c");
  EXPECT_EQ(config->iceberg.rest.credential, RestCredential::kBearer);
  EXPECT_EQ(config->iceberg.rest.token.Reveal(), "t");
}

TEST(ConfigTest, NamesBadVariablesAndFlags) {
  EXPECT_EQ(Problem(Parse("", {{"K2I_BUFFER_MAX_SISE_MB", "1"}})),
            "environment variable K2I_BUFFER_MAX_SISE_MB: sets no key; did you mean 'K2I_BUFFER_MAX_SIZE_MB'?");
  EXPECT_EQ(Problem(Parse("", {{"K2I_BUFFER_MAX_SIZE_MB", "many"}})),
            "environment variable K2I_BUFFER_MAX_SIZE_MB: 'buffer.max_size_mb' takes an integer from 16 to 1048576, "
            "not 'many'");
  EXPECT_EQ(Problem(Parse("", {}, {"buffer.max_sise_mb=1"})),
            "flag 'buffer.max_sise_mb': unknown key 'buffer.max_sise_mb'; did you mean 'max_size_mb'?");
  EXPECT_EQ(Problem(Parse("", {}, {"verbose"})), "flag 'verbose': takes the form section.key=value");
  // What Kubernetes sets for a service named "k2i-server".
  EXPECT_EQ(Problem(Parse("", {{"K2I_SERVER_PORT", "tcp://10.0.0.1:8080"},
                               {"K2I_SERVER_SERVICE_HOST", "10.0.0.1"},
                               {"K2I_SERVER_PORT_8080_TCP_ADDR", "10.0.0.1"}})),
            "");
}

TEST(ConfigTest, ResolvesSecretsAndHidesThem) {
  const std::string path = ::testing::TempDir() + "k2i_secret";
  std::ofstream(path) << "hunter2\n";
  const auto config = Parse(
      "[kafka.security]\nprotocol = \"SASL_SSL\"\nsasl_mechanism = \"scram-sha-512\"\n"
      "sasl_username = \"alice\"\nsasl_password = { file = \"" +
          path +
          "\" }\n"
          "[storage]\naccess_key_id = \"AK\"\nsecret_access_key = { env = \"MY_KEY\" }\n",
      {{"MY_KEY", "sesame"}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->kafka.security.sasl_mechanism, SaslMechanism::kScramSha512);
  EXPECT_EQ(config->kafka.security.sasl_password.Reveal(), "hunter2");
  EXPECT_EQ(config->storage.keys.secret_access_key.Reveal(), "sesame");
  std::ostringstream printed;
  printed << config->kafka.security.sasl_password << config->storage.keys.secret_access_key.ToString();
  EXPECT_EQ(printed.str(), "REDACTEDREDACTED");
}

TEST(ConfigTest, NamesSecretsThatCannotBeHad) {
  EXPECT_EQ(Problem(Parse("[storage]\naccess_key_id = {env = \"NONE\"}\nsecret_access_key = {file = \"/no/such\"}\n")),
            "k2i.toml:10: 'storage.access_key_id': the environment variable NONE is not set\n"
            "k2i.toml:11: 'storage.secret_access_key': the file /no/such cannot be read or is empty");
  EXPECT_THAT(Problem(Parse("[storage]\naccess_key_id = {fil = \"x\"}\nsecret_access_key = \"y\"\n")),
              HasSubstr("unknown key 'fil'; did you mean 'file'?"));
}

TEST(ConfigTest, FindsContradictions) {
  const auto expect = [](std::string_view more, std::string_view problem) {
    EXPECT_EQ(Problem(Parse(more)), problem) << more;
  };
  expect("[server]\nmetrics_port = 8080\n",
         "k2i.toml:10: 'server.metrics_port' is the health_port too: each needs its own");
  expect("[server]\nflight_port = 9090\n",
         "k2i.toml:10: 'server.flight_port' is the metrics_port too: each needs its own");
  expect("[storage]\ntype = \"local\"\nsession_token = \"t\"\n",
         "k2i.toml:11: 'storage.session_token' needs 'storage.access_key_id' too");
  expect("[kafka.security]\nprotocol = \"SASL_SSL\"\n", "k2i.toml: 'kafka.security.sasl_mechanism' is missing");
  expect("[kafka.security]\nssl_key_location = \"k\"\n",
         "k2i.toml:10: 'kafka.security.ssl_key_location' needs 'kafka.security.ssl_cert_location' too");
  expect("[[iceberg.partition_spec]]\nsource_field = \"a\"\ntransform = \"bucket[0]\"\n",
         "k2i.toml:9: 'iceberg.partition_spec' holds the transform 'bucket[0]'; there are identity, year, month, day, "
         "hour, "
         "void, bucket[N] and truncate[N]");
  expect("[schema.metadata]\ntopic = \"_kafka_offset\"\n",
         "k2i.toml: 'schema.metadata.offset' names the column '_kafka_offset' a second time");
  expect("[iceberg.rest]\ncredential = \"none\"\n",
         "k2i.toml:10: 'iceberg.rest.credential' needs catalog_type = \"rest\"");
  EXPECT_THAT(Problem(ParseConfig(kLandingPage, "k2i.toml", {}, {"storage.bucket=other"})),
              StartsWith("flag 'storage.bucket': 'storage.bucket' is 'other', but the warehouse is in 'my-bucket'"));
  EXPECT_THAT(Problem(Parse("", {}, {"kafka.topic=a,a"})), HasSubstr("names 'a' twice"));
  EXPECT_THAT(Problem(Parse("", {}, {"kafka.heartbeat_interval_ms=50000"})), HasSubstr("must be below"));
}

TEST(ConfigTest, AKeyMayBeGivenOnceOnly) {
  const std::string text =
      "[kafka]\nbootstrap_servers = \"b\"\ntopic = \"t\"\ngroup_id = \"a\"\nconsumer_group = \"b\"\n"
      "[iceberg]\nwarehouse = \"/w\"\ndatabase = \"d\"\ntable = \"t\"\n";
  EXPECT_THAT(Problem(ParseConfig(text, "f")), HasSubstr("'kafka.group_id' is given already, at f:"));
}

TEST(ConfigTest, NamesTheLineOfBadSyntax) {
  EXPECT_THAT(Problem(ParseConfig("[kafka]\ntopic = \n", "k2i.toml")), StartsWith("k2i.toml:2:"));
  EXPECT_THAT(Problem(LoadConfig("/no/such.toml", {})), StartsWith("/no/such.toml: cannot be read"));
}

TEST(ConfigTest, ThePageOfTheDocumentationIsUpToDate) {
  std::ifstream file(K2I_SOURCE_DIR "/docs/configuration.md");
  std::ostringstream page;
  page << file.rdbuf();
  // To write it anew: K2I_WRITE_DOCS=1 config_test
  if (std::getenv("K2I_WRITE_DOCS") != nullptr)
    std::ofstream(K2I_SOURCE_DIR "/docs/configuration.md") << ReferenceMarkdown();
  else
    EXPECT_EQ(page.str(), ReferenceMarkdown());
}

}  // namespace
}  // namespace k2i::config
