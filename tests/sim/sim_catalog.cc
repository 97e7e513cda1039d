// SPDX-License-Identifier: Apache-2.0
#include "sim/fakes.h"

namespace k2i::sim {
namespace {

using iceberg::LoadedTable;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLatency = milliseconds(15);

std::unexpected<Error> CatalogError(ErrorCode code, const char* what) { return Fail(code, what, Component::kCatalog); }

const iceberg::Snapshot* Added(const std::vector<iceberg::TableUpdate>& updates) {
  for (const auto& update : updates) {
    if (const auto* add = std::get_if<iceberg::update::AddSnapshot>(&update)) return &add->snapshot;
  }
  return nullptr;
}

int64_t AddedSnapshot(const std::vector<iceberg::TableUpdate>& updates) {
  const auto* snapshot = Added(updates);
  return snapshot == nullptr ? 0 : snapshot->snapshot_id;
}

/// A commit of files that an earlier life has written.
bool IsAdoption(const World& world, const std::string& who, const std::vector<iceberg::TableUpdate>& updates) {
  const auto* snapshot = Added(updates);
  if (snapshot == nullptr || !snapshot->summary.contains("k2i.flush-id")) return false;
  const auto owner = world.file_owner.find(snapshot->summary.at("k2i.flush-id"));
  return owner != world.file_owner.end() && !who.starts_with(owner->second);
}

}  // namespace

Result<LoadedTable> ApplyCommit(World& world, const std::string& who, const LoadedTable& base,
                                const std::vector<iceberg::TableRequirement>& requirements,
                                const std::vector<iceberg::TableUpdate>& updates) {
  const auto before = world.catalog.LoadTable(base.identifier);
  auto after = world.catalog.CommitTable(base, requirements, updates, "");
  const int64_t snapshot = AddedSnapshot(updates);
  if (!after) {
    world.Event(who, "commit of " + std::to_string(snapshot) + " refused: " + after.error().ToString());
    if (after.error().code == ErrorCode::kCommitConflict) world.Count("conflict");
    return after;
  }
  world.Event(who, base.identifier.name + ": snapshot " + std::to_string(snapshot) + " is in");
  world.Count("commit");
  if (IsAdoption(world, who, updates)) world.Count("flush adopted");
  world.ledger.OnChange(world.now(), base.identifier.name, before ? before->metadata.get() : nullptr, *after->metadata);
  return after;
}

Status SimCatalog::Reach(const char* what) {
  K2I_RETURN_IF_ERROR(world_.Moment(life_, kLatency, what));
  if (!world_.calm && world_.now() < world_.catalog_back) {
    world_.Count("catalog away");
    return CatalogError(ErrorCode::kUnavailable, "connection refused");
  }
  return {};
}

Result<LoadedTable> SimCatalog::LoadTable(const iceberg::TableIdentifier& table) {
  K2I_RETURN_IF_ERROR(Reach("at a load"));
  if (world_.Chance(world_.scenario.rates.load_lost)) return CatalogError(ErrorCode::kTimeout, "no answer to a load");
  auto loaded = world_.catalog.LoadTable(table);
  K2I_RETURN_IF_ERROR(world_.Moment(life_, kLatency, "at the answer to a load"));
  return loaded;
}

Result<std::vector<iceberg::TableIdentifier>> SimCatalog::ListTables() {
  K2I_RETURN_IF_ERROR(Reach("at a listing"));
  return world_.catalog.ListTables();
}

Result<LoadedTable> SimCatalog::CreateTable(const iceberg::TableIdentifier& table,
                                            const iceberg::CreateTableRequest& request) {
  K2I_RETURN_IF_ERROR(Reach("at a create"));
  if (world_.Chance(world_.scenario.rates.commit_lost)) return CatalogError(ErrorCode::kUnavailable, "refused");
  auto created = world_.catalog.CreateTable(table, request);
  world_.Event(life_.name, "create of " + table.name + (created ? ": done" : ": " + created.error().ToString()));
  if (!created) world_.Count("create raced");
  const bool lost = world_.Chance(world_.scenario.rates.reply_lost);
  K2I_RETURN_IF_ERROR(world_.Moment(life_, kLatency, "at the answer to a create"));
  if (lost) return CatalogError(ErrorCode::kCommitStateUnknown, "no answer to a create");
  return created;
}

Result<LoadedTable> SimCatalog::CommitTable(const LoadedTable& base,
                                            const std::vector<iceberg::TableRequirement>& requirements,
                                            const std::vector<iceberg::TableUpdate>& updates, const std::string&) {
  const auto& rates = world_.scenario.rates;
  const std::string id = std::to_string(AddedSnapshot(updates));
  K2I_RETURN_IF_ERROR(Reach("at a commit"));
  if (world_.Chance(rates.commit_lost)) {
    world_.Count("request lost");
    return CatalogError(ErrorCode::kUnavailable, "connection refused");
  }
  if (world_.Chance(rates.refused)) {
    world_.Count("commit refused for good");
    world_.Event(life_.name, "commit of " + id + " refused for good");
    return CatalogError(ErrorCode::kPermissionDenied, "not allowed (simulated)");
  }
  if (world_.Chance(rates.commit_unknown)) {
    world_.Count("request lost, not known");
    world_.Event(life_.name, "commit of " + id + " is lost on its way");
    K2I_RETURN_IF_ERROR(world_.Moment(life_, seconds(2), "waiting for an answer"));
    return CatalogError(ErrorCode::kCommitStateUnknown, "no answer");
  }
  const bool delayed = world_.Chance(rates.delayed);
  if (delayed || world_.Chance(rates.duplicated)) {
    const auto longest = static_cast<uint64_t>(world_.scenario.longest_delay / milliseconds(1));
    const Duration later =
        milliseconds(world_.random.Below(3) == 0 ? world_.random.Below(longest) : world_.random.Below(3'000));
    ++world_.requests_under_way;
    world_.scheduler.At(world_.now() + later, [&world = world_, who = life_.name, base, requirements, updates] {
      --world.requests_under_way;
      const auto landed = ApplyCommit(world, who + " (late)", base, requirements, updates);
      world.Count(landed ? "delayed commit landed" : "delayed duplicate refused");
    });
  }
  if (delayed) {
    world_.Event(life_.name, "commit of " + id + " is delayed");
    K2I_RETURN_IF_ERROR(world_.Moment(life_, seconds(1), "waiting for an answer"));
    return CatalogError(ErrorCode::kCommitStateUnknown, "no answer yet");
  }
  auto committed = ApplyCommit(world_, life_.name, base, requirements, updates);
  const bool lost = world_.Chance(rates.reply_lost);
  K2I_RETURN_IF_ERROR(world_.Moment(life_, kLatency, "at the answer to a commit"));
  if (lost) {
    world_.Count("reply lost");
    world_.Event(life_.name, "the answer to commit " + id + " is lost");
    return CatalogError(ErrorCode::kCommitStateUnknown, "connection reset");
  }
  return committed;
}

}  // namespace k2i::sim
