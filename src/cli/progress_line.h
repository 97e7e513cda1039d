// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <thread>

#include "ingest/stream_status.h"

namespace k2i::cli {

/// One line for a terminal: rows a second, lag, buffer, last commit.
std::string RenderProgress(const ingest::StreamStatus& now, int64_t consumed_before, double seconds, int64_t now_ms);

/// Prints the line once a second on standard error while it lives.
class ProgressLine {
 public:
  /// `status` must outlive this.
  explicit ProgressLine(const ingest::SharedStatus& status);

 private:
  std::jthread thread_;
};

}  // namespace k2i::cli
