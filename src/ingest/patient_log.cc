// SPDX-License-Identifier: Apache-2.0
#include "ingest/patient_log.h"

#include <utility>

#include "base/logging.h"

namespace k2i::ingest {

Status PatientLog::Append(const txlog::Entry& entry, std::stop_token stop) {
  constexpr RetryPolicy kUntilThereIsRoom{
      .max_attempts = 0, .max_backoff = std::chrono::seconds(1), .budget = Duration(0)};
  bool waited = false;
  RetryContext context{clock_, random_, std::move(stop), [&](const Error& error, int attempt, Duration) {
                         if (!std::exchange(waited, true)) health_.Degraded("txlog", error);
                         log::Warn("txlog_full", {{"error", error.ToString()}, {"try", attempt}});
                       }};
  auto appended = Retry(kUntilThereIsRoom, std::move(context), [&] { return log_.Append(entry); });
  if (appended && waited) {
    health_.Healthy("txlog");
    log::Info("txlog_goes_on", {});
  }
  return appended;
}

}  // namespace k2i::ingest
