// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"

namespace k2i::cli {
namespace {

constexpr double kMegabyte = 1 << 20;

std::string LastCommit(const ingest::StreamStatus& status, int64_t now_ms) {
  if (status.last_commits.empty()) return "no commit yet";
  const auto& last = status.last_commits.back();
  return fmt::format("last commit {} rows {:.0f} s ago", last.rows,
                     static_cast<double>(now_ms - last.committed_at_ms) / 1000);
}

}  // namespace

std::string RenderProgress(const ingest::StreamStatus& now, int64_t consumed_before, double seconds, int64_t now_ms) {
  const double rate = seconds > 0 ? static_cast<double>(now.consumed - consumed_before) / seconds : 0;
  return fmt::format(
      "{} | {:.0f} rows/s | lag {} | buffer {} rows, {:.0f}/{:.0f} MB | committed {} rows in {} commits | {}",
      now.state, rate, now.lag(), now.buffer_rows, static_cast<double>(now.buffer_bytes) / kMegabyte,
      static_cast<double>(now.buffer_limit_bytes) / kMegabyte, now.committed_rows, now.commits,
      LastCommit(now, now_ms));
}

ProgressLine::ProgressLine(const ingest::SharedStatus& status)
    : thread_([&status](std::stop_token stop) {
        SystemClock clock;
        int64_t consumed = 0;
        Duration last = clock.monotonic();
        while (clock.SleepFor(std::chrono::seconds(1), stop)) {
          const auto now = status.Get();
          const Duration at = clock.monotonic();
          const double seconds = std::chrono::duration<double>(at - last).count();
          std::fprintf(stderr, "\r\x1b[K%s", RenderProgress(now, consumed, seconds, clock.wall_ms()).c_str());
          consumed = now.consumed;
          last = at;
        }
        std::fputc('\n', stderr);
      }) {}

}  // namespace k2i::cli
