// SPDX-License-Identifier: Apache-2.0
//
// What a commit of one file costs as the table grows: TableCommitter over the SQLite catalog and a local disk, tables
// of so many live data files (in manifests of 1,000) and so many snapshots, each with the summary that K2I writes for a
// topic of 12 partitions. Read for the commit: the catalog's pointer, the metadata, the manifest list; written:
// manifest, manifest list, metadata.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "base/clock.h"
#include "cpu_clock.h"
#include "iceberg/catalog/sql/sql_catalog.h"
#include "iceberg/catalog/sql/sqlite.h"
#include "ingest/table_committer.h"
#include "io/local_object_store.h"

namespace k2i::ingest {
namespace {

using iceberg::ManifestEntry;
using iceberg::Snapshot;

constexpr int kColumns = 12, kPartitions = 12;
constexpr int64_t kFilesPerManifest = 1'000;
const iceberg::TableIdentifier kTable{{"db"}, "t"};
const std::string kPipeline = "k2i-db-t";

/// Counts what is written and read.
class CountingStore final : public io::ObjectStore {
 public:
  int64_t written = 0, read = 0;

  Result<std::string> Read(std::string_view location) override {
    auto bytes = disk_.Read(location);
    if (bytes) read += static_cast<int64_t>(bytes->size());
    return bytes;
  }
  Status Create(std::string_view location, std::string_view bytes) override {
    written += static_cast<int64_t>(bytes.size());
    return disk_.Create(location, bytes);
  }
  Result<std::unique_ptr<io::OutputFile>> OpenForWrite(std::string_view location) override {
    return disk_.OpenForWrite(location);
  }
  Status Delete(std::string_view location) override { return disk_.Delete(location); }
  Result<io::FileInfo> Stat(std::string_view location) override { return disk_.Stat(location); }
  Result<std::vector<io::FileInfo>> List(std::string_view prefix) override { return disk_.List(prefix); }

 private:
  io::LocalObjectStore disk_;
};

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().ToString());
    std::exit(1);
  }
  return *std::move(result);
}

iceberg::DataFile FileOf(int64_t number) {
  iceberg::DataFile file;
  file.file_path = fmt::format("file:///warehouse/db/t/data/{:08}-4000-8000-k2i.parquet", number);
  file.record_count = 300'000;
  file.file_size_in_bytes = 8 << 20;
  for (int column = 1; column <= kColumns; ++column) {
    file.column_sizes[column] = file.value_counts[column] = 300'000;
    file.null_value_counts[column] = 0;
    file.lower_bounds[column] = file.upper_bounds[column] = std::string(8, static_cast<char>(column));
  }
  return file;
}

kafka::ClusterInfo Cluster() {
  return {"5L6g3nShT-eMCtK--X86sw", {{"events", "gfcHYj3zRjSFE5lXRdMkAQ"}}, {{"events", kPartitions}}};
}

OffsetRanges RangesOf(int64_t commit) {
  OffsetRanges ranges;
  for (int partition = 0; partition < kPartitions; ++partition) {
    ranges[{"events", PartitionId{partition}}] = {Offset{commit * 25'000}, Offset{(commit + 1) * 25'000}};
  }
  return ranges;
}

class GrownTable {
 public:
  GrownTable(int64_t files, int64_t snapshots, bool plain) : commits_(snapshots) {
    char pattern[] = "/tmp/k2i-commit-bench-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    auto database = Must(iceberg::Sqlite::Open(folder_ + "/catalog.db", 5'000));
    catalog_ = Must(
        iceberg::SqlCatalog::Open({.warehouse = folder_ + "/warehouse"}, std::move(database), store_, clock_, random_));
    iceberg::CreateTableRequest request;
    std::vector<iceberg::NestedField> fields;
    for (int column = 1; column <= kColumns; ++column) {
      fields.push_back({column, fmt::format("c{}", column), iceberg::Type::Primitive(iceberg::TypeId::kLong)});
    }
    request.schema.type = iceberg::Type::Struct(std::move(fields));
    if (plain) request.properties["write.metadata.compression-codec"] = "none";
    table_ = Must(catalog_->CreateTable(kTable, request));
    Grow(files, snapshots);
  }
  ~GrownTable() { std::filesystem::remove_all(folder_); }

