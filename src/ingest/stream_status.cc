// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_status.h"

#include <nlohmann/json.hpp>

namespace k2i::ingest {
namespace {

using nlohmann::ordered_json;

ordered_json OrNull(const std::optional<Offset>& offset) {
  return offset ? ordered_json(offset->value) : ordered_json(nullptr);
}

ordered_json PartitionJson(const PartitionStatus& partition) {
  ordered_json out{{"topic", partition.partition.topic},
                   {"partition", partition.partition.partition.value},
                   {"position", OrNull(partition.position)},
                   {"committed", OrNull(partition.committed)},
                   {"log_end", OrNull(partition.log_end)}};
  const bool known = partition.position && partition.log_end;
  out["lag"] = known ? ordered_json(std::max<int64_t>(0, partition.log_end->value - partition.position->value))
                     : ordered_json(nullptr);
  return out;
}

ordered_json CommitJson(const CommitStatus& commit) {
  return {{"snapshot_id", commit.snapshot_id},
          {"committed_at_ms", commit.committed_at_ms},
          {"rows", commit.rows},
          {"files", commit.files},
          {"bytes", commit.bytes},
          {"seconds", commit.seconds},
          {"reason", commit.reason}};
}

}  // namespace

int64_t StreamStatus::lag() const {
  int64_t lag = 0;
  for (const auto& partition : partitions) {
    if (!partition.log_end) continue;
    lag += std::max<int64_t>(0, partition.log_end->value - partition.position.value_or(Offset{0}).value);
  }
  return lag;
}

int64_t StreamStatus::uncommitted_lag() const {
  int64_t lag = 0;
  for (const auto& partition : partitions) {
    if (!partition.log_end) continue;
    lag += std::max<int64_t>(0, partition.log_end->value - partition.committed.value_or(Offset{0}).value);
  }
  return lag;
}

std::string StatusJson(const StreamStatus& status) {
  ordered_json out{{"state", status.state}, {"pipeline", status.pipeline}, {"table", status.table}};
  out["lag"] = status.lag();
  out["totals"] = {{"consumed", status.consumed},
                   {"committed_rows", status.committed_rows},
                   {"committed_files", status.committed_files},
                   {"commits", status.commits},
                   {"fenced_rows", status.fenced_rows},
                   {"dead_letters", status.dead_letters}};
  out["buffer"] = {{"rows", status.buffer_rows},
                   {"bytes", status.buffer_bytes},
                   {"limit_bytes", status.buffer_limit_bytes},
                   {"retained_rows", status.retained_rows},
                   {"retained_bytes", status.retained_bytes},
                   {"oldest_uncommitted_seconds", status.oldest_uncommitted_seconds},
                   {"flush_in_flight", status.flush_in_flight}};
  out["partitions"] = ordered_json::array();
  for (const auto& partition : status.partitions) out["partitions"].push_back(PartitionJson(partition));
  out["last_commits"] = ordered_json::array();
  for (const auto& commit : status.last_commits) out["last_commits"].push_back(CommitJson(commit));
  return out.dump();
}

}  // namespace k2i::ingest
