// SPDX-License-Identifier: Apache-2.0
//
// catalog_commit COMMITS SNAPSHOTS CONFIG… : how long commits take through the catalog of each configuration file, and
// what they cost this process. Each commit adds a snapshot without files and drops the oldest of so many, so that the
// metadata stays as large as that of a table in use.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cli/wiring.h"
#include "config/load.h"
#include "cpu_clock.h"

namespace k2i {
namespace {

iceberg::CreateTableRequest Request() {
  using iceberg::Type, iceberg::TypeId;
  iceberg::CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false}});
  return request;
}

struct Sizes {
  int commits = 0;
  int snapshots = 0;
};

struct Times {
  std::vector<double> clock_ms, cpu_ms;
};

iceberg::Snapshot NextSnapshot(const iceberg::TableMetadata& base, int64_t id, int64_t now_ms) {
  iceberg::Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.parent_snapshot_id = base.current_snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(now_ms, base.last_updated_ms);
  snapshot.manifest_list = base.location + "/metadata/snap-" + std::to_string(id) + ".avro";
  snapshot.summary = {{"operation", "append"}, {"k2i.offsets", std::string(500, 'o')}};
  return snapshot;
}

/// So many snapshots, of which main is the last.
std::vector<iceberg::TableUpdate> Grow(const iceberg::TableMetadata& base, int snapshots, Random& random,
                                       int64_t now_ms) {
  std::vector<iceberg::TableUpdate> updates;
  iceberg::Snapshot snapshot = NextSnapshot(base, random.PositiveInt64(), now_ms);
  for (int i = 0; i < snapshots; ++i) {
    if (i > 0) {
      snapshot.parent_snapshot_id = snapshot.snapshot_id;
      snapshot.snapshot_id = random.PositiveInt64();
      ++snapshot.sequence_number;
    }
    updates.push_back(iceberg::update::AddSnapshot{snapshot});
  }
  updates.push_back(iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}});
  return updates;
}

std::vector<iceberg::TableUpdate> Replace(const iceberg::TableMetadata& base, int64_t id, int64_t now_ms) {
  return {iceberg::update::AddSnapshot{NextSnapshot(base, id, now_ms)},
          iceberg::update::SetSnapshotRef{"main", {.snapshot_id = id}},
          iceberg::update::RemoveSnapshots{{base.snapshots.front().snapshot_id}}};
}

Result<Times> Measure(const std::string& path, Sizes sizes) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  K2I_ASSIGN_OR_RETURN(const auto config, config::LoadConfig(path, config::ProcessEnvironment(), {}));
  K2I_ASSIGN_OR_RETURN(const auto parts, cli::MakeCatalog(config, clock, random));
  const iceberg::TableIdentifier name{{config.iceberg.database}, config.iceberg.table};
  K2I_RETURN_IF_ERROR(parts.catalog->EnsureNamespace(name.name_space));
  K2I_ASSIGN_OR_RETURN(auto table, parts.catalog->CreateTable(name, Request()));
  K2I_ASSIGN_OR_RETURN(table, parts.catalog->CommitTable(
                                  table, {}, Grow(*table.metadata, sizes.snapshots, random, clock.wall_ms()), ""));
  Times times;
  for (int i = 0; i < sizes.commits; ++i) {
    const auto updates = Replace(*table.metadata, random.PositiveInt64(), clock.wall_ms());
    const std::vector<iceberg::TableRequirement> same = {
        iceberg::requirement::AssertTableUuid{table.metadata->table_uuid},
        iceberg::requirement::AssertRefSnapshotId{"main", table.metadata->current_snapshot_id}};
    const Duration start = clock.monotonic();
    const double cpu_before = CpuMs();
    K2I_ASSIGN_OR_RETURN(table,
                         parts.catalog->CommitTable(table, same, updates, random.TimeOrderedUuid(clock.wall_ms())));
    times.cpu_ms.push_back(CpuMs() - cpu_before);
    times.clock_ms.push_back(std::chrono::duration<double, std::milli>(clock.monotonic() - start).count());
  }
  K2I_RETURN_IF_ERROR(parts.catalog->DropTable(name));
  std::ranges::sort(times.clock_ms);
  std::ranges::sort(times.cpu_ms);
  return times;
}

bool Report(const char* path, Sizes sizes) {
  const auto times = Measure(path, sizes);
  if (!times.has_value()) {
    std::fprintf(stderr, "%s: %s\n", path, times.error().ToString().c_str());
    return false;
  }
  const auto at = [](const std::vector<double>& sorted, size_t percent) {
    return sorted[(sorted.size() - 1) * percent / 100];
  };
  const auto& [clock, cpu] = *times;
  std::printf(
      "%s: %d snapshots, %zu commits, P50 %.1f ms, P90 %.1f ms, P99 %.1f ms, longest %.1f ms, CPU P50 %.1f ms\n", path,
      sizes.snapshots, clock.size(), at(clock, 50), at(clock, 90), at(clock, 99), clock.back(), at(cpu, 50));
  std::fflush(stdout);
  return true;
}

}  // namespace
}  // namespace k2i

int main(int argc, char** argv) {
  const k2i::Sizes sizes{argc > 1 ? std::atoi(argv[1]) : 0, argc > 2 ? std::atoi(argv[2]) : 0};
  if (argc < 4 || sizes.commits < 1 || sizes.snapshots < 1) {
    std::fprintf(stderr, "usage: catalog_commit COMMITS SNAPSHOTS CONFIG…\n");
    return 64;
  }
  bool all = true;
  for (int i = 3; i < argc && all; ++i) all = k2i::Report(argv[i], sizes);
  return all ? 0 : 1;
}
