// SPDX-License-Identifier: Apache-2.0
//
// What it takes to find out which files may go, without the store's own time: the table is in memory. 100,000 live data
// files in 100 manifests of 1,000; each of 400 snapshots has replaced one file, and so written one manifest anew.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "iceberg/manifest/manifest.h"
#include "iceberg/update/table_update.h"
#include "io/memory_object_store_testing.h"
#include "maintenance/expiry_plan.h"
#include "maintenance/orphan_plan.h"
#include "maintenance/reachability.h"

namespace k2i::maintenance {
namespace {

using iceberg::ManifestEntry;
using iceberg::Snapshot;
using iceberg::TableMetadata;

constexpr int kManifests = 100, kFilesEach = 1'000, kSnapshots = 400, kColumns = 12;
constexpr int64_t kFirstMs = 1'700'000'000'000;
constexpr size_t kThreads = 2;

iceberg::CreateTableRequest Request() {
  iceberg::CreateTableRequest request;
  std::vector<iceberg::NestedField> fields;
  for (int column = 1; column <= kColumns; ++column) {
    fields.push_back({column, fmt::format("c{}", column), iceberg::Type::Primitive(iceberg::TypeId::kLong)});
  }
  request.schema.type = iceberg::Type::Struct(std::move(fields));
  return request;
}

std::string PathOf(int manifest, int file, int version) {
  return fmt::format("s3://bucket/wh/db/t/data/{:08}-{:08}-{:04}-4000-8000-k2i.parquet", manifest, file, version);
}

ManifestEntry EntryOf(int manifest, int file, int version) {
  ManifestEntry entry;
  entry.status = ManifestEntry::Status::kExisting;
  entry.snapshot_id = 1;
  entry.sequence_number = entry.file_sequence_number = 1;
  auto& data = entry.data_file;
  data.file_path = PathOf(manifest, file, version);
  data.record_count = 1'000'000;
  data.file_size_in_bytes = 128 << 20;
  for (int column = 1; column <= kColumns; ++column) {
    data.column_sizes[column] = data.value_counts[column] = 1'000'000;
    data.null_value_counts[column] = 0;
    data.lower_bounds[column] = data.upper_bounds[column] = std::string(8, static_cast<char>(column));
  }
  return entry;
}

/// The table and its files but the data.
struct BigTable {
  io::MemoryObjectStore store;
  TableMetadata metadata;

  BigTable() : metadata(*iceberg::NewTableMetadata(Request(), "s3://bucket/wh/db/t", "uuid", kFirstMs)) {
    std::vector<std::vector<ManifestEntry>> contents(kManifests);
    std::vector<iceberg::ManifestFile> list;
    for (int m = 0; m < kManifests; ++m) {
      for (int f = 0; f < kFilesEach; ++f) contents[static_cast<size_t>(m)].push_back(EntryOf(m, f, 0));
      list.push_back(Write(contents[static_cast<size_t>(m)], m, 1));
    }
    Add(1, list);
    for (int id = 2; id <= kSnapshots; ++id) {
      const int m = id % kManifests, f = id % kFilesEach;
      const auto at = static_cast<size_t>(m);
      contents[at][static_cast<size_t>(f)] = EntryOf(m, f, id);
      list[at] = Write(contents[at], m, id);
      Add(id, list);
    }
    metadata.refs["main"] = {.snapshot_id = kSnapshots};
    metadata.current_snapshot_id = kSnapshots;
  }

  iceberg::ManifestFile Write(const std::vector<ManifestEntry>& entries, int manifest, int snapshot) {
    auto encoded = *iceberg::EncodeManifest(2, metadata.current_schema(), metadata.default_spec(), snapshot, entries);
    encoded.summary.manifest_path = fmt::format("s3://bucket/wh/db/t/metadata/{}-{}-m0.avro", manifest, snapshot);
    encoded.summary.sequence_number = snapshot;
    store.Overwrite(encoded.summary.manifest_path, std::move(encoded.bytes));
    return encoded.summary;
  }

  void Add(int id, const std::vector<iceberg::ManifestFile>& list) {
    Snapshot snapshot;
    snapshot.snapshot_id = snapshot.sequence_number = id;
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    snapshot.timestamp_ms = kFirstMs + id;
    snapshot.manifest_list = fmt::format("s3://bucket/wh/db/t/metadata/snap-{}.avro", id);
    store.Overwrite(snapshot.manifest_list, *iceberg::EncodeManifestList(2, snapshot, list));
    metadata.snapshots.push_back(std::move(snapshot));
  }
};

BigTable& Big() {
  static BigTable table;
  return table;
}

void PlansExpiry(benchmark::State& state) {
  TableMetadata table;
  for (int64_t id = 1; id <= state.range(0); ++id) {
    Snapshot snapshot;
    snapshot.snapshot_id = id;
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    snapshot.timestamp_ms = kFirstMs + id;
    table.snapshots.push_back(std::move(snapshot));
    if (id % 100 == 0) {
      table.refs[fmt::format("t{}", id)] = {.snapshot_id = id, .kind = iceberg::SnapshotRef::Kind::kTag};
    }
  }
  table.refs["main"] = {.snapshot_id = state.range(0)};
  for (auto _ : state) {
    const auto plan =
        PlanExpiry(table, {.expire_before_ms = kFirstMs + state.range(0) / 2}, {}, kFirstMs + state.range(0));
    if (!plan.has_value() || plan->snapshots.empty()) state.SkipWithError("no plan");
  }
}
BENCHMARK(PlansExpiry)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// All snapshots but the newest so many go.
void FindsExpiredFiles(benchmark::State& state) {
  BigTable& big = Big();
  const auto kept_from = big.metadata.snapshots.end() - state.range(0);
  iceberg::SnapshotList removed, kept;
  for (const Snapshot& snapshot : big.metadata.snapshots) {
    (snapshot.snapshot_id < kept_from->snapshot_id ? removed : kept).push_back(snapshot);
  }
  size_t files = 0;
  for (auto _ : state) {
    const auto found = FindExpiredFiles(big.store, big.metadata, removed, big.metadata, kept, {.threads = kThreads});
    if (!found.has_value() || found->files.empty()) return state.SkipWithError("nothing found");
    files = found->files.size();
  }
  state.counters["files"] = static_cast<double>(files);
}
BENCHMARK(FindsExpiredFiles)->Arg(390)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

/// Reads what the newest snapshot reaches, and compares a listing with as many files and one orphan in a hundred; those
/// that snapshots have replaced are orphans too.
void FindsOrphans(benchmark::State& state) {
  BigTable& big = Big();
  TableMetadata newest = big.metadata;
  newest.snapshots = {big.metadata.snapshots.back()};
  int64_t orphans = 0;
  for (auto _ : state) {
    auto finder = OrphanFinder::Make(newest.location, kFirstMs);
    ReachabilityReader reader(big.store, {.threads = kThreads});
    const Status read =
        reader.Read(newest, "", [&](const std::string& location) { return finder->AddReachable(location); });
    if (!read.has_value()) return state.SkipWithError(read.error().message.c_str());
    orphans = 0;
    for (int m = 0; m < kManifests; ++m) {
      for (int f = 0; f < kFilesEach + kFilesEach / 100; ++f) {
        const auto orphan = finder->IsOrphan({PathOf(m, f, 0), 1, 0});
        orphans += orphan.has_value() && *orphan ? 1 : 0;
      }
    }
  }
  state.counters["orphans"] = static_cast<double>(orphans);
}
BENCHMARK(FindsOrphans)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace k2i::maintenance

BENCHMARK_MAIN();
