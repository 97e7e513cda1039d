// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "config/config.h"
#include "ingest/component_health.h"
#include "ingest/pipeline.h"
#include "query/service.h"

namespace k2i::cli {

/// Serves health, status and metrics of one stream while it lives.
class StreamServer {
 public:
  virtual ~StreamServer() = default;
};

/// Starts the servers; null when they are switched off. InvalidConfig when a port is taken. Everything given must
/// outlive it; without `queries` none are answered.
Result<std::unique_ptr<StreamServer>> ServeStream(const config::ServerConfig& config, const ingest::Pipeline& pipeline,
                                                  const ingest::ComponentHealth& health,
                                                  const ingest::SharedStatus& status, const MetricsRegistry& registry,
                                                  query::Service* queries);

}  // namespace k2i::cli
