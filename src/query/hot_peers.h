// SPDX-License-Identifier: Apache-2.0
//
// Other processes of the group, which read other partitions of the same table, as queries see them.
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "query/service.h"

namespace k2i::query {

/// The memory that rows of peers may take, of all queries together. Thread-safe; must outlive its leases.
class PeerMemory {
 public:
  explicit PeerMemory(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// What one query has taken of it; given back with it. Thread-safe.
  class Lease {
   public:
    explicit Lease(PeerMemory& memory) : memory_(memory) {}
    ~Lease() { memory_.used_bytes_ -= taken_bytes_; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    /// ResourceExhausted: there is not so much left.
    Status Take(int64_t bytes) {
      if (memory_.used_bytes_.fetch_add(bytes) + bytes > memory_.limit_bytes_) {
        memory_.used_bytes_ -= bytes;
        return Fail(ErrorCode::kResourceExhausted, "rows of peers would take more than the " +
                                                       std::to_string(memory_.limit_bytes_) +
                                                       " bytes there are for them");
      }
      taken_bytes_ += bytes;
      return {};
    }
    int64_t taken_bytes() const { return taken_bytes_; }

   private:
    PeerMemory& memory_;
    std::atomic<int64_t> taken_bytes_{0};
  };

  int64_t used_bytes() const { return used_bytes_; }

 private:
  const int64_t limit_bytes_;
  std::atomic<int64_t> used_bytes_{0};
};

struct PeerRequest {
  std::string table;                    // "database.table"
  OffsetVector from;                    // where the asker's snapshot ends
  std::vector<TopicPartition> without;  // what it reads itself
  std::optional<std::string> key;
  std::optional<Position> position;
  std::chrono::steady_clock::time_point deadline;
  std::stop_token gone;
  PeerMemory::Lease* memory = nullptr;  // is to be asked before rows are kept
};

/// Hot rows of a peer: those of share.rows, partition after partition.
struct PeerRows {
  Share share;
  std::shared_ptr<arrow::Schema> schema;  // fields carry their Iceberg ids, as ToFileSchema makes them
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

/// Thread-safe.
class HotPeer {
 public:
  virtual ~HotPeer() = default;
  /// How answers, logs and metrics call it.
  virtual const std::string& name() const = 0;
  /// Comes back by the deadline, or soon after `gone`. The peer answers for itself: it asks nobody in turn. Timeout,
  /// Unavailable, ResourceExhausted (memory), Corruption (it does not speak as it should), its own errors.
  virtual Result<PeerRows> Fetch(const PeerRequest& request) = 0;
};

}  // namespace k2i::query
