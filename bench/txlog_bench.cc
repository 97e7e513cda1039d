// SPDX-License-Identifier: Apache-2.0
//
// The transaction log on a real folder (docs/format/txlog.md): how long a start takes with a segment of many entries
// and no checkpoint among them, and how fast entries are appended and synced. The folder is made under
// $K2I_BENCH_DIR, or the working directory: a file system in memory would say nothing of syncs.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "txlog/frame.h"
#include "txlog/log.h"

namespace {

using namespace k2i;

const txlog::LogOptions kNoCheckpoints{
    .checkpoint_interval_entries = INT64_MAX, .checkpoint_interval = std::chrono::hours(24 * 365), .max_log_files = 2};
constexpr int kPartitions = 4;

/// A folder that goes when this goes.
class Folder {
 public:
  Folder() {
    const char* base = std::getenv("K2I_BENCH_DIR");
    path_ = fmt::format("{}/txlog-bench-{}", base == nullptr ? "." : base, ::getpid());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The five entries of the n-th flush, as the flusher logs them.
std::vector<txlog::Entry> Flush(Random& random, int64_t n) {
  const std::string id = random.Uuid();
  const std::string location = fmt::format("s3://my-bucket/warehouse/analytics/events/data/{}-00000.parquet", id);
  OffsetRanges ranges;
  OffsetVector next;
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    const TopicPartition tp{"events", PartitionId{partition}};
    ranges[tp] = {Offset{n * 1000}, Offset{n * 1000 + 1000}};
    next[tp] = Offset{n * 1000 + 1000};
  }
  const std::string table = "analytics.events", uuid = "0b4b1f5e-7f0d-4b53-9f0c-1c2f6f0f7a11";
  const int64_t snapshot = random.PositiveInt64();
  txlog::Handover handover{.manifest = fmt::format("s3://my-bucket/warehouse/analytics/events/metadata/{}-m0.avro", id),
                           .spec_id = 0,
                           .watermark_ms = 1'700'000'000'000 + n,
                           .pipeline = "k2i-ingestion",
                           .branch = "main",
                           .cluster_id = "MkU3OEVBNTcwNTJENDM2Qg",
                           .topic_ids = {{"events", "bJx8r1uOQk2yqWnFf4n2dA"}}};
  return {txlog::FlushStarted{id, table, ranges}, txlog::FileStarted{id, location},
          txlog::FileWritten{id, location, 4000, 123456},
          txlog::CommitIntent{id, uuid, snapshot, snapshot - 1, std::move(handover)},
          txlog::CommitDone{id, table, uuid, snapshot, next}};
}

std::string SegmentOf(int64_t entries) {
  Random random(7);
  std::string bytes = txlog::SegmentHeader() + txlog::EncodeFrame(txlog::Checkpoint{});
  for (int64_t n = 0, written = 0; written < entries; ++n) {
    for (const auto& entry : Flush(random, n)) {
      if (written++ < entries) bytes += txlog::EncodeFrame(entry);
    }
  }
  return bytes;
}

/// A start after a million entries have been logged as K2I logs them: with its default checkpoints.
void BM_OpenAsWritten(benchmark::State& state) {
  const Folder folder;
  SystemClock clock;
  Random random(7);
  {
    auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
    auto log = std::move(txlog::Log::Open(*storage, {}, clock).value().log);
    for (int64_t n = 0, written = 0; written < state.range(0); ++n) {
      for (const auto& entry : Flush(random, n)) {
        if (written++ < state.range(0) && !log->Append(entry)) state.SkipWithError("cannot append");
      }
    }
  }
  for (auto _ : state) {
    auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
    const auto opened = txlog::Log::Open(*storage, {}, clock);
    if (!opened || opened->state.tables.empty()) state.SkipWithError("the log says nothing");
  }
}
BENCHMARK(BM_OpenAsWritten)->Arg(1'000'000)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

/// What a start does: takes the lock, reads and replays the newest segment, and begins a new one.
void BM_Open(benchmark::State& state) {
  const Folder folder;
  SystemClock clock;
  const std::string bytes = SegmentOf(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    std::filesystem::remove_all(folder.path());
    {
      auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
      if (!storage->Create(txlog::SegmentName(1), bytes)) state.SkipWithError("cannot write the segment");
    }
    state.ResumeTiming();
    auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
    auto opened = txlog::Log::Open(*storage, kNoCheckpoints, clock);
    if (!opened || opened->state.tables.size() != 1) state.SkipWithError("the log has not been understood");
  }
  state.counters["entries"] = static_cast<double>(state.range(0));
  state.counters["MB"] = static_cast<double>(bytes.size()) / 1e6;
}
BENCHMARK(BM_Open)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Entries one after the other, none made durable.
void BM_Append(benchmark::State& state) {
  const Folder folder;
  SystemClock clock;
  Random random(7);
  auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
  auto opened = txlog::Log::Open(*storage, {.max_log_files = 2}, clock).value();
  int64_t n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto entries = Flush(random, n++);
    state.ResumeTiming();
    for (const auto& entry : entries) {
      if (!opened.log->Append(entry)) state.SkipWithError("cannot append");
    }
  }
  state.SetItemsProcessed(n * 5);
}
BENCHMARK(BM_Append)->UseRealTime();

/// The entries of a flush with the two syncs that it makes: before its commit is sent, and after it is confirmed.
void BM_FlushWithSyncs(benchmark::State& state) {
  const Folder folder;
  SystemClock clock;
  Random random(7);
  auto storage = txlog::PosixLogStorage::Open(folder.path()).value();
  auto opened = txlog::Log::Open(*storage, {.max_log_files = 2}, clock).value();
  int64_t n = 0;
  for (auto _ : state) {
    const auto entries = Flush(random, n++);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!opened.log->Append(entries[i])) state.SkipWithError("cannot append");
      if (i >= 3 && !opened.log->Sync()) state.SkipWithError("cannot sync");
    }
  }
  state.SetItemsProcessed(n * 2);
  state.SetLabel("items are syncs");
}
BENCHMARK(BM_FlushWithSyncs)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
