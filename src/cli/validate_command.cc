// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/logging.h"
#include "cli/commands.h"
#include "cli/wiring.h"
#include "iceberg/catalog/sql/postgres.h"
#include "io/make_object_store.h"
#include "kafka/rdkafka_source.h"
#include "txlog/log_storage.h"

namespace k2i::cli {
namespace {

/// Prints one line a check and remembers the first failure, which decides the exit code.
class CheckList {
 public:
  /// What is fine, in a few words, or the error.
  using Check = std::function<Result<std::string>()>;

  void Run(const char* name, const Check& check) {
    const auto result = check();
    std::printf("%s %-16s %s\n", result ? "✓" : "✗", name, result ? result->c_str() : result.error().message.c_str());
    std::fflush(stdout);
    if (!result && exit_code_ == kExitOk) exit_code_ = ExitCode(result.error());
  }
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_ = kExitOk;
};

Result<std::string> CheckKafka(const config::Config& config) {
  K2I_ASSIGN_OR_RETURN(const auto cluster, kafka::Probe(MakeKafkaOptions(config)));
  std::string text = "cluster " + cluster.cluster_id;
  for (const auto& [topic, partitions] : cluster.partition_counts) {
    text += ", topic " + topic + " with " + std::to_string(partitions) + " partitions";
  }
  return text;
}

/// The table if it is there: does the configuration fit it?
Result<std::string> CheckTable(const config::Config& config, iceberg::Catalog& catalog) {
  const auto options = MakeTableOptions(config);
  K2I_ASSIGN_OR_RETURN(const auto declared, ingest::DeclaredSchema(MakeRowOptions(config)));
  K2I_ASSIGN_OR_RETURN(const auto table, ingest::FindTable(catalog, options));
  if (table) {
    K2I_RETURN_IF_ERROR(ingest::CheckTableFits(options, declared, *table->metadata));
    return options.identifier.ToString() + " at " + table->metadata->location;
  }
  if (declared) K2I_RETURN_IF_ERROR(ingest::MakeCreateRequest(options, *declared));
  if (!options.auto_create)
    return Fail(ErrorCode::kInvalidConfig,
                options.identifier.ToString() + " does not exist, and iceberg.auto_create is false");
  return options.identifier.ToString() + " does not exist yet; it will be created";
}

/// Writes where files go: at the table's own location if there is a table, else in the warehouse. A catalog gives
/// credentials with a table; before there is one, ours are all there are.
Result<std::string> CheckFiles(const config::Config& config, const CatalogParts& parts, Random& random) {
  const auto table = parts.catalog->LoadTable(MakeTableOptions(config).identifier);
  const std::string folder = table ? table->metadata->location : config.iceberg.warehouse;
  const bool early = !table && parts.asks_for_credentials;
  if (early && config.iceberg.rest.vended_credentials == config::VendedCredentials::kAlways) {
    return "not tried: the catalog gives credentials with the table, which is not there yet";
  }
  if (folder.empty()) return "not tried: there is no table yet, and no iceberg.warehouse is given";
  const Status checked = io::CheckStorage(*parts.store, folder, random);
  if (checked) return "wrote, read and deleted a file under " + folder;
  if (!early) return std::unexpected(checked.error());
  return std::unexpected(checked.error().With(
      "without a table the catalog gives no credentials to its files; if it will, set iceberg.rest.vended_credentials "
      "to always"));
}

/// Without secrets.
std::string CatalogAddress(const config::IcebergConfig& iceberg) {
  if (config::IsRest(iceberg.catalog_type)) return iceberg.rest_uri;
  if (iceberg.catalog_type == config::CatalogType::kHive) return iceberg.hive_metastore_uri;
  if (iceberg.catalog_type == config::CatalogType::kGlue) {
    return "AWS Glue" + (iceberg.glue.endpoint.empty() ? "" : " at " + iceberg.glue.endpoint);
  }
  return iceberg::IsPostgresUri(iceberg.sql.uri) ? iceberg::WithoutSecrets(iceberg.sql.uri) : iceberg.sql.uri;
}

void CheckCatalogAndStorage(const config::Config& config, CheckList& checks) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  CatalogParts parts;
  checks.Run("catalog", [&]() -> Result<std::string> {
    K2I_ASSIGN_OR_RETURN(parts, MakeCatalog(config, clock, random));
    K2I_RETURN_IF_ERROR(parts.catalog->Ping());
    return CatalogAddress(config.iceberg);
  });
  if (parts.catalog == nullptr) return;
  checks.Run("table", [&] { return CheckTable(config, *parts.catalog); });
  checks.Run("storage", [&] { return CheckFiles(config, parts, random); });
}

int Validate(const ConfigFlags& flags, bool offline) {
  auto config = LoadAndConfigure(flags);
  if (!config) return ReportError(config.error());
  log::Configure(log::Level::kError, log::Format::kText);  // the check list says it all
  CheckList checks;
  checks.Run("configuration", [&]() -> Result<std::string> { return flags.path; });
  checks.Run("columns", [&]() -> Result<std::string> {
    K2I_ASSIGN_OR_RETURN(const auto declared, ingest::DeclaredSchema(MakeRowOptions(*config)));
    return declared ? std::to_string(declared->fields().size()) + " declared" : "taken from the table, or inferred";
  });
  if (!offline) {
    checks.Run("transaction log", [&]() -> Result<std::string> {
      K2I_RETURN_IF_ERROR(MakeLogCipher(config->transaction_log));
      K2I_RETURN_IF_ERROR(txlog::PosixLogStorage::Open(config->transaction_log.log_dir));
      return config->transaction_log.log_dir;
    });
    checks.Run("kafka", [&] { return CheckKafka(*config); });
    CheckCatalogAndStorage(*config, checks);
  }
  return checks.exit_code();
}

}  // namespace

void AddValidateCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ConfigFlags>();
  auto offline = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("validate", "Check the configuration, then connect to everything it names");
  AddConfigFlags(*command, *flags);
  command->add_flag("--offline", *offline, "Check the file alone");
  command->callback([flags, offline, &exit_code] { exit_code = Validate(*flags, *offline); });
}

}  // namespace k2i::cli
