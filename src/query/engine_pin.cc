// SPDX-License-Identifier: Apache-2.0
//
// Views for a query, waiting for the rows that it must include, and the rows of other processes.
#include <algorithm>
#include <condition_variable>

#include "query/engine_impl.h"

namespace k2i::query {
namespace {

/// How soon it is seen that the client has left.
constexpr Duration kPatience = std::chrono::milliseconds(20);
/// How often a peer is asked whether it has a row by now: between these, ever less.
constexpr Duration kSoon = std::chrono::milliseconds(5);
constexpr Duration kLate = std::chrono::milliseconds(200);

bool KnowsTopic(const buffer::View& view, const std::string& topic) {
  return std::ranges::any_of(view.end, [&](const auto& entry) { return entry.first.topic == topic; });
}

/// A table waits for the topics it is made of; the only one for all.
WaitFor PartOf(const buffer::View& view, const WaitFor& wait_for, bool only_table) {
  WaitFor part;
  for (const auto& [partition, offset] : wait_for) {
    if (only_table || KnowsTopic(view, partition.topic)) part[partition] = offset;
  }
  return part;
}

bool ReadHere(const buffer::View& view, const TopicPartition& partition) {
  return view.assigned && std::ranges::find(*view.assigned, partition) != view.assigned->end();
}

void Sleep(Duration pause, const std::stop_token& gone) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, gone, pause, [] { return false; });
}

/// The first partition whose row the view does not have yet, with what it has.
std::optional<std::string> Lacking(const buffer::View& view, const WaitFor& wait_for) {
  for (const auto& [partition, offset] : wait_for) {
    const auto end = view.end.find(partition);
    if (end != view.end.end() && end->second > offset) continue;
    const std::string name = partition.topic + "-" + std::to_string(partition.partition.value);
    if (end == view.end.end()) return "partition " + name + " is not read here";
    return "offset " + std::to_string(offset.value) + " of " + name + " is not there: the next one to come is " +
           std::to_string(end->second.value);
  }
  return std::nullopt;
}

/// The first view that lacks nothing; null: there was none before the deadline, or before nobody waited for it any
/// more.
buffer::ViewPtr WaitUntil(const buffer::ViewPublisher& views, const WaitFor& wait_for, Deadline deadline,
                          const std::stop_token& gone) {
  const auto fits = [&](const buffer::View& view) { return !Lacking(view, wait_for); };
  while (!gone.stop_requested()) {
    const Duration left = deadline - std::chrono::steady_clock::now();
    auto found = views.WaitUntil(fits, std::clamp(left, Duration::zero(), kPatience));
    if (found != nullptr || left <= kPatience) return found;
  }
  return nullptr;
}

}  // namespace

Result<Views> EngineCore::Pin(const std::vector<size_t>& indexes, const WaitFor& wait_for, Deadline deadline,
                              const std::stop_token& gone) const {
  Views views;
  for (const size_t index : indexes) {
    views[index] = tables[index].views->Current();
    if (views[index] == nullptr) return Fail(ErrorCode::kUnavailable, "table " + NameOf(index) + " is not there yet");
  }
  if (wait_for.empty()) return views;
  if (views.empty()) return Fail(ErrorCode::kInvalidArgument, "wait_for needs a table in the statement");
  WaitFor left = wait_for;
  for (auto& [index, view] : views) {
    const WaitFor mine = PartOf(*view, wait_for, views.size() == 1);
    const auto waited = WaitUntil(*tables[index].views, mine, deadline, gone);
    if (waited == nullptr && gone.stop_requested()) return Fail(ErrorCode::kCancelled, "the query was cancelled");
    if (waited == nullptr) {
      const auto current = tables[index].views->Current();
      return Fail(ErrorCode::kTimeout,
                  NameOf(index) + ": " + Lacking(*current, mine).value_or("it has only just come"));
    }
    view = waited;
    for (const auto& [partition, offset] : mine) left.erase(partition);
  }
  if (left.empty()) return views;
  return Fail(ErrorCode::kTimeout, "no table of the statement is made of topic " + left.begin()->first.topic);
}

Result<Pins> EngineCore::Complete(Views views, PeerQuestion question) {
  Pins pins;
  for (auto& [index, view] : views) {
    question.table = NameOf(index);
    K2I_ASSIGN_OR_RETURN(MergedView merged, peers.Complete(view, question, reloaders[index].get()));
    pins.pinned.push_back(PinnedOf(index, *merged.view));
    pins.pinned.back().failed_peers = std::move(merged.failures);
    pins.views[index] = std::move(merged.view);
  }
  return pins;
}

Status EngineCore::AwaitPeer(size_t index, const Position& row, PeerQuestion question) {
  question.position = row;  // which no other row comes along with
  const WaitFor wait_for{row};
  for (Duration pause = kSoon;; pause = std::min(2 * pause, kLate)) {
    const auto view = tables[index].views->Current();
    if (!Lacking(*view, wait_for) || ReadHere(*view, row.first)) return {};
    K2I_ASSIGN_OR_RETURN(const Pins pins, Complete({{index, view}}, question));
    const auto lacking = Lacking(*pins.views.at(index), wait_for);
    if (!lacking) return {};
    if (std::chrono::steady_clock::now() + pause >= question.deadline) {
      return Fail(ErrorCode::kTimeout, NameOf(index) + ": " + *lacking);
    }
    Sleep(pause, question.gone);
  }
}

Result<Views> EngineCore::PinWithPeers(const std::vector<size_t>& indexes, const WaitFor& wait_for,
                                       const PeerQuestion& question) {
  WaitFor here = wait_for;
  if (!options.peers.empty() && !wait_for.empty()) {
    K2I_ASSIGN_OR_RETURN(const Views views, Pin(indexes, {}, question.deadline, question.gone));
    for (const auto& [index, view] : views) {
      for (const auto& row : PartOf(*view, wait_for, views.size() == 1)) {
        if (ReadHere(*view, row.first)) continue;
        K2I_RETURN_IF_ERROR(AwaitPeer(index, row, question));
        here.erase(row.first);
      }
    }
  }
  return Pin(indexes, here, question.deadline, question.gone);
}

Result<Pins> EngineCore::PinAll(const std::vector<size_t>& indexes, const WaitFor& wait_for,
                                const PeerQuestion& question) {
  while (true) {
    K2I_ASSIGN_OR_RETURN(Views views, PinWithPeers(indexes, wait_for, question));
    K2I_ASSIGN_OR_RETURN(Pins pins, Complete(std::move(views), question));
    std::optional<std::string> lacking;
    for (const auto& [index, view] : pins.views) {
      lacking = Lacking(*view, PartOf(*view, wait_for, pins.views.size() == 1));
      if (lacking) break;
    }
    if (!lacking) return pins;
    // A peer had the row a moment ago: it has failed since, or the partition has moved.
    if (std::chrono::steady_clock::now() >= question.deadline) return Fail(ErrorCode::kTimeout, *lacking);
    Sleep(kSoon, question.gone);
  }
}

}  // namespace k2i::query
