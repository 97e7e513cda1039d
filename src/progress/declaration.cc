// SPDX-License-Identifier: Apache-2.0
#include "progress/declaration.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::progress {
namespace {

using nlohmann::json;

std::unexpected<Error> Unreadable(std::string what) {
  return Fail(ErrorCode::kCorruption, std::move(what) + " cannot be read; a newer K2I wrote it?");
}

Result<Declaration> FromJson(const json& each, const std::string& where) {
  Declaration declaration;
  if (!each.is_object() || !each.contains("snapshot") || !each["snapshot"].is_number_integer() ||
      !each.contains("sequence") || !each["sequence"].is_number_integer()) {
    return Unreadable(where);
  }
  declaration.snapshot_id = each["snapshot"];
  declaration.sequence_number = each["sequence"];
  declaration.adopted = each.contains("adopt");
  if (each.contains("rewind")) {
    K2I_ASSIGN_OR_RETURN(declaration.moved, RangesFromJson(each["rewind"]));
  }
  return declaration;
}

}  // namespace

std::string DeclaredPropertyName(std::string_view pipeline) { return fmt::format("k2i.{}.declared", pipeline); }

Result<std::optional<Declaration>> DeclarationOf(const iceberg::Snapshot& snapshot) {
  const auto rewind = snapshot.summary.find(std::string(kRewindKey));
  Declaration declaration{.snapshot_id = snapshot.snapshot_id,
                          .sequence_number = snapshot.sequence_number,
                          .moved = {},
                          .adopted = snapshot.summary.contains(std::string(kAdoptKey))};
  if (rewind == snapshot.summary.end()) {
    return declaration.adopted ? std::optional(std::move(declaration)) : std::nullopt;
  }
  auto moved = ParseRanges(rewind->second);
  if (!moved) return Unreadable(fmt::format("{} of snapshot {}", kRewindKey, snapshot.snapshot_id));
  declaration.moved = std::move(*moved);
  return declaration;
}

std::string DeclarationsJson(const std::vector<Declaration>& declarations) {
  json all = json::array();
  for (const auto& declaration : declarations) {
    json each{{"snapshot", declaration.snapshot_id}, {"sequence", declaration.sequence_number}};
    if (!declaration.moved.empty()) each["rewind"] = ToJson(declaration.moved);
    if (declaration.adopted) each["adopt"] = true;
    all.push_back(std::move(each));
  }
  return all.dump();
}

Result<std::vector<Declaration>> ReadDeclarations(const iceberg::TableMetadata& table, std::string_view pipeline,
                                                  std::string_view branch) {
  const auto ancestry = Ancestry(table, branch);
  const auto in_branch = [&](int64_t id) {
    return std::ranges::find(ancestry, id, [](const auto* snapshot) { return snapshot->snapshot_id; }) !=
           ancestry.end();
  };
  std::vector<Declaration> found;
  const std::string name = DeclaredPropertyName(pipeline);
  if (const auto property = table.properties.find(name); property != table.properties.end()) {
    const json all = json::parse(property->second, nullptr, /*allow_exceptions=*/false);
    if (!all.is_array()) return Unreadable("table property " + name);
    for (const auto& each : all) {
      K2I_ASSIGN_OR_RETURN(auto declaration, FromJson(each, "table property " + name));
      const bool rolled_back =
          table.FindSnapshot(declaration.snapshot_id) != nullptr && !in_branch(declaration.snapshot_id);
      if (!rolled_back) found.push_back(std::move(declaration));
    }
  }
  for (const auto* snapshot : ancestry) {
    const auto owner = snapshot->summary.find(std::string(kPipelineKey));
    if (owner == snapshot->summary.end() || owner->second != pipeline) continue;
    K2I_ASSIGN_OR_RETURN(auto declaration, DeclarationOf(*snapshot));
    const bool known = std::ranges::find(found, snapshot->snapshot_id, &Declaration::snapshot_id) != found.end();
    if (declaration && !known) found.push_back(std::move(*declaration));
  }
  std::ranges::sort(found, {}, &Declaration::sequence_number);
  return found;
}

}  // namespace k2i::progress
