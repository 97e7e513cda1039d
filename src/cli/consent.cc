// SPDX-License-Identifier: Apache-2.0
#include "cli/consent.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

namespace k2i::cli {

Result<std::unique_ptr<txlog::PosixLogStorage>> LockLog(const config::Config& config) {
  const std::string& folder = config.transaction_log.log_dir;
  if (!std::filesystem::exists(folder)) return nullptr;
  auto opened = txlog::PosixLogStorage::Open(folder);
  if (opened || opened.error().code != ErrorCode::kAlreadyExists) return opened;
  return Fail(ErrorCode::kUnavailable,
              "a K2I process is running with the transaction log " + folder + ": stop it first",
              Component::kTransactionLog);
}

Status Confirm(bool yes) {
  if (yes) return {};
  if (::isatty(STDIN_FILENO) != 1) {
    return Fail(ErrorCode::kInvalidArgument, "there is no terminal to ask at: say --yes", Component::kConfig);
  }
  std::printf("Go on? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return {};
  return Fail(ErrorCode::kCancelled, "nothing has been changed");
}

}  // namespace k2i::cli
