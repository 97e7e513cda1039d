// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "iceberg/update/append.h"
#include "sim/fakes.h"
#include "sim/process.h"
#include "sim/trouble.h"

namespace k2i::sim {
namespace {

using iceberg::LoadedTable;
using iceberg::TableMetadata;

constexpr const char* kTag = "k2i-p";
constexpr const char* kProperty = "k2i.p.offsets";

/// One of the two tables, if it is there.
Result<LoadedTable> AnyTable(World& world) {
  return world.catalog.LoadTable(world.random.Below(4) == 0 ? kDeadLetters : kTable);
}

bool HistorySays(const TableMetadata& table) {
  for (const auto* s = table.FindRef("main"); s != nullptr;) {
    if (s->summary.contains("k2i.offsets")) return true;
    s = s->parent_snapshot_id ? table.FindSnapshot(*s->parent_snapshot_id) : nullptr;
  }
  return false;
}

void Apply(World& world, const LoadedTable& table, const std::vector<iceberg::TableUpdate>& updates, const char* what) {
  world.Event("foreign", table.identifier.name + ": " + what);
  (void)ApplyCommit(world, "foreign", table, {}, updates);
}

void CommitTo(World& world, const Result<LoadedTable>& table) {
  if (!table || table->metadata->FindRef("main") == nullptr) return;
  iceberg::Append append(world.store,
                         {.snapshot_id = world.random.PositiveInt64(), .commit_uuid = world.random.Uuid()});
  auto snapshot = append.Prepare(*table->metadata, world.clock.wall_ms());
  if (!snapshot) return world.Break("foreign-commit-failed", snapshot.error().ToString());
  snapshot->summary["operation"] = "replace";
  Apply(world, *table,
        {iceberg::update::AddSnapshot{*snapshot},
         iceberg::update::SetSnapshotRef{"main", {.snapshot_id = snapshot->snapshot_id}}},
        "another engine commits");
  world.Count("foreign commit");
}

void ExpireOf(World& world, const Result<LoadedTable>& table) {
  if (!table) return;
  const auto& metadata = *table->metadata;
  // Where nothing else says where to go on, the operator has been told not to.
  if (!metadata.refs.contains(kTag) && !metadata.properties.contains(kProperty)) return;
  std::set<int64_t> kept;
  for (const auto& [name, ref] : metadata.refs) kept.insert(ref.snapshot_id);
  std::set<std::string> lists_kept;
  std::vector<int64_t> expired;
  for (const auto& snapshot : metadata.snapshots) {
    if (kept.contains(snapshot.snapshot_id))
      lists_kept.insert(snapshot.manifest_list);
    else
      expired.push_back(snapshot.snapshot_id);
  }
  if (expired.empty()) return;
  Apply(world, *table, {iceberg::update::RemoveSnapshots{expired}}, "snapshots are expired");
  for (const auto id : expired) {
    const auto& list = metadata.FindSnapshot(id)->manifest_list;
    if (!lists_kept.contains(list)) (void)world.store.Delete(list);
  }
  world.Count("expiry");
}

}  // namespace

void ForeignCommit(World& world) { CommitTo(world, AnyTable(world)); }
void ExpireSnapshots(World& world) { ExpireOf(world, AnyTable(world)); }

void TakeOver(World& world) {
  const auto table = world.catalog.LoadTable(kTable);
  if (!table || !table->metadata->properties.contains(kProperty)) return;
  if (table->metadata->refs.contains(kTag)) {
    Apply(world, *table, {iceberg::update::RemoveSnapshotRef{kTag}}, "the tag is dropped");
  }
  CommitTo(world, world.catalog.LoadTable(kTable));
  ExpireOf(world, world.catalog.LoadTable(kTable));
  world.Count("history taken over");
}

void DropTag(World& world) {
  const auto table = AnyTable(world);
  if (!table || !table->metadata->refs.contains(kTag)) return;
  if (!table->metadata->properties.contains(kProperty) && !HistorySays(*table->metadata)) return;
  Apply(world, *table, {iceberg::update::RemoveSnapshotRef{kTag}}, "the tag is dropped");
  world.Count("tag dropped");
}

void DropProperty(World& world) {
  const auto table = AnyTable(world);
  if (!table || !table->metadata->properties.contains(kProperty)) return;
  if (!table->metadata->refs.contains(kTag) && !HistorySays(*table->metadata)) return;
  Apply(world, *table, {iceberg::update::RemoveProperties{{kProperty}}}, "the property is dropped");
  world.Count("property dropped");
}

}  // namespace k2i::sim
