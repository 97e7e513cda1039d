// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest_metrics.h"

namespace k2i::ingest {

IngestMetrics::IngestMetrics(MetricsRegistry& r, const std::string& table)
    : messages_consumed(r.GetCounter("k2i_messages_consumed_total", "Kafka records consumed.", {{"table", table}})),
      bytes_consumed(
          r.GetCounter("k2i_bytes_consumed_total", "Bytes of keys, values and headers.", {{"table", table}})),
      rows_flushed(r.GetCounter("k2i_rows_flushed_total", "Rows committed to Iceberg.", {{"table", table}})),
      flushes(r.GetCounter("k2i_flushes_total", "Flushes that ended in a commit.", {{"table", table}})),
      commits(r.GetCounter("k2i_iceberg_commits_total", "Snapshots committed.", {{"table", table}})),
      conflicts(
          r.GetCounter("k2i_cas_conflicts_total", "Commits refused because the base had moved.", {{"table", table}})),
      commit_retries(r.GetCounter("k2i_commit_retries_total",
                                  "Commits tried again: after a conflict, a failure or no answer.",
                                  {{"table", table}})),
      backpressure_events(r.GetCounter("k2i_backpressure_events_total", "Times the partitions were paused.")),
      dead_letters(r.GetCounter("k2i_dead_letters_total", "Records that could not be decoded.", {{"table", table}})),
      buffer_bytes(r.GetGauge("k2i_buffer_size_bytes", "Memory of buffer, decoder and encoder.")),
      buffer_records(r.GetGauge("k2i_buffer_record_count", "Rows in memory.")),
      oldest_uncommitted_seconds(
          r.GetGauge("k2i_buffer_oldest_uncommitted_seconds", "Age of the oldest uncommitted row.")),
      last_commit_timestamp(
          r.GetGauge("k2i_last_commit_timestamp_seconds", "Unix time of the last commit.", {{"table", table}})),
      freshness(
          r.GetHistogram("k2i_freshness_seconds", "Record timestamp to row in a sealed slice.", {{"table", table}})),
      flush_seconds(
          r.GetHistogram("k2i_flush_duration_seconds", "Seal of the flush to confirmed commit.", {{"table", table}})),
      parquet_seconds(
          r.GetHistogram("k2i_parquet_write_seconds", "Encoding of a flush, without upload.", {{"table", table}})),
      upload_seconds(r.GetHistogram("k2i_upload_seconds", "Writing a flush's files to the store.", {{"table", table}})),
      catalog_commit_seconds(r.GetHistogram("k2i_catalog_commit_seconds", "One commit request.", {{"table", table}})),
      registry_(r) {}

void IngestMetrics::CountError(const Error& error) {
  registry_.GetCounter("k2i_errors_total", "Errors by type.", {{"type", std::string(ToString(error.code))}})
      .Increment();
}

void IngestMetrics::SetLag(const TopicPartition& partition, int64_t records) {
  registry_
      .GetGauge("k2i_consumer_lag", "Records behind the end of the partition.",
                {{"topic", partition.topic}, {"partition", std::to_string(partition.partition.value)}})
      .Set(static_cast<double>(records));
}

void IngestMetrics::SetBreaker(const std::string& component, CircuitBreaker::State state) {
  registry_.GetGauge("k2i_circuit_breaker_state", "0 closed, 1 half-open, 2 open.", {{"component", component}})
      .Set(static_cast<double>(state));
}

void IngestMetrics::SetHealth(const std::string& component, double status) {
  registry_.GetGauge("k2i_health_status", "1 healthy, 0.5 degraded, 0 unhealthy.", {{"component", component}})
      .Set(status);
}

}  // namespace k2i::ingest
