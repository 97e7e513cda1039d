// SPDX-License-Identifier: Apache-2.0
//
// k2i_sim SEED | --many N [--from S] | --until-caught N: the seeded simulator (docs/exactly-once.md).
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/run.h"

namespace k2i::sim {
namespace {

/// What a long run must have seen; a history of which one is never true shows nothing.
constexpr const char* kMustHappen[] = {"killed",
                                       "power cut",
                                       "died while flushing",
                                       "clean stop",
                                       "stopped while flushing",
                                       "paused while flushing",
                                       "zombie woken",
                                       "zombie with a flush in flight",
                                       "revoked with a flush in flight",
                                       "reply lost",
                                       "request lost",
                                       "request lost, not known",
                                       "delayed commit landed",
                                       "delayed duplicate refused",
                                       "conflict",
                                       "commit refused for good",
                                       "foreign commit",
                                       "expiry",
                                       "tag dropped",
                                       "property dropped",
                                       "torn log tail",
                                       "bit flipped",
                                       "corrupt log refused",
                                       "disk full",
                                       "disk lost",
                                       "torn file",
                                       "store reply lost",
                                       "log error",
                                       "sync error",
                                       "retention",
                                       "create raced",
                                       "dead letter",
                                       "acknowledged",
                                       "life with fenced rows",
                                       "flush adopted",
                                       "end without a record",
                                       "circuit breaker open",
                                       "compaction",
                                       "compaction in conflict",
                                       "compaction planned anew",
                                       "manifests merged",
                                       "expiry of ours",
                                       "orphans deleted",
                                       "history taken over"};
constexpr int64_t kEnoughToSeeAll = 5000;

void Print(const History& history) {
  for (const auto& line : history.lines()) fmt::print("{}\n", line);
}

/// Whole, with the product's log; and how to see it again.
void PrintFailure(uint64_t seed) {
  const History history = RunSeed(seed, /*with_log=*/true);
  Print(history);
  fmt::print("\nseed {} breaks {}: {}\nreplay: ./dev sim {}\n", seed, history.broken_check(), history.broken_what(),
             seed);
}

int One(uint64_t seed) {
  const History history = RunSeed(seed, /*with_log=*/true);
  const History again = RunSeed(seed, /*with_log=*/false);
  Print(history);
  if (history.hash() != again.hash()) {
    fmt::print("\nseed {} does not replay: {:016x} and {:016x}\n", seed, history.hash(), again.hash());
    return 1;
  }
  fmt::print("\nseed {}: {} lines, hash {:016x}, {}\n", seed, history.lines().size(), history.hash(),
             history.broken() ? "BROKEN " + history.broken_check() + ": " + history.broken_what() : "nothing broken");
  return history.broken() ? 1 : 0;
}

int Many(uint64_t from, int64_t count, bool quiet) {
  const auto started = std::chrono::steady_clock::now();
  std::map<std::string, int64_t> counters;
  std::vector<uint64_t> broken;
  for (int64_t i = 0; i < count && broken.size() < (quiet ? 1 : 10); ++i) {
    const uint64_t seed = from + static_cast<uint64_t>(i);
    const History history = RunSeed(seed, /*with_log=*/false);
    for (const auto& [what, times] : history.counters()) counters[what] += times;
    if (!history.broken()) continue;
    broken.push_back(seed);
    fmt::print("seed {} breaks {}: {}\n", seed, history.broken_check(), history.broken_what());
  }
  if (quiet) return broken.empty() ? 0 : 1;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  for (const auto& [what, times] : counters) fmt::print("{:>12}  {}\n", times, what);
  int never = 0;
  for (const char* what : kMustHappen) {
    if (counters.contains(what)) continue;
    fmt::print("{:>12}  {}\n", "never", what);
    ++never;
  }
  if (!broken.empty()) PrintFailure(broken.front());
  fmt::print("\n{} seeds from {} in {:.1f} s, {:.0f} a second: {} broken\n", count, from, seconds,
             static_cast<double>(count) / seconds, broken.size());
  if (count >= kEnoughToSeeAll && never > 0) fmt::print("{} things never happened: mend the simulator\n", never);
  return !broken.empty() || (count >= kEnoughToSeeAll && never > 0) ? 1 : 0;
}

int Usage() {
  fmt::print(stderr, "usage: k2i_sim SEED | --many N [--from SEED] | --until-caught N [--from SEED]\n");
  return 64;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Usage();
  const auto number = [](const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); };
  const bool many = arguments[0] == "--many", until_caught = arguments[0] == "--until-caught";
  if (!many && !until_caught) return arguments.size() == 1 ? One(number(arguments[0])) : Usage();
  if (arguments.size() != 2 && (arguments.size() != 4 || arguments[2] != "--from")) return Usage();
  const uint64_t from = arguments.size() == 4 ? number(arguments[3]) : 1;
  return Many(from, static_cast<int64_t>(number(arguments[1])), until_caught);
}

}  // namespace
}  // namespace k2i::sim

int main(int argc, char** argv) { return k2i::sim::Main({argv + 1, argv + argc}); }
