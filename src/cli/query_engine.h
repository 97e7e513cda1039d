// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "buffer/view.h"
#include "cli/wiring.h"
#include "config/config.h"
#include "io/object_store.h"
#include "query/engine.h"

namespace k2i::cli {

/// Where the views of the tables of one stream are left.
struct StreamViews {
  buffer::ViewPublisher table;
  buffer::ViewPublisher dead_letters;
};

/// Answers questions about the table of `config` and its dead letters as `views` have them, which know no hot rows. All
/// but `config` must outlive the engine.
Result<std::unique_ptr<query::Engine>> MakeColdEngine(const config::Config& config, const StreamViews& views,
                                                      io::ObjectStore& store);

/// The same of a stream's views, together with the rows of `query.peers`; dead letters of other processes are seen once
/// they are committed. `catalog` must outlive the engine too.
Result<std::unique_ptr<query::Engine>> MakeStreamEngine(const config::Config& config, const StreamViews& views,
                                                        const CatalogParts& catalog, MetricsRegistry& metrics);

}  // namespace k2i::cli
