// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/version.h"

namespace k2i::cli {
namespace {

int Run(int argc, char** argv) {
  CLI::App app{"Kafka to Iceberg: a streaming ingestion engine in one process", "k2i"};
  app.set_version_flag("--version", std::string("k2i ") + kVersion);
  app.require_subcommand(1);
  int exit_code = kExitOk;
  AddIngestCommand(app, exit_code);
  AddValidateCommand(app, exit_code);
  AddStatusCommand(app, exit_code);
  AddQueryCommand(app, exit_code);
  AddDlqCommand(app, exit_code);
  AddVerifyCommand(app, exit_code);
  AddMaintenanceCommand(app, exit_code);
  AddOffsetsCommand(app, exit_code);
  AddTableCommand(app, exit_code);
  AddTxlogCommand(app, exit_code);
  AddDevCommand(app, exit_code);
  AddCompletionsCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" with code 0 to CLI11.
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_code;
}

}  // namespace
}  // namespace k2i::cli

int main(int argc, char** argv) {
  try {
    return k2i::cli::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "k2i: internal error: %s\n", error.what());
    return 10;
  }
}
