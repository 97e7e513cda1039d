// SPDX-License-Identifier: Apache-2.0
#include "cli/query_engine.h"

#include "ingest/committed_table.h"
#include "server/flight/flight_peer.h"

namespace k2i::cli {
namespace {

query::ServedTable MakeTable(const config::Config& config, const StreamViews& views, io::ObjectStore& store) {
  const auto& columns = config.schema.metadata;
  return query::ServedTable{.database = config.iceberg.database,
                            .table = config.iceberg.table,
                            .views = &views.table,
                            .store = &store,
                            .key = config.buffer.key,
                            .topic_column = columns.topic,
                            .partition_column = columns.partition,
                            .offset_column = columns.offset,
                            .timestamp_column = columns.timestamp};
}

query::ServedTable MakeDeadLetters(const config::Config& config, const StreamViews& views, io::ObjectStore& store) {
  return query::ServedTable{.database = config.dead_letters.database,
                            .table = config.dead_letters.table,
                            .views = &views.dead_letters,
                            .store = &store,
                            .topic_column = "topic",
                            .partition_column = "partition",
                            .offset_column = "offset",
                            .timestamp_column = "timestamp"};
}

query::EngineOptions MakeOptions(const config::QueryConfig& query) {
  return {.threads = static_cast<int>(query.threads),
          .memory_bytes = query.memory_mb << 20,
          .niceness = static_cast<int>(query.niceness),
          .timeout = std::chrono::seconds(query.timeout_seconds),
          .max_rows = query.max_rows,
          .max_running = static_cast<int>(query.max_concurrent)};
}

}  // namespace

Result<std::unique_ptr<query::Engine>> MakeColdEngine(const config::Config& config, const StreamViews& views,
                                                      io::ObjectStore& store) {
  return query::Engine::Make(MakeOptions(config.query),
                             {MakeTable(config, views, store), MakeDeadLetters(config, views, store)});
}

Result<std::unique_ptr<query::Engine>> MakeStreamEngine(const config::Config& config, const StreamViews& views,
                                                        const CatalogParts& catalog, MetricsRegistry& metrics) {
  query::EngineOptions options = MakeOptions(config.query);
  options.metrics = &metrics;
  options.peer_timeout = std::chrono::milliseconds(config.query.peer_timeout_ms);
  for (const std::string& uri : config.query.peers) {
    options.peers.push_back(std::make_shared<server::flight::FlightPeer>(uri, options.peer_timeout));
  }
  query::ServedTable table = MakeTable(config, views, *catalog.store);
  table.reload = [&catalog = *catalog.catalog, identifier = MakeTableOptions(config).identifier,
                  pipeline = config.kafka.group_id,
                  branch = config.iceberg.branch]() -> Result<buffer::CommittedTable> {
    K2I_ASSIGN_OR_RETURN(auto loaded, catalog.LoadTable(identifier));
    return ingest::ReadCommitted(std::move(loaded.metadata), pipeline, branch);
  };
  return query::Engine::Make(std::move(options), {std::move(table), MakeDeadLetters(config, views, *catalog.store)});
}

}  // namespace k2i::cli
