// SPDX-License-Identifier: Apache-2.0
#include "cli/table_run.h"

#include <cstdio>

#include "base/json_text.h"
#include "cli/commands.h"

namespace k2i::cli {

MaintenanceRun TableRun::Ended(std::optional<Error> error) const {
  return {.table = table.name.empty() ? flags.table : table.ToString(),
          .dry_run = flags.dry_run,
          .seconds = std::chrono::duration<double>(clock.monotonic() - started).count(),
          .error = std::move(error)};
}

std::function<void(int64_t done, int64_t of)> CountProgress(TableRun& run, const char* what) {
  return [&run, what](int64_t done, int64_t of) {
    run.line.Draw([&](double seconds) { return RenderCountProgress(done, of, what, seconds); }, done == of);
  };
}

maintenance::DeletionOptions MakeDeletionOptions(TableRun& run, int64_t threads) {
  return {.threads = static_cast<size_t>(threads),
          .dry_run = run.flags.dry_run,
          .progress = CountProgress(run, "files"),
          .stop = run.stop};
}

int RunMaintenance(const MaintenanceFlags& flags, const std::function<Result<MaintenanceReport>(TableRun& run)>& work) {
  return RunWithConfig(flags.config, [&](const config::Config& config, std::stop_token stop) {
    TableRun run(config, flags, std::move(stop));
    auto done = work(run);
    const MaintenanceReport report = done ? *std::move(done) : MaintenanceReport{.run = run.Ended(done.error())};
    run.line.Clear();
    std::fputs((flags.json ? OrderedJsonText(ToJson(report)) + "\n" : report.text).c_str(), stdout);
    return report.run.error ? ReportError(*report.run.error) : kExitOk;
  });
}

}  // namespace k2i::cli
