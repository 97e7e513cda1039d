// SPDX-License-Identifier: Apache-2.0
#include "cli/ingest_run.h"

#include <arrow/compute/initialize.h>
#include <arrow/memory_pool.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "base/executor.h"
#include "base/logging.h"
#include "cli/background_maintenance.h"
#include "cli/progress_line.h"
#include "cli/query_engine.h"
#include "cli/server_ports.h"
#include "cli/signals.h"
#include "cli/version.h"
#include "cli/wiring.h"
#include "iceberg/catalog/guarded_catalog.h"
#include "io/guarded_store.h"
#include "kafka/rdkafka_source.h"
#include "txlog/crash_point.h"
#include "txlog/log.h"

namespace k2i::cli {
namespace {

/// Everything that stands on this machine.
struct LocalState {
  std::unique_ptr<txlog::LogStorage> storage;
  std::unique_ptr<txlog::Log> log;
  txlog::RecoveryState recovered;
};

/// With K2I_CRASH_AT, which is for tests, the process is killed at a step of the log.
Result<std::unique_ptr<txlog::LogStorage>> OpenLogStorage(const std::string& folder) {
  K2I_ASSIGN_OR_RETURN(std::unique_ptr<txlog::LogStorage> storage, txlog::PosixLogStorage::Open(folder));
  const char* text = std::getenv("K2I_CRASH_AT");
  if (text == nullptr) return storage;
  K2I_ASSIGN_OR_RETURN(const auto point, txlog::ParseCrashPoint(text));
  return std::make_unique<txlog::CrashingLogStorage>(std::move(storage), point, [] { std::raise(SIGKILL); });
}

Result<LocalState> OpenLocalState(const config::TransactionLogConfig& config, Clock& clock) {
  LocalState state;
  K2I_ASSIGN_OR_RETURN(state.storage, OpenLogStorage(config.log_dir));
  K2I_ASSIGN_OR_RETURN(auto cipher, MakeLogCipher(config));
  const txlog::LogOptions options{.checkpoint_interval_entries = config.checkpoint_interval_entries,
                                  .checkpoint_interval = std::chrono::seconds(config.checkpoint_interval_seconds),
                                  .max_log_files = static_cast<int>(config.max_log_files),
                                  .cipher = std::move(cipher)};
  K2I_ASSIGN_OR_RETURN(auto opened, txlog::Log::Open(*state.storage, options, clock));
  state.log = std::move(opened.log);
  state.recovered = std::move(opened.state);
  return state;
}

/// Catalog and store, each behind a breaker of its own.
struct GuardedParts {
  GuardedParts(const CatalogParts& parts, const config::CircuitBreakerConfig& config, Clock& clock, Random& random,
               ingest::IngestMetrics& metrics)
      : catalog_breaker("catalog", Options(config), clock, random, Tell("catalog", metrics)),
        store_breaker("store", Options(config), clock, random, Tell("storage", metrics)),
        catalog(*parts.catalog, catalog_breaker),
        store(*parts.store, store_breaker) {}

  static CircuitBreaker::Options Options(const config::CircuitBreakerConfig& config) {
    return {.failure_threshold = static_cast<int>(config.failure_threshold),
            .open_for = std::chrono::seconds(config.open_seconds)};
  }
  static CircuitBreaker::OnChange Tell(const std::string& component, ingest::IngestMetrics& metrics) {
    metrics.SetBreaker(component, CircuitBreaker::State::kClosed);
    return [component, &metrics](CircuitBreaker::State state, const std::optional<Error>& error) {
      metrics.SetBreaker(component, state);
      log::Warn(
          "circuit_breaker",
          {{"component", component}, {"state", ToString(state)}, {"error", error ? error->ToString() : std::string()}});
    };
  }

