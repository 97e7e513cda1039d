// SPDX-License-Identifier: Apache-2.0
#include "cli/table_describe.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>

#include "base/json_text.h"
#include "cli/table_text.h"
#include "iceberg/model/json.h"

namespace k2i::cli {
namespace {

using iceberg::Snapshot;
using iceberg::SnapshotRef;
using iceberg::TableMetadata;
using nlohmann::ordered_json;

constexpr size_t kShownSnapshots = 10;

std::string Moment(int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::string SummaryOr(const Snapshot& snapshot, const std::string& key, std::string fallback) {
  const auto found = snapshot.summary.find(key);
  return found == snapshot.summary.end() ? std::move(fallback) : found->second;
}

/// Of the branch's head; nullopt where a writer has not counted.
struct Counts {
  std::optional<int64_t> data_files = 0, delete_files = 0, rows = 0;
};

Counts CountOf(const std::vector<iceberg::ManifestFile>& manifests) {
  Counts counts;
  for (const auto& manifest : manifests) {
    const bool data = manifest.content == iceberg::ManifestFile::Content::kData;
    auto& files = data ? counts.data_files : counts.delete_files;
    if (manifest.added_files_count < 0 || manifest.existing_files_count < 0) {
      files = std::nullopt;
    } else if (files) {
      *files += manifest.added_files_count + manifest.existing_files_count;
    }
    if (!data) continue;
    if (manifest.added_rows_count < 0 || manifest.existing_rows_count < 0) counts.rows = std::nullopt;
    if (counts.rows) *counts.rows += manifest.added_rows_count + manifest.existing_rows_count;
  }
  return counts;
}

std::string Dash(const std::optional<int64_t>& value) { return value ? std::to_string(*value) : "-"; }

std::string NameOf(const TableMetadata& table, int32_t field_id) {
  const auto* field = table.current_schema().FindField(field_id);
  return field == nullptr ? fmt::format("field {}", field_id) : field->name;
}

std::string Columns(const TableMetadata& table) {
  TextTable text{.columns = {{"id", true}, {"column"}, {"type"}, {"null"}, {"doc"}}, .rows = {}};
  for (const auto& field : table.current_schema().fields()) {
    text.rows.push_back({std::to_string(field.field_id), Printable(field.name), field.type->ToString(),
                         field.optional ? "yes" : "no", Printable(field.doc)});
  }
  return RenderTable(text, 0).text;
}

std::string Layout(const TableMetadata& table) {
  std::string text = "partitioned by: ";
  for (const auto& field : table.default_spec().fields) {
    text += fmt::format("{}({}) as {}, ", field.transform.ToString(), NameOf(table, field.source_id), field.name);
  }
  text = table.default_spec().fields.empty() ? text + "nothing\n" : text.substr(0, text.size() - 2) + "\n";
  text += "sorted by:      ";
  const auto& order = table.default_sort_order();
  if (order.fields.empty()) return text + "nothing\n";
  for (const auto& field : order.fields) {
    text += fmt::format("{}({}) {} nulls {}, ", field.transform.ToString(), NameOf(table, field.source_id),
                        field.ascending ? "asc" : "desc", field.nulls_first ? "first" : "last");
  }
  return text.substr(0, text.size() - 2) + "\n";
}

std::string Snapshots(const TableMetadata& table) {
  const size_t all = table.snapshots.size();
  std::string text = fmt::format("snapshots: {}{}\n", all,
                                 all > kShownSnapshots ? fmt::format(", the newest {} of them", kShownSnapshots) : "");
  if (all == 0) return text;
  TextTable rows{.columns = {{"snapshot", true}, {"at"}, {"operation"}, {"rows added", true}, {"rows", true}},
                 .rows = {}};
  for (const Snapshot& snapshot : table.snapshots | std::views::reverse | std::views::take(kShownSnapshots)) {
    rows.rows.push_back({std::to_string(snapshot.snapshot_id), Moment(snapshot.timestamp_ms),
                         SummaryOr(snapshot, "operation", "-"), SummaryOr(snapshot, "added-records", "0"),
                         SummaryOr(snapshot, "total-records", "-")});
  }
  text += RenderTable(rows, 0).text;
  for (const auto& [name, ref] : table.refs) {
    text += fmt::format("{} {} → {}\n", ref.kind == SnapshotRef::Kind::kTag ? "tag" : "branch", Printable(name),
                        ref.snapshot_id);
  }
  return text;
}

std::string State(const TableView& view) {
  std::string text;
  for (const auto& pipeline : view.pipelines) {
    text += fmt::format("pipeline {}: ", Printable(pipeline.name));
    if (!pipeline.error.empty()) {
      text += pipeline.error + "\n";
    } else if (!pipeline.boundary) {
      text += "no boundary\n";
    } else {
      const auto next = pipeline.boundary->progress.Vector();
      text += fmt::format("a boundary of {} partitions\n", next.size());
      for (const auto& [partition, offset] : next) {
        text += fmt::format("  {}/{} goes on at {}\n", partition.topic, partition.partition.value, offset.value);
      }
    }
  }
  for (const auto& lease : view.leases) {
    text += fmt::format("lease {}: snapshot {} until {}{}\n", Printable(lease.id), lease.snapshot_id,
                        Moment(lease.until_ms), lease.until_ms < view.now_ms ? " (over)" : "");
  }
  return text;
}

ordered_json OrNull(const std::optional<int64_t>& value) { return value ? ordered_json(*value) : ordered_json(); }

ordered_json PipelineJson(const TableView::Pipeline& pipeline) {
  ordered_json json{{"pipeline", pipeline.name}, {"offsets", nullptr}, {"snapshot_id", nullptr}};
  if (!pipeline.error.empty()) json["error"] = pipeline.error;
  if (!pipeline.boundary) return json;
  auto offsets = ordered_json::object();
  for (const auto& [partition, next] : pipeline.boundary->progress.Vector()) {
    offsets[partition.topic][std::to_string(partition.partition.value)] = next.value;
  }
  json["offsets"] = std::move(offsets);
  json["snapshot_id"] = OrNull(pipeline.boundary->snapshot_id);
  return json;
}

/// A count of the head's summary; null where there is none.
ordered_json TotalJson(const Snapshot* head, const std::string& key) {
  const std::string text = head == nullptr ? "" : SummaryOr(*head, key, "");
  const ordered_json value = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_number_integer() ? value : ordered_json();
}

}  // namespace

std::string DescribeText(const TableView& view) {
  const TableMetadata& table = *view.table.metadata;
  const Counts counts = CountOf(view.manifests);
  const Snapshot* head = table.FindRef(view.branch);
  std::string text = fmt::format("table {}, format version {}\nlocation: {}\nmetadata: {}\nupdated:  {}\n\n",
                                 view.table.identifier.ToString(), table.format_version, table.location,
                                 view.table.metadata_location, Moment(table.last_updated_ms));
  text += Columns(table) + Layout(table);
  if (!table.properties.empty()) text += "properties:\n";
  for (const auto& [key, value] : table.properties)
    text += fmt::format("  {} = {}\n", Printable(key), Printable(value));
  text += fmt::format("branch {}: {} rows in {} data files, {} delete files, {} manifests{}\n", view.branch,
                      Dash(counts.rows), Dash(counts.data_files), Dash(counts.delete_files), view.manifests.size(),
                      head == nullptr ? " (no snapshot)"
                                      : ", " + SummaryOr(*head, "total-files-size", "an unknown number of") + " bytes");
  return text + Snapshots(table) + State(view);
}

std::string DescribeJson(const TableView& view) {
  const TableMetadata& table = *view.table.metadata;
  const Counts counts = CountOf(view.manifests);
  const Snapshot* head = table.FindRef(view.branch);
  const auto& order = table.default_sort_order();
  ordered_json json{{"table", view.table.identifier.ToString()},
                    {"uuid", table.table_uuid},
                    {"format_version", table.format_version},
                    {"location", table.location},
                    {"metadata_location", view.table.metadata_location},
                    {"updated_ms", table.last_updated_ms},
                    {"schema", iceberg::SchemaToJson(table.current_schema())},
                    {"partition_spec", iceberg::PartitionSpecToJson(table.default_spec())},
                    {"sort_order", order.fields.empty() ? nlohmann::json() : iceberg::SortOrderToJson(order)},
                    {"properties", table.properties},
                    {"branch", view.branch},
                    {"current_snapshot_id", head == nullptr ? ordered_json() : ordered_json(head->snapshot_id)},
                    {"files",
                     {{"data_files", OrNull(counts.data_files)},
                      {"delete_files", OrNull(counts.delete_files)},
                      {"rows", OrNull(counts.rows)},
                      {"bytes", TotalJson(head, "total-files-size")},
                      {"manifests", view.manifests.size()}}},
                    {"snapshots", ordered_json::array()},
                    {"refs", ordered_json::object()},
                    {"pipelines", ordered_json::array()},
                    {"leases", ordered_json::array()}};
  for (const Snapshot& snapshot : table.snapshots)
    json["snapshots"].push_back(ordered_json(iceberg::SnapshotToJson(snapshot)));
  for (const auto& [name, ref] : table.refs) json["refs"][name] = iceberg::SnapshotRefToJson(ref);
  for (const auto& pipeline : view.pipelines) json["pipelines"].push_back(PipelineJson(pipeline));
  for (const auto& lease : view.leases) {
    json["leases"].push_back({{"id", lease.id},
                              {"snapshot_id", lease.snapshot_id},
                              {"until_ms", lease.until_ms},
                              {"over", lease.until_ms < view.now_ms}});
  }
  return OrderedJsonText(json) + "\n";
}

}  // namespace k2i::cli
