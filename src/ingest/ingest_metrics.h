// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/circuit_breaker.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/metrics.h"

namespace k2i::ingest {

/// The metrics of interface.md that the stream sets, made once. Thread-safe, as its members are.
struct IngestMetrics {
  IngestMetrics(MetricsRegistry& registry, const std::string& table);

  Counter messages_consumed, bytes_consumed, rows_flushed, flushes, commits, conflicts, commit_retries,
      backpressure_events, dead_letters;
  Gauge buffer_bytes, buffer_records, oldest_uncommitted_seconds, last_commit_timestamp;
  Histogram freshness, flush_seconds, parquet_seconds, upload_seconds, catalog_commit_seconds;

  /// k2i_errors_total{type}
  void CountError(const Error& error);
  /// k2i_consumer_lag{topic,partition}
  void SetLag(const TopicPartition& partition, int64_t records);
  /// k2i_health_status{component}: 1 healthy, 0.5 degraded, 0 unhealthy
  void SetHealth(const std::string& component, double status);

  /// k2i_circuit_breaker_state{component}: 0 closed, 1 half-open, 2 open
  void SetBreaker(const std::string& component, CircuitBreaker::State state);

 private:
  MetricsRegistry& registry_;
};

}  // namespace k2i::ingest
