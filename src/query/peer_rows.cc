// SPDX-License-Identifier: Apache-2.0
#include "query/peer_rows.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "base/logging.h"

namespace k2i::query {
namespace {

/// Newer snapshots that a query moves to, at most.
constexpr int kMoves = 3;
/// A peer that has not answered in time is left alone for so many times as long.
constexpr int kRests = 5;

int64_t Nanoseconds(Deadline time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// A view and the memory of the peers' rows in it.
struct Leased {
  explicit Leased(PeerMemory& memory) : lease(memory) {}
  PeerMemory::Lease lease;
  buffer::ViewPtr view;  // goes first
};

buffer::ViewPtr HoldTogether(std::shared_ptr<Leased> leased, buffer::ViewPtr view) {
  leased->view = std::move(view);
  const buffer::View* address = leased->view.get();
  return buffer::ViewPtr(std::move(leased), address);
}

/// Partitions whose newest rows are not in the view.
int64_t Missing(const buffer::View& view) {
  return std::ranges::count_if(view.end, [&](const auto& entry) {
    return !view.assigned || std::ranges::find(*view.assigned, entry.first) == view.assigned->end();
  });
}

}  // namespace

PeerAsker::PeerAsker(Options options) : options_(std::move(options)), memory_(options_.memory_bytes) {
  for (const auto& port : options_.peers) {
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->port = port;
  }
}

Result<PeerRows> PeerAsker::Ask(Peer& peer, const PeerRequest& request) {
  const Deadline begun = std::chrono::steady_clock::now();
  if (Nanoseconds(begun) < peer.rests_until_ns) {
    return Fail(ErrorCode::kUnavailable, "it has not answered in time of late, and is left alone for a while");
  }
  const MetricLabels labels{{"peer", peer.port->name()}};
  const auto count = [&](const char* name, const char* help) {
    if (options_.metrics != nullptr) options_.metrics->GetCounter(name, help, labels).Increment();
  };
  count("k2i_query_peer_requests_total", "Times that queries have asked another process for its hot rows");
  auto rows = peer.port->Fetch(request);
  if (rows) return rows;
  count("k2i_query_peer_failures_total", "Times that another process could not give its hot rows");
  log::Debug("peer_failed", {{"peer", peer.port->name()}, {"error", rows.error().ToString()}});
  const Deadline now = std::chrono::steady_clock::now();
  // Silence may show as a connection that does not come about, too.
  const bool was_silent = rows.error().code == ErrorCode::kTimeout || rows.error().code == ErrorCode::kUnavailable;
  if (was_silent && now - begun >= options_.timeout / 2) {
    peer.rests_until_ns = Nanoseconds(now + kRests * options_.timeout);
  }
  return rows;
}

std::vector<PeerAnswer> PeerAsker::AskAll(const PeerRequest& request) {
  std::vector<std::future<Result<PeerRows>>> others;
  for (size_t i = 1; i < peers_.size(); ++i) {
    others.push_back(std::async(std::launch::async, [&, i] { return Ask(*peers_[i], request); }));
  }
  std::vector<PeerAnswer> answers;
  answers.push_back({peers_[0]->port->name(), Ask(*peers_[0], request)});
  for (size_t i = 1; i < peers_.size(); ++i) answers.push_back({peers_[i]->port->name(), others[i - 1].get()});
  return answers;
}

Result<MergedView> PeerAsker::Complete(const buffer::ViewPtr& own, const PeerQuestion& question,
                                       TableReloader* reloader) {
  if (peers_.empty()) return MergedView{own};
  const Deadline deadline =
      std::min(question.deadline,
               std::chrono::steady_clock::now() + std::chrono::duration_cast<Deadline::duration>(options_.timeout));
  buffer::ViewPtr view = own;
  std::optional<MergedView> best;
  for (int moves = 0;; ++moves) {
    auto leased = std::make_shared<Leased>(memory_);
    MergedView merged = MergePeers(view, AskAll({.table = question.table,
                                                 .from = view->committed,
                                                 .without = view->assigned.value_or(std::vector<TopicPartition>{}),
                                                 .key = question.key,
                                                 .position = question.position,
                                                 .deadline = deadline,
                                                 .gone = question.gone,
                                                 .memory = &leased->lease}));
    if (question.gone.stop_requested()) return Fail(ErrorCode::kCancelled, "the query was cancelled");
    merged.view = HoldTogether(std::move(leased), std::move(merged.view));
    const bool may_move = merged.behind && reloader != nullptr && moves < kMoves;
    if (!best || Missing(*merged.view) <= Missing(*best->view)) best = std::move(merged);
    if (!may_move) return *std::move(best);
    const auto committed = reloader->Newest(deadline, question.gone);
    view = committed ? Rebase(*view, *committed) : nullptr;
    if (view == nullptr || std::chrono::steady_clock::now() >= deadline) return *std::move(best);
  }
}

}  // namespace k2i::query
