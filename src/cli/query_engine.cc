// SPDX-License-Identifier: Apache-2.0
#include "cli/query_engine.h"

namespace k2i::cli {

Result<std::unique_ptr<query::Engine>> MakeQueryEngine(const config::Config& config, const StreamViews& views,
                                                       io::ObjectStore& store, MetricsRegistry* metrics) {
  const auto& columns = config.schema.metadata;
  const auto& query = config.query;
  query::ServedTable table{.database = config.iceberg.database,
                           .table = config.iceberg.table,
                           .views = &views.table,
                           .store = &store,
                           .key = config.buffer.key,
                           .topic_column = columns.topic,
                           .partition_column = columns.partition,
                           .offset_column = columns.offset,
                           .timestamp_column = columns.timestamp};
  query::ServedTable letters{.database = config.dead_letters.database,
                             .table = config.dead_letters.table,
                             .views = &views.dead_letters,
                             .store = &store,
                             .topic_column = "topic",
                             .partition_column = "partition",
                             .offset_column = "offset",
                             .timestamp_column = "timestamp"};
  return query::Engine::Make({.threads = static_cast<int>(query.threads),
                              .memory_bytes = query.memory_mb << 20,
                              .niceness = static_cast<int>(query.niceness),
                              .timeout = std::chrono::seconds(query.timeout_seconds),
                              .max_rows = query.max_rows,
                              .max_running = static_cast<int>(query.max_concurrent),
                              .metrics = metrics},
                             {std::move(table), std::move(letters)});
}

}  // namespace k2i::cli
