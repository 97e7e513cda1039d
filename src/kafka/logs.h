// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "base/ids.h"
#include "kafka/cluster_info.h"
#include "kafka/options.h"

namespace k2i::kafka {

struct LogState {
  ClusterInfo cluster;
  OffsetRanges logs;  // of every partition of the topics: first offset that is kept, high watermark
};

/// What the cluster holds of the topics, without joining the group. Errors: as Probe.
Result<LogState> DescribeLogs(const KafkaOptions& options);

}  // namespace k2i::kafka
