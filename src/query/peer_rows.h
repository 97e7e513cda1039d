// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "query/peer_merge.h"
#include "query/table_reloader.h"
#include "query/watchdog.h"

namespace k2i::query {

/// What a query asks the peers for.
struct PeerQuestion {
  std::string table = {};  // "database.table"
  std::optional<std::string> key = {};
  std::optional<Position> position = {};
  Deadline deadline;  // the query's
  std::stop_token gone = {};
};

/// Asks the other processes of the group for the hot rows that a view lacks: all at once, each for a bounded time.
/// Thread-safe.
class PeerAsker {
 public:
  struct Options {
    std::vector<std::shared_ptr<HotPeer>> peers;
    Duration timeout{0};       // of all that is asked for one view
    int64_t memory_bytes = 0;  // of rows of peers, of all queries together
    MetricsRegistry* metrics = nullptr;
  };

  explicit PeerAsker(Options options);

  /// `own` with what the peers have. Where that does not join, for they have committed meanwhile and let go of rows,
  /// the table is loaded (`reloader` may be null: then not) and they are asked for what comes after its newest
  /// snapshot. What still does not join stays missing. The view holds the memory that its rows take. Cancelled.
  Result<MergedView> Complete(const buffer::ViewPtr& own, const PeerQuestion& question, TableReloader* reloader);

 private:
  /// A peer, and until when it is left alone for having kept a query waiting in vain.
  struct Peer {
    std::shared_ptr<HotPeer> port;
    std::atomic<int64_t> rests_until_ns{0};  // steady clock
  };

  std::vector<PeerAnswer> AskAll(const PeerRequest& request);
  Result<PeerRows> Ask(Peer& peer, const PeerRequest& request);

  const Options options_;
  std::vector<std::unique_ptr<Peer>> peers_;
  PeerMemory memory_;
};

}  // namespace k2i::query
