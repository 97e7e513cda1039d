// SPDX-License-Identifier: Apache-2.0
//
// catalog_commit COMMITS CONFIG… : how long commits take through the catalog of each configuration file. Each commit
// adds a snapshot without files and drops the hundredth before it, so that the metadata stays as large as a table in
// use.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cli/wiring.h"
#include "config/load.h"

namespace k2i {
namespace {

constexpr size_t kKept = 100;

iceberg::CreateTableRequest Request() {
  using iceberg::Type, iceberg::TypeId;
  iceberg::CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false}});
  return request;
}

std::vector<iceberg::TableUpdate> NextSnapshot(const iceberg::TableMetadata& base, int64_t id, int64_t now_ms) {
  iceberg::Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.parent_snapshot_id = base.current_snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(now_ms, base.last_updated_ms);
  snapshot.manifest_list = base.location + "/metadata/snap-" + std::to_string(id) + ".avro";
  snapshot.summary = {{"operation", "append"}, {"k2i.offsets", std::string(500, 'o')}};
  std::vector<iceberg::TableUpdate> updates = {iceberg::update::AddSnapshot{snapshot},
                                               iceberg::update::SetSnapshotRef{"main", {.snapshot_id = id}}};
  if (base.snapshots.size() >= kKept) {
    updates.push_back(iceberg::update::RemoveSnapshots{{base.snapshots.front().snapshot_id}});
  }
  return updates;
}

Result<std::vector<double>> Measure(const std::string& path, int commits) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  K2I_ASSIGN_OR_RETURN(const auto config, config::LoadConfig(path, config::ProcessEnvironment(), {}));
  K2I_ASSIGN_OR_RETURN(const auto parts, cli::MakeCatalog(config, clock, random));
  const iceberg::TableIdentifier name{{config.iceberg.database}, config.iceberg.table};
  K2I_RETURN_IF_ERROR(parts.catalog->EnsureNamespace(name.name_space));
  K2I_ASSIGN_OR_RETURN(auto table, parts.catalog->CreateTable(name, Request()));
  std::vector<double> milliseconds;
  for (int i = 0; i < commits; ++i) {
    const auto updates = NextSnapshot(*table.metadata, random.PositiveInt64(), clock.wall_ms());
    const std::vector<iceberg::TableRequirement> same = {
        iceberg::requirement::AssertTableUuid{table.metadata->table_uuid},
        iceberg::requirement::AssertRefSnapshotId{"main", table.metadata->current_snapshot_id}};
    const Duration start = clock.monotonic();
    K2I_ASSIGN_OR_RETURN(table,
                         parts.catalog->CommitTable(table, same, updates, random.TimeOrderedUuid(clock.wall_ms())));
    milliseconds.push_back(std::chrono::duration<double, std::milli>(clock.monotonic() - start).count());
  }
  K2I_RETURN_IF_ERROR(parts.catalog->DropTable(name));
  std::ranges::sort(milliseconds);
  return milliseconds;
}

bool Report(const char* path, int commits) {
  const auto sorted = Measure(path, commits);
  if (!sorted.has_value()) {
    std::fprintf(stderr, "%s: %s\n", path, sorted.error().ToString().c_str());
    return false;
  }
  const auto at = [&](size_t percent) { return (*sorted)[(sorted->size() - 1) * percent / 100]; };
  std::printf("%s: %zu commits, P50 %.1f ms, P90 %.1f ms, P99 %.1f ms, longest %.1f ms\n", path, sorted->size(), at(50),
              at(90), at(99), sorted->back());
  std::fflush(stdout);
  return true;
}

}  // namespace
}  // namespace k2i

int main(int argc, char** argv) {
  const int commits = argc > 1 ? std::atoi(argv[1]) : 0;
  if (argc < 3 || commits < 1) {
    std::fprintf(stderr, "usage: catalog_commit COMMITS CONFIG…\n");
    return 64;
  }
  bool all = true;
  for (int i = 2; i < argc && all; ++i) all = k2i::Report(argv[i], commits);
  return all ? 0 : 1;
}