  /// Milliseconds that the next commit takes.
  double Commit() {
    const CommitRequest request{.flush_id = random_.Uuid(),
                                .files = {FileOf(1'000'000'000 + commits_)},
                                .ranges = RangesOf(commits_),
                                .watermark_ms = clock_.wall_ms()};
    ++commits_;
    const auto started = std::chrono::steady_clock::now();
    const auto outcome = Must(committer_->Commit(request, Cluster(), {}));
    if (!outcome.committed) std::exit(1);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  }

  CountingStore& store() { return store_; }

 private:
  std::map<std::string, std::string> SummaryOf(int64_t commit) {
    const auto next = progress::Advance({}, RangesOf(commit), Cluster());
    std::map<std::string, std::string> summary = {{"operation", "append"},
                                                  {"k2i.pipeline", kPipeline},
                                                  {"k2i.offsets", progress::ProgressJson(next)},
                                                  {"k2i.ranges", progress::RangesJson(RangesOf(commit))},
                                                  {"k2i.flush-id", random_.Uuid()},
                                                  {"k2i.version", "0.1.0"},
                                                  {"k2i.watermark-ms", std::to_string(clock_.wall_ms())}};
    for (const char* key : {"added-data-files", "added-records", "added-files-size", "changed-partition-count",
                            "total-data-files", "total-records", "total-files-size", "total-delete-files",
                            "total-position-deletes", "total-equality-deletes"}) {
      summary[key] = "123456";
    }
    return summary;
  }

  /// One request with all snapshots, of which only the newest has a manifest list.
  void Grow(int64_t files, int64_t snapshots) {
    std::vector<iceberg::ManifestFile> list;
    for (int64_t first = 0; first < files; first += kFilesPerManifest) {
      list.push_back(Manifest(first, std::min(files, first + kFilesPerManifest)));
    }
    std::vector<iceberg::TableUpdate> updates;
    Snapshot snapshot;
    for (int64_t n = 0; n < snapshots; ++n) {
      if (n > 0) snapshot.parent_snapshot_id = snapshot.snapshot_id;
      snapshot.snapshot_id = random_.PositiveInt64();
      snapshot.sequence_number = n + 1;
      snapshot.timestamp_ms = clock_.wall_ms();
      snapshot.schema_id = 0;
      snapshot.summary = SummaryOf(n);
      snapshot.manifest_list =
          fmt::format("{}/metadata/snap-{}-1-{}.avro", table_.metadata->location, snapshot.snapshot_id, random_.Uuid());
      updates.push_back(iceberg::update::AddSnapshot{snapshot});
    }
    (void)store_.Create(snapshot.manifest_list, Must(iceberg::EncodeManifestList(2, snapshot, list)));
    updates.push_back(iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}});
    updates.push_back(iceberg::update::SetSnapshotRef{progress::TagName(kPipeline),
                                                      {.snapshot_id = snapshot.snapshot_id,
                                                       .kind = iceberg::SnapshotRef::Kind::kTag,
                                                       .max_ref_age_ms = std::numeric_limits<int64_t>::max()}});
    table_ = Must(catalog_->CommitTable(table_, {}, updates, ""));
    committer_.emplace(TableCommitter::Parts{*catalog_, store_, clock_, random_, metrics_, health_},
                       CommitterOptions{.pipeline = kPipeline, .version = "0.1.0"}, table_,
                       [](const CommitIntentRecord&) -> Status { return {}; });
  }

  iceberg::ManifestFile Manifest(int64_t first, int64_t end) {
    std::vector<ManifestEntry> entries;
    for (int64_t n = first; n < end; ++n) {
      entries.push_back({.status = ManifestEntry::Status::kExisting,
                         .snapshot_id = 1,
                         .sequence_number = 1,
                         .file_sequence_number = 1,
                         .data_file = FileOf(n)});
    }
    auto encoded = Must(
        iceberg::EncodeManifest(2, table_.metadata->current_schema(), table_.metadata->default_spec(), 1, entries));
    encoded.summary.manifest_path = fmt::format("{}/metadata/{}-m0.avro", table_.metadata->location, random_.Uuid());
    encoded.summary.sequence_number = 1;
    (void)store_.Create(encoded.summary.manifest_path, encoded.bytes);
    return encoded.summary;
  }

  SystemClock clock_;
  Random random_{1};
  CountingStore store_;
  std::string folder_;
  int64_t commits_;
  std::unique_ptr<iceberg::SqlCatalog> catalog_;
  iceberg::LoadedTable table_;
  MetricsRegistry registry_;
  IngestMetrics metrics_{registry_, "db.t"};
  ComponentHealth health_{metrics_};
  std::optional<TableCommitter> committer_;
};

void Commits(benchmark::State& state) {
  GrownTable table(state.range(0), state.range(1), state.range(2) != 0);
  for (int warm = 0; warm < 3; ++warm) table.Commit();
  table.store().written = table.store().read = 0;
  std::vector<double> took, worked;
  for (auto _ : state) {
    const double before = CpuMs();
    took.push_back(table.Commit());
    worked.push_back(CpuMs() - before);
  }
  std::ranges::sort(took);
  std::ranges::sort(worked);
  const auto count = static_cast<double>(took.size());
  state.counters["p50_ms"] = took[took.size() / 2];
  state.counters["p99_ms"] = took[took.size() * 99 / 100];
  state.counters["cpu_p50_ms"] = worked[worked.size() / 2];
  state.counters["cpu_p99_ms"] = worked[worked.size() * 99 / 100];
  state.counters["kB_written"] = static_cast<double>(table.store().written) / 1e3 / count;
  state.counters["kB_read"] = static_cast<double>(table.store().read) / 1e3 / count;
}
BENCHMARK(Commits)
    ->ArgNames({"files", "snapshots", "plain"})
    ->Args({100, 10, 0})
    ->Args({10'000, 10, 0})
    ->Args({100'000, 10, 0})
    ->Args({100'000, 1'000, 0})
    ->Args({100'000, 2'000, 0})
    ->Args({100, 10'000, 0})
    ->Args({100'000, 10'000, 0})
    ->Args({100'000, 2'000, 1})
    ->Args({100'000, 10'000, 1})
    ->Iterations(100)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace k2i::ingest

BENCHMARK_MAIN();
