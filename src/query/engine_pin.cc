// SPDX-License-Identifier: Apache-2.0
//
// Views for a query, waiting for the rows that it must include, and the rows of other processes.
#include <algorithm>

#include "query/engine_impl.h"

namespace k2i::query {
namespace {

/// How soon it is seen that the client has left.
constexpr Duration kPatience = std::chrono::milliseconds(20);

bool KnowsTopic(const buffer::View& view, const std::string& topic) {
  return std::ranges::any_of(view.end, [&](const auto& entry) { return entry.first.topic == topic; });
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
    // A table waits for the topics it is made of; the only one for all.
    WaitFor mine;
    for (const auto& [partition, offset] : wait_for) {
      if (views.size() == 1 || KnowsTopic(*view, partition.topic)) mine[partition] = offset;
    }
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

}  // namespace k2i::query
