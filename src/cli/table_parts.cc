// SPDX-License-Identifier: Apache-2.0
#include "cli/table_parts.h"

#include "cli/signals.h"

namespace k2i::cli {

Status TableParts::FindTable(const std::string& name) {
  K2I_ASSIGN_OR_RETURN(const config::Config named, WithTable(config, name));
  table = MakeTableOptions(named).identifier;
  return {};
}

Status TableParts::OpenCatalog() {
  K2I_ASSIGN_OR_RETURN(parts, MakeCatalog(config, clock, random));
  return {};
}

Status TableParts::Open(const std::string& name) {
  K2I_RETURN_IF_ERROR(FindTable(name));
  return OpenCatalog();
}

int RunWithConfig(const ConfigFlags& flags,
                  const std::function<int(const config::Config& config, std::stop_token stop)>& command) {
  const SignalStop signals;  // before any other thread
  const auto config = LoadAndConfigure(flags);
  return config ? command(*config, signals.token()) : ReportError(config.error());
}

}  // namespace k2i::cli
