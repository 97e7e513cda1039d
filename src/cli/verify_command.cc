// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/wiring.h"
#include "verify/report.h"
#include "verify/verify.h"

namespace k2i::cli {
namespace {

struct VerifyFlags {
  ConfigFlags config;
  std::string table;  // "db.table"; empty: the configuration's
  bool deep = false;
  bool sums = false;
  bool allow_deletes = false;
  bool json = false;
};

verify::Options MakeVerifyOptions(const config::Config& config, const VerifyFlags& flags) {
  const auto& metadata = config.schema.metadata;
  verify::Options options{.pipeline = config.kafka.group_id,
                          .branch = config.iceberg.branch,
                          .property_mirror = config.iceberg.property_mirror,
                          .deep = flags.deep,
                          .sums = flags.sums,
                          .allow_deletes = flags.allow_deletes,
                          .topic_column = metadata.topic,
                          .partition_column = metadata.partition,
                          .offset_column = metadata.offset,
                          .on_progress = {}};
  if (config.iceberg.table == config.dead_letters.table) {
    options.topic_column = "topic";
    options.partition_column = "partition";
    options.offset_column = "offset";
  }
  if (::isatty(STDERR_FILENO) == 1) {
    options.on_progress = [](size_t done, size_t files) {
      std::fprintf(stderr, "\r%zu of %zu data files", done, files);
      if (done + 1 == files) std::fprintf(stderr, "\r\x1b[K");
    };
  }
  return options;
}

Result<int> Run(const config::Config& configured, const VerifyFlags& flags) {
  K2I_ASSIGN_OR_RETURN(const config::Config config, WithTable(configured, flags.table));
  SystemClock clock;
  Random random(Random::SystemSeed());
  K2I_ASSIGN_OR_RETURN(const auto catalog, MakeCatalog(config, clock, random));
  K2I_ASSIGN_OR_RETURN(const auto table, catalog.catalog->LoadTable(MakeTableOptions(config).identifier));
  K2I_ASSIGN_OR_RETURN(const auto report, verify::Verify(*catalog.store, table, MakeVerifyOptions(config, flags),
                                                         arrow::system_memory_pool()));
  std::fputs((flags.json ? verify::ReportJson(report) : verify::ReportText(report)).c_str(), stdout);
  return report.proven() ? kExitOk : kExitVerificationFailed;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* command = app.add_subcommand("verify", "Prove that the table has neither gap nor duplicate");
  AddConfigFlags(*command, flags->config);
  command->add_option("--table", flags->table, "database.table in place of the configuration's");
  command->add_flag("--deep", flags->deep, "Read the Kafka position of every row: none twice, none missing");
  command->add_flag("--sums", flags->sums, "Count and add up the numeric columns, to compare with another engine");
  command->add_flag("--allow-deletes", flags->allow_deletes, "Rows deleted by others are named, but no failure");
  command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags, &exit_code] {
    const auto config = LoadAndConfigure(flags->config);
    if (!config) {
      exit_code = ReportError(config.error());
      return;
    }
    const auto done = Run(*config, *flags);
    exit_code = done ? *done : ReportError(done.error());
  });
}

}  // namespace k2i::cli