  CircuitBreaker catalog_breaker, store_breaker;
  iceberg::GuardedCatalog catalog;
  io::GuardedStore store;
};

Status InitializeArrow() {
  const auto initialized = arrow::compute::Initialize();
  if (initialized.ok()) return {};
  return Fail(ErrorCode::kInternal, "Arrow compute: " + initialized.ToString());
}

/// Why maintenance is not to begin now: it must not stand in the stream's way, and of a group one process does it, the
/// one that reads the first partition of the first topic.
std::optional<std::string> WhyNoMaintenance(const ingest::StreamStatus& status, const std::string& first_topic,
                                            const GuardedParts& guarded) {
  const TopicPartition first{first_topic, PartitionId{0}};
  const bool ours = std::ranges::any_of(status.partitions, [&](const auto& p) { return p.partition == first; });
  if (!ours) return "the process that reads " + first_topic + ", partition 0, does it";
  if (guarded.catalog_breaker.state() != CircuitBreaker::State::kClosed) return "the catalog is away";
  if (guarded.store_breaker.state() != CircuitBreaker::State::kClosed) return "the store is away";
  if (status.buffer_bytes > status.buffer_limit_bytes / 4 * 3) return "the buffer is nearly full";
  return std::nullopt;
}

Status Run(const config::Config& config, std::stop_token stop) {
  K2I_RETURN_IF_ERROR(InitializeArrow());
  SystemClock clock;
  Random random(Random::SystemSeed());
  MetricsRegistry registry;
  K2I_ASSIGN_OR_RETURN(auto local, OpenLocalState(config.transaction_log, clock));
  K2I_ASSIGN_OR_RETURN(auto catalog, MakeCatalog(config, clock, random));

  auto options = MakePipelineOptions(config);
  if (config.query.enabled) {
    // Until the next commit renews them, and a query that begins just before it has ended.
    options.stream.flusher.committer.lease_for =
        std::chrono::seconds(config.buffer.flush_interval_seconds + config.query.timeout_seconds + 60);
    options.stream.flusher.committer.lease_holder = random.Uuid();
  }
  const std::string table = options.stream.table.identifier.ToString();
  ingest::IngestMetrics metrics(registry, table);
  ingest::ComponentHealth health(metrics);
  GuardedParts guarded(catalog, config.circuit_breaker, clock, random, metrics);
  ingest::SharedStatus status;
  status.Update([&](ingest::StreamStatus& s) {
    s.pipeline = config.kafka.group_id;
    s.table = table;
  });
  // Counts what the stream holds; the memory itself comes from the binary's allocator, jemalloc.
  arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
  ThreadExecutor executor;
  StreamViews views;
  const ingest::TableStream::Parts parts{
      .flushing = {.committing = {guarded.catalog, guarded.store, clock, random, metrics, health},
                   .log = *local.log,
                   .pool = pool},
      .executor = executor,
      .status = status,
      .views = views.table,
      .letter_views = views.dead_letters};
  ingest::Pipeline pipeline(
      parts, options, [&](kafka::RebalanceListener& listener) -> Result<std::unique_ptr<kafka::Source>> {
        K2I_ASSIGN_OR_RETURN(auto source, kafka::RdkafkaSource::Open(MakeKafkaOptions(config), listener));
        return source;
      });
  // Queries read through the store itself: what they fail at must not open the stream's breaker.
  std::unique_ptr<query::Engine> queries;
  if (config.query.enabled) {
    K2I_ASSIGN_OR_RETURN(queries, MakeStreamEngine(config, views, catalog, registry));
  }
  // It too must not open the stream's breaker.
  Random upkeep_random(Random::SystemSeed());
  const auto upkeep = MakeBackgroundMaintenance(config, catalog, views, registry, clock, upkeep_random, [&] {
    return WhyNoMaintenance(status.Get(), std::ranges::min(config.kafka.topics), guarded);
  });
  if (upkeep != nullptr) upkeep->Start();
  K2I_ASSIGN_OR_RETURN(const auto server,
                       ServeStream(config.server, {pipeline, health, status, registry, upkeep.get()}, queries.get()));
  const auto progress = ::isatty(STDERR_FILENO) == 1 ? std::make_unique<ProgressLine>(status) : nullptr;
  log::Info("started", {{"version", kVersion}, {"table", table}, {"pipeline", config.kafka.group_id}});
  const Status done = pipeline.Run(local.recovered, stop);
  const auto last = status.Get();
  log::Info("stopped",
            {{"committed_rows", last.committed_rows}, {"commits", last.commits}, {"dead_letters", last.dead_letters}});
  return done;
}

}  // namespace

Status RunIngest(const config::Config& config) {
  const SignalStop signals;
  return Run(config, signals.token());
}

}  // namespace k2i::cli
