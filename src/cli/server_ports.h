// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "config/config.h"
#include "ingest/component_health.h"
#include "ingest/pipeline.h"
#include "maintenance/scheduler.h"
#include "query/service.h"

namespace k2i::cli {

/// Serves health, status and metrics of one stream while it lives.
class StreamServer {
 public:
  virtual ~StreamServer() = default;
};

/// What is told of a stream.
struct ServedStream {
  const ingest::Pipeline& pipeline;
  const ingest::ComponentHealth& health;
  const ingest::SharedStatus& status;
  const MetricsRegistry& registry;
  const maintenance::Scheduler* upkeep = nullptr;  // null: there is none
};

/// Starts the servers; null when they are switched off. InvalidConfig when a port is taken. Everything given must
/// outlive it; without `queries` none are answered.
Result<std::unique_ptr<StreamServer>> ServeStream(const config::ServerConfig& config, const ServedStream& stream,
                                                  query::Service* queries);

}  // namespace k2i::cli
