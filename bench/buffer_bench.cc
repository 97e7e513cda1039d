// SPDX-License-Identifier: Apache-2.0
//
// What the hot buffer costs beside decoding: a view at every seal, the indexes; and what look-ups take.
#include <arrow/api.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <random>

#include "buffer/lookup.h"
#include "buffer/view_maker.h"

namespace k2i::buffer {
namespace {

constexpr int64_t kPartitions = 8;
constexpr int64_t kRows = 1'000'000;

/// Row `i` of the stream has the key `i`, as a uuid's text or a number, in no order that an index could profit from.
uint64_t Scattered(int64_t i) { return static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15; }
std::string TextKey(int64_t i) {
  const uint64_t bits = Scattered(i);
  return fmt::format("{:08x}-{:04x}-4000-8000-{:012x}", bits >> 32, (bits >> 16) & 0xffff, i);
}

/// A seal's worth of rows, dealt to the partitions in runs.
SlicePtr MakeRows(int64_t number, int64_t count, bool text) {
  record::DecodedRows decoded;
  arrow::StringBuilder texts;
  arrow::Int64Builder longs;
  OffsetRanges ranges;
  const int64_t run = count / kPartitions;
  for (int64_t p = 0; p < kPartitions; ++p) {
    const TopicPartition partition{"events", PartitionId{static_cast<int32_t>(p)}};
    decoded.runs.push_back({partition, p * run, run, 0, 0});
    ranges[partition] = {Offset{number * run}, Offset{(number + 1) * run}};
    for (int64_t i = 0; i < run; ++i) {
      const int64_t id = number * count + p * run + i;
      decoded.offsets.push_back(number * run + i);
      if (!(text ? texts.Append(TextKey(id)) : longs.Append(static_cast<int64_t>(Scattered(id)))).ok()) std::abort();
    }
  }
  auto keys = text ? texts.Finish().ValueOrDie() : longs.Finish().ValueOrDie();
  decoded.rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("key", keys->type())}), run * kPartitions, {keys});
  return MakeSlice(std::move(decoded), std::move(ranges), Duration(0), number);
}

std::vector<SlicePtr> MakeSlices(int64_t count, bool text) {
  std::vector<SlicePtr> slices;
  const int64_t rows = kRows / count / kPartitions * kPartitions;
  for (int64_t i = 0; i < count; ++i) slices.push_back(MakeRows(i, rows, text));
  return slices;
}

CommittedTable NothingCommitted() {
  static const int64_t table = 0;
  return {{std::shared_ptr<void>(), reinterpret_cast<const iceberg::TableMetadata*>(&table)}, std::nullopt, {}};
}

void FillWith(ViewMaker& maker, const std::vector<SlicePtr>& slices) {
  maker.SetCommitted(NothingCommitted(), Duration(0));
  for (const auto& slice : slices) maker.Append(slice);
}

/// A seal, with so many slices held already. Without a key.
void BM_Publish(benchmark::State& state) {
  const auto slices = MakeSlices(state.range(0), false);
  ViewPublisher views;
  ViewMaker maker(views, {}, arrow::default_memory_pool());
  FillWith(maker, slices);
  std::vector<SlicePtr> more;
  for (int64_t i = 0; i < 1000; ++i) more.push_back(MakeRows(state.range(0) + i, 16, false));
  size_t next = 0;
  for (auto _ : state) {
    if (next == more.size()) {
      state.SkipWithError("more seals than slices");
      break;
    }
    maker.Append(more[next++]);
  }
}
BENCHMARK(BM_Publish)->Arg(100)->Arg(6000)->Iterations(1000)->Unit(benchmark::kMicrosecond);

/// A commit that takes half of the slices out.
void BM_Commit(benchmark::State& state) {
  const auto slices = MakeSlices(6000, false);
  for (auto _ : state) {
    state.PauseTiming();
    ViewPublisher views;
    ViewMaker maker(views, {.retain_for = std::chrono::seconds(60)}, arrow::default_memory_pool());
    FillWith(maker, slices);
    auto committed = NothingCommitted();
    for (const auto& [partition, range] : slices[2999]->ranges) committed.offsets[partition] = range.end;
    state.ResumeTiming();
    maker.SetCommitted(committed, Duration(0));
    state.PauseTiming();
    maker.ForgetRetained();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Commit)->Iterations(5)->Unit(benchmark::kMillisecond);

/// The index of a million rows in so many slices; merged: as a view has it, else each slice's alone.
void BM_Index(benchmark::State& state, bool text, bool merged) {
  const auto slices = MakeSlices(state.range(0), text);
  for (auto _ : state) {
    SliceIndex index("key", arrow::default_memory_pool());
    for (const auto& slice : slices) {
      if (merged) {
        index.Add(*slice);
      } else {
        benchmark::DoNotOptimize(KeyIndex::Build(*slice, "key", arrow::default_memory_pool()));
      }
    }
  }
}
BENCHMARK_CAPTURE(BM_Index, build_long, false, false)->Arg(100)->Arg(6000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Index, build_text, true, false)->Arg(100)->Arg(6000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Index, merged_long, false, true)->Arg(100)->Arg(1000)->Arg(6000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Index, merged_text, true, true)->Arg(100)->Arg(1000)->Arg(6000)->Unit(benchmark::kMillisecond);

struct Filled {
  Filled(int64_t count, bool text) : slices(MakeSlices(count, text)), rows(slices[0]->row_count() * count) {
    FillWith(maker, slices);
  }
  std::vector<SlicePtr> slices;
  int64_t rows;
  ViewPublisher views;
  ViewMaker maker{views, {.key_column = "key"}, arrow::default_memory_pool()};
};

void BM_FindByKey(benchmark::State& state, bool text) {
  const Filled filled(state.range(0), text);
  const auto view = filled.views.Current();
  std::mt19937_64 random(1);
  std::vector<std::string> keys;
  for (int i = 0; i < 100'000; ++i) {
    const auto id = static_cast<int64_t>(random() % static_cast<uint64_t>(filled.rows));
    keys.push_back(text ? TextKey(id) : std::to_string(static_cast<int64_t>(Scattered(id))));
  }
  size_t next = 0;
  for (auto _ : state) {
    const auto hits = FindByKey(*view, keys[next++ % keys.size()], /*all=*/false);
    if (!hits || hits->empty()) state.SkipWithError("not found");
  }
  state.counters["indexes"] = static_cast<double>(view->index.segments());
}
BENCHMARK_CAPTURE(BM_FindByKey, long, false)->Arg(100)->Arg(1000)->Arg(6000);
BENCHMARK_CAPTURE(BM_FindByKey, text, true)->Arg(100)->Arg(1000)->Arg(6000);

void BM_FindByPosition(benchmark::State& state) {
  const Filled filled(state.range(0), false);
  const auto view = filled.views.Current();
  std::mt19937_64 random(1);
  std::vector<std::pair<TopicPartition, Offset>> positions;
  for (int i = 0; i < 100'000; ++i) {
    const auto row = static_cast<int64_t>(random() % static_cast<uint64_t>(filled.rows));
    positions.emplace_back(TopicPartition{"events", PartitionId{static_cast<int32_t>(row % kPartitions)}},
                           Offset{row / kPartitions});
  }
  size_t next = 0;
  for (auto _ : state) {
    const auto& [partition, offset] = positions[next++ % positions.size()];
    if (!FindByPosition(*view, partition, offset)) state.SkipWithError("not found");
  }
}
BENCHMARK(BM_FindByPosition)->Arg(100)->Arg(1000)->Arg(6000);

}  // namespace
}  // namespace k2i::buffer

BENCHMARK_MAIN();
