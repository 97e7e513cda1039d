// SPDX-License-Identifier: Apache-2.0
//
// The configuration. A line "#flag section.key=value" of the input is a flag too, "#env NAME=VALUE" a variable of the
// environment; to TOML both are comments.
#include <random>
#include <sstream>

#include "config/load.h"
#include "fuzz/fuzz_target.h"

namespace k2i::fuzz {
namespace {

using config::Config;

/// Must never be shown by an error, unless the text has it elsewhere; `{ env = "SECRET" }` is how a file asks for it.
constexpr std::string_view kSecret = "hunter2-hunter2";

struct Given {
  config::Environment environment{{"SECRET", std::string(kSecret)}};
  std::vector<std::string> flags;
};

Given ReadComments(std::string_view text) {
  constexpr std::string_view kFlag = "#flag ", kVariable = "#env ";
  Given given;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kFlag)) given.flags.push_back(line.substr(kFlag.size()));
    const size_t equals = line.find('=');
    if (line.starts_with(kVariable) && equals != std::string::npos) {
      given.environment.emplace(line.substr(kVariable.size(), equals - kVariable.size()), line.substr(equals + 1));
    }
  }
  return given;
}

/// What config.h says of every configuration that is handed out.
void CheckComplete(const Config& config) {
  Require(!config.kafka.bootstrap_servers.empty() && !config.kafka.topics.empty(), "Kafka's side is given");
  Require(!config.kafka.group_id.empty(), "there is a group id");
  Require(!config.iceberg.database.empty() && !config.iceberg.table.empty(), "there is a table");
  Require(!config.dead_letters.database.empty() && !config.dead_letters.table.empty(), "there is a dead-letter table");
  Require(!config.transaction_log.log_dir.empty(), "there is a folder for the log");
  Require(config.iceberg.catalog_type != config::CatalogType::kSql || !config.iceberg.sql.uri.empty(),
          "a SQL catalog has its file");
  Require(config.iceberg.catalog_type != config::CatalogType::kRest || !config.iceberg.rest_uri.empty(),
          "a REST catalog has its address");
  Require(config.buffer.max_size_mb >= 16 && config.buffer.seal_interval_ms >= 1, "sizes and times are possible");
  Require(config.kafka.batch_size >= 1 && config.transaction_log.max_log_files >= 1, "counts are possible");
  for (const int64_t port : {config.server.health_port, config.server.metrics_port}) {
    Require(port >= 0 && port <= 65535, "ports are possible");
  }
  for (const auto& column : config.schema.columns) Require(!column.name.empty(), "a declared column has a name");
}

void CheckRefused(const Error& error, std::string_view text) {
  Require(error.code == ErrorCode::kInvalidConfig && error.component == Component::kConfig,
          "what is wrong with a configuration is InvalidConfig");
  Require(!error.message.empty(), "an error says something");
  Require(text.find(kSecret) != text.npos || error.message.find(kSecret) == std::string::npos,
          "no error shows a secret");
}

void Check(std::string_view text) {
  const Given given = ReadComments(text);
  const auto config = config::ParseConfig(text, "k2i.toml", given.environment, given.flags);
  const auto again = config::ParseConfig(text, "k2i.toml", given.environment, given.flags);
  Require(config.has_value() == again.has_value(), "the same text, the same answer");
  if (config.has_value()) return CheckComplete(*config);
  CheckRefused(config.error(), text);
  RequireSame(again.error().message, config.error().message, "the same text, the same error");
}

/// Changes, drops, doubles or moves one line: what most mistakes in a configuration are.
std::string MutateLine(std::string_view text, size_t max_size, std::minstd_rand& random) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.empty()) return Mutated(std::string(text), max_size);
  const auto any = [&] { return static_cast<std::ptrdiff_t>(random() % lines.size()); };
  const auto chosen = any();
  const std::string line = lines[static_cast<size_t>(chosen)];
  const auto kind = random() % 4;
  if (kind == 0) lines[static_cast<size_t>(chosen)] = Mutated(line, line.size() + 16);
  if (kind == 1 || kind == 2) lines.insert(lines.begin() + any(), line);
  if (kind == 3) lines.erase(lines.begin() + chosen);
  std::string out;
  for (const std::string& each : lines) out += each + "\n";
  return out;
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::string smallest =
      "[kafka]\nbootstrap_servers = \"b:1\"\ntopic = \"t\"\n[iceberg]\nwarehouse = \"/w\"\ndatabase = \"d\"\ntable = "
      "\"t\"\n";
  const std::string wide = smallest + R"([kafka.security]
protocol = "SASL_SSL"
sasl_mechanism = "PLAIN"
sasl_username = "u"
sasl_password = { env = "SECRET" }
[kafka.options]
fetch.min.bytes = 1
"socket.keepalive.enable" = true
[schema]
columns = [{name = "id", type = "long", required = true, doc = "key"}, {name = "ts", type = "timestamptz"}]
extra_column = false
[schema.metadata]
headers = "h"
[[iceberg.partition_spec]]
source_field = "ts"
transform = "day"
[[iceberg.sort_order]]
source_field = "id"
direction = "desc"
null_order = "nulls-last"
[buffer]
max_size_mb = 0x1F4
ttl_seconds = 60
[server]
bind = "127.0.0.1"
health_port = 0
[log]
level = "debug"
)";
  const std::string rest = R"([kafka]
bootstrap_servers = ["a:1", "b:2"]
topics = ["x", "y"]
[iceberg]
catalog_type = "rest"
rest_uri = "http://localhost:8181"
warehouse = "s3://b/w"
database_name = "d"
table_name = "t"
rest.credential = "oauth2"
rest.client_id = "i"
rest.client_secret = "s3cr3t"
rest.custom_headers = { X-A = "b" }
[storage]
type = "s3"
bucket = "b"
access_key_id = "a"
secret_access_key = { env = "SECRET" }
)";
  const std::string given =
      "#flag buffer.max_size_mb=100\n#flag kafka.topic=a,b\n#env K2I_LOG_LEVEL=warn\n"
      "#env K2I_KAFKA_SECURITY_SASL_PASSWORD=s3cr3t\n#flag iceberg.sort_order=[{source_field=\"a\"}]\n";
  return {smallest, wide, rest, given + smallest, config::ReferenceMarkdown()};
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  k2i::fuzz::Check(k2i::fuzz::TextOf(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string mutated = k2i::fuzz::MutateLine(k2i::fuzz::TextOf(data, size), max_size, random);
  return k2i::fuzz::PutMutated(mutated, data, size, max_size);
}
