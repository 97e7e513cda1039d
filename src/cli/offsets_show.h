// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "kafka/logs.h"
#include "progress/progress.h"

namespace k2i::cli {

/// What `k2i offsets show` knows.
struct OffsetsView {
  std::string table, pipeline, branch;
  std::optional<progress::Boundary> boundary;
  std::optional<kafka::LogState> kafka;  // none: not asked, or it did not answer
  std::string kafka_error;               // why it did not answer
  /// What keeps the pipeline from going on at the boundary, and the command that mends it; empty: nothing.
  std::string identity_error;
};

std::string OffsetsText(const OffsetsView& view);
std::string OffsetsJson(const OffsetsView& view);

}  // namespace k2i::cli
