// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/completions.h"

namespace k2i::cli {

void AddCompletionsCommand(CLI::App& app, int&) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completions", "Print shell completions or the manual page");
  command->add_option("shell", *shell, "bash, zsh, fish or man")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  command->callback([shell, &app] {
    const auto print = [&](const std::string& text) { std::fputs(text.c_str(), stdout); };
    if (*shell == "bash") print(BashCompletion(app));
    if (*shell == "zsh") print(ZshCompletion(app));
    if (*shell == "fish") print(FishCompletion(app));
    if (*shell == "man") print(ManPage(app));
  });
}

}  // namespace k2i::cli
