// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace k2i::cli {

/// Completion scripts and the manual page, made from the commands and options of `app`, so that they are never behind
/// it.
std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);
std::string FishCompletion(const CLI::App& app);
std::string ManPage(const CLI::App& app);

}  // namespace k2i::cli
