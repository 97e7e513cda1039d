// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/txlog_show.h"
#include "cli/wiring.h"
#include "txlog/log.h"
#include "txlog/log_storage.h"

namespace k2i::cli {
namespace {

struct TxlogFlags {
  ConfigFlags config;
  bool json = false;
};

Status Show(const config::Config& config, const TxlogFlags& flags) {
  const std::string& folder = config.transaction_log.log_dir;
  K2I_ASSIGN_OR_RETURN(const auto names, txlog::ListLogFolder(folder));
  K2I_ASSIGN_OR_RETURN(const auto cipher, MakeLogCipher(config.transaction_log));
  TxlogPrinter printer(
      flags.json ? TxlogPrinter::Format::kJson : TxlogPrinter::Format::kText,
      [](const std::string& line) {
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fputc('\n', stdout);
      },
      cipher.get());
  Status shown;
  for (const auto& name : names) {
    if (!txlog::SegmentSequence(name)) continue;
    const auto bytes = txlog::ReadLogFile(folder + "/" + name);
    // A process that runs drops old segments.
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) continue;
    if (!bytes) return std::unexpected(bytes.error());
    if (auto printed = printer.PrintSegment(name, *bytes); !printed && shown) shown = printed;
  }
  printer.PrintState();
  return shown;
}

}  // namespace

void AddTxlogCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<TxlogFlags>();
  CLI::App* txlog = app.add_subcommand("txlog", "The transaction log, readable");
  txlog->require_subcommand(1);
  CLI::App* show = txlog->add_subcommand("show", "Print every entry, and what a start would know; changes nothing");
  AddConfigFlags(*show, flags->config);
  show->add_flag("--json", flags->json, "Print one JSON object a line");
  show->callback([flags, &exit_code] {
    const auto config = LoadAndConfigure(flags->config);
    const Status shown = config ? Show(*config, *flags) : std::unexpected(config.error());
    if (!shown) exit_code = ReportError(shown.error());
  });
}

}  // namespace k2i::cli
