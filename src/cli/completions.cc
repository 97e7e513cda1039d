// SPDX-License-Identifier: Apache-2.0
#include "cli/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace k2i::cli {
namespace {

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

/// The command, or those below it that do the work: "offsets" has "show", "rewind" and "adopt".
std::vector<const CLI::App*> Workers(const CLI::App& command) {
  auto workers = Commands(command);
  if (workers.empty()) workers.push_back(&command);
  return workers;
}

/// "--config --set …", and before them the names of commands below `command`.
std::vector<std::string> Flags(const CLI::App& command) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& word) {
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  };
  for (const CLI::App* below : Commands(command)) add(below->get_name());
  for (const CLI::App* worker : Workers(command)) {
    for (const CLI::Option* option : worker->get_options()) {
      for (const auto& name : option->get_lnames()) add("--" + name);
    }
  }
  return words;
}

/// Quotes for a single-quoted shell string.
std::string Quoted(std::string text) {
  for (size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4)) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string RoffEscaped(std::string text) {
  for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at + 2)) text.replace(at, 1, "\\-");
  return text;
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string cases;
  std::vector<std::string> names;
  for (const CLI::App* command : Commands(app)) {
    names.push_back(command->get_name());
    cases += fmt::format("    {}) words='{}' ;;\n", command->get_name(), fmt::join(Flags(*command), " "));
  }
  return fmt::format(R"(# bash completion for k2i: source <(k2i completions bash)
_k2i() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=''
  case $previous in
    --config|--file|--warehouse) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case ${{COMP_WORDS[1]}} in
{}    *) words='{} --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _k2i k2i
)",
                     cases, fmt::join(names, " "));
}

std::string ZshCompletion(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* command : Commands(app)) {
    commands += fmt::format("    {}\n", Quoted(command->get_name() + ":" + command->get_description()));
    cases += fmt::format("      {}) compadd -- {} ;;\n", command->get_name(), fmt::join(Flags(*command), " "));
  }
  return fmt::format(R"(#compdef k2i
_k2i() {{
  local -a commands
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
  elif [[ ${{words[CURRENT-1]}} == --(config|file|warehouse) ]]; then
    _files
  else
    case ${{words[2]}} in
{}    esac
  fi
}}
compdef _k2i k2i
)",
                     commands, cases);
}

std::string FishCompletion(const CLI::App& app) {
  std::string out = "# fish completion for k2i: k2i completions fish | source\n";
  for (const CLI::App* command : Commands(app)) {
    const std::string name = command->get_name();
    out += fmt::format("complete -c k2i -f -n __fish_use_subcommand -a {} -d {}\n", name,
                       Quoted(command->get_description()));
    for (const CLI::App* worker : Workers(*command)) {
      const bool below = worker != command;
      if (below) {
        out += fmt::format("complete -c k2i -f -n '__fish_seen_subcommand_from {}' -a {} -d {}\n", name,
                           worker->get_name(), Quoted(worker->get_description()));
      }
      for (const CLI::Option* option : worker->get_options()) {
        for (const auto& flag : option->get_lnames()) {
          out += fmt::format("complete -c k2i -n '__fish_seen_subcommand_from {}{}' -l {} -d {}\n", name,
                             below ? "; and __fish_seen_subcommand_from " + worker->get_name() : "", flag,
                             Quoted(option->get_description()));
        }
      }
    }
  }
  return out;
}

std::string ManPage(const CLI::App& app) {
  std::string out = ".TH K2I 1\n.SH NAME\nk2i \\- " + RoffEscaped(app.get_description()) +
                    "\n.SH SYNOPSIS\n.B k2i\n.I command\n[options]\n.SH COMMANDS\n";
  for (const CLI::App* command : Commands(app)) {
    for (const CLI::App* worker : Workers(*command)) {
      const std::string below = worker == command ? "" : " " + worker->get_name();
      out += fmt::format(".SS k2i {}{}\n{}\n", command->get_name(), below, RoffEscaped(worker->get_description()));
      for (const CLI::Option* option : worker->get_options()) {
        out += fmt::format(".TP\n.B {}\n{}\n", RoffEscaped(option->get_name()), RoffEscaped(option->get_description()));
      }
    }
  }
  out +=
      ".SH EXIT STATUS\n0 done; 1 configuration; 2 Kafka; 3 Iceberg catalog; 4 storage; 5 transaction log; "
      "6 unhealthy or unreachable; 7 verification failed; 10 other; 64 usage.\n";
  return out;
}

}  // namespace k2i::cli
