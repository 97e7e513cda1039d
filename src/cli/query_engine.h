// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "buffer/view.h"
#include "config/config.h"
#include "io/object_store.h"
#include "query/engine.h"

namespace k2i::cli {

/// Where the views of the tables of one stream are left.
struct StreamViews {
  buffer::ViewPublisher table;
  buffer::ViewPublisher dead_letters;
};

/// Answers questions about the table of `config` and its dead letters as `views` have them. All but `config` must
/// outlive the engine; `metrics` may be null.
Result<std::unique_ptr<query::Engine>> MakeQueryEngine(const config::Config& config, const StreamViews& views,
                                                       io::ObjectStore& store, MetricsRegistry* metrics);

}  // namespace k2i::cli
