// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "base/logging.h"
#include "cli/commands.h"
#include "cli/ingest_run.h"
#include "cli/wiring.h"

namespace k2i::cli {

void AddIngestCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ConfigFlags>();
  CLI::App* command = app.add_subcommand("ingest", "Read the topic and write the table, until stopped");
  AddConfigFlags(*command, *flags);
  command->callback([flags, &exit_code] {
    const auto config = LoadAndConfigure(*flags);
    if (!config) {
      exit_code = ReportError(config.error());
      return;
    }
    if (const auto done = RunIngest(*config); !done) {
      log::Error("failed", {{"error", done.error().ToString()}, {"component", ToString(done.error().component)}});
      exit_code = ReportError(done.error());
    }
  });
}

}  // namespace k2i::cli
