// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/json_text.h"
#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

constexpr int32_t kHighestFormatVersion = 3;
constexpr int64_t kNoSnapshot = -1;  // how some writers say that there is none
/// Nothing of a table nests so deeply; the bound keeps a hostile document from using up the stack when it is written
/// again, members that we do not know included.
constexpr int kMaxJsonDepth = 1000;

bool NestsTooDeeply(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;  // the character behind it, a quote perhaps
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

template <typename T>
Result<std::vector<T>> ListOf(const JsonView& json, std::string_view key, Result<T> (*parse)(const JsonView&)) {
  std::vector<T> items;
  const auto list = json.Find(key);
  if (!list.has_value()) return items;
  K2I_ASSIGN_OR_RETURN(const auto elements, list->Elements());
  items.reserve(elements.size());
  for (const JsonView& element : elements) {
    K2I_ASSIGN_OR_RETURN(T item, parse(element));
    items.push_back(std::move(item));
  }
  return items;
}

/// A member that v2 requires and v1 may leave out.
template <typename T>
Result<T> GetSinceV2(const JsonView& json, const TableMetadata& metadata, std::string_view key, T v1_default) {
  if (metadata.format_version >= 2) return json.Get<T>(key);
  K2I_ASSIGN_OR_RETURN(auto value, json.GetOptional<T>(key));
  return std::move(value).value_or(std::move(v1_default));
}

Result<int32_t> ReadFormatVersion(const JsonView& json) {
  K2I_ASSIGN_OR_RETURN(const int32_t version, json.Get<int32_t>("format-version"));
  if (version < 1) return json.Malformed(fmt::format("format-version {} does not exist", version));
  if (version > kHighestFormatVersion) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{}: format-version {} is newer than the highest known, {}",
                                                      json.path(), version, kHighestFormatVersion));
  }
  return version;
}

Status ReadHead(const JsonView& json, TableMetadata& metadata) {
  K2I_ASSIGN_OR_RETURN(metadata.format_version, ReadFormatVersion(json));
  K2I_ASSIGN_OR_RETURN(metadata.table_uuid, GetSinceV2<std::string>(json, metadata, "table-uuid", ""));
  K2I_ASSIGN_OR_RETURN(metadata.location, json.Get<std::string>("location"));
  K2I_ASSIGN_OR_RETURN(metadata.last_sequence_number, GetSinceV2<int64_t>(json, metadata, "last-sequence-number", 0));
  K2I_ASSIGN_OR_RETURN(metadata.last_updated_ms, json.Get<int64_t>("last-updated-ms"));
  if (metadata.format_version >= 3) {
    K2I_ASSIGN_OR_RETURN(metadata.next_row_id, json.Get<int64_t>("next-row-id"));
  }
  if (const auto properties = json.Find("properties")) {
    K2I_ASSIGN_OR_RETURN(metadata.properties, properties->StringMap());
  }
  return {};
}

Status ReadSchemas(const JsonView& json, TableMetadata& metadata) {
  K2I_ASSIGN_OR_RETURN(metadata.last_column_id, json.Get<int32_t>("last-column-id"));
  K2I_ASSIGN_OR_RETURN(metadata.schemas, ListOf(json, "schemas", SchemaFromJson));
  if (metadata.schemas.empty() && metadata.format_version == 1) {
    K2I_ASSIGN_OR_RETURN(const JsonView legacy, json.At("schema"));
    K2I_ASSIGN_OR_RETURN(metadata.schemas.emplace_back(), SchemaFromJson(legacy));
  }
  const int32_t first_id = metadata.schemas.empty() ? 0 : metadata.schemas.front().schema_id;
  K2I_ASSIGN_OR_RETURN(metadata.current_schema_id, GetSinceV2(json, metadata, "current-schema-id", first_id));
  if (metadata.FindSchema(metadata.current_schema_id) == nullptr) {
    return json.Malformed(fmt::format("current-schema-id {} is not among the schemas", metadata.current_schema_id));
  }
  return {};
}

int32_t HighestPartitionFieldId(const std::vector<PartitionSpec>& specs) {
  int32_t highest = 999;
  for (const PartitionSpec& spec : specs) {
    for (const PartitionField& field : spec.fields) highest = std::max(highest, field.field_id);
  }
  return highest;
}

Status ReadSpecs(const JsonView& json, TableMetadata& metadata) {
  K2I_ASSIGN_OR_RETURN(metadata.partition_specs, ListOf(json, "partition-specs", PartitionSpecFromJson));
  if (metadata.partition_specs.empty() && metadata.format_version == 1) {
    K2I_ASSIGN_OR_RETURN(const JsonView legacy, json.At("partition-spec"));
    K2I_ASSIGN_OR_RETURN(metadata.partition_specs.emplace_back().fields, PartitionFieldsFromJson(legacy));
  }
  K2I_ASSIGN_OR_RETURN(metadata.default_spec_id, GetSinceV2<int32_t>(json, metadata, "default-spec-id", 0));
  const int32_t highest = HighestPartitionFieldId(metadata.partition_specs);
  K2I_ASSIGN_OR_RETURN(metadata.last_partition_id, GetSinceV2(json, metadata, "last-partition-id", highest));
  const auto& specs = metadata.partition_specs;
  if (std::ranges::find(specs, metadata.default_spec_id, &PartitionSpec::spec_id) == specs.end()) {
    return json.Malformed(fmt::format("default-spec-id {} is not among the specs", metadata.default_spec_id));
  }
  return {};
}

Status ReadSortOrders(const JsonView& json, TableMetadata& metadata) {
  K2I_ASSIGN_OR_RETURN(metadata.sort_orders, ListOf(json, "sort-orders", SortOrderFromJson));
  if (metadata.sort_orders.empty() && metadata.format_version == 1) metadata.sort_orders.emplace_back();
  K2I_ASSIGN_OR_RETURN(metadata.default_sort_order_id, GetSinceV2<int32_t>(json, metadata, "default-sort-order-id", 0));
  const auto& orders = metadata.sort_orders;
  if (std::ranges::find(orders, metadata.default_sort_order_id, &SortOrder::order_id) == orders.end()) {
    return json.Malformed(
        fmt::format("default-sort-order-id {} is not among the orders", metadata.default_sort_order_id));
  }
  return {};
}

/// Older writers know no refs: the current snapshot is the head of main.
Status JoinMainToCurrentSnapshot(const JsonView& json, TableMetadata& metadata) {
  const auto main = metadata.refs.find("main");
  if (main == metadata.refs.end()) {
    if (metadata.current_snapshot_id) metadata.refs["main"] = SnapshotRef{.snapshot_id = *metadata.current_snapshot_id};
    return {};
  }
  if (metadata.current_snapshot_id != main->second.snapshot_id) {
    return json.Malformed("current-snapshot-id is not the head of branch main");
  }
  return {};
}

Status ReadRefs(const JsonView& json, TableMetadata& metadata) {
  if (const auto refs = json.Find("refs")) {
    K2I_ASSIGN_OR_RETURN(const auto members, refs->Members());
    for (const auto& [name, ref] : members) {
      K2I_ASSIGN_OR_RETURN(metadata.refs[name], SnapshotRefFromJson(ref));
    }
  }
  K2I_RETURN_IF_ERROR(JoinMainToCurrentSnapshot(json, metadata));
  for (const auto& [name, ref] : metadata.refs) {
    if (metadata.FindSnapshot(ref.snapshot_id) == nullptr) {
      return json.Malformed(fmt::format("ref {} points to snapshot {}, which is not there", name, ref.snapshot_id));
    }
  }
  return {};
}

Result<MetadataLogEntry> MetadataLogEntryFromJson(const JsonView& json) {
  MetadataLogEntry entry;
  K2I_ASSIGN_OR_RETURN(entry.timestamp_ms, json.Get<int64_t>("timestamp-ms"));
  K2I_ASSIGN_OR_RETURN(entry.metadata_file, json.Get<std::string>("metadata-file"));
  entry.other = MembersBeyond(json, {"timestamp-ms", "metadata-file"});
  return entry;
}

/// Reads a list that TakeHistoryOut has taken out.
template <typename T>
class HistoryReader {
 public:
  HistoryReader(std::string path, const HistoryList<T>* known, Result<T> (*parse)(const JsonView&))
      : path_(std::move(path)), known_(known), parse_(parse) {}

  Result<HistoryList<T>> Read(const std::vector<std::string_view>& texts) && {
    read_.reserve(texts.size());
    for (const std::string_view text : texts) K2I_RETURN_IF_ERROR(ReadOne(text));
    return std::move(read_);
  }

 private:
  Status ReadOne(std::string_view text) {
    if (known_ != nullptr && next_ < known_->size() && known_->HasJson(next_, text)) {
      read_.AppendShared(*known_, next_++);
      return {};
    }
    const std::string path = fmt::format("{}[{}]", path_, read_.size());
    K2I_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text, path));
    K2I_ASSIGN_OR_RETURN(T element, parse_(JsonView(json, path)));
    if (known_ != nullptr) next_ = PositionBehind(element.snapshot_id);
    read_.Append(std::move(element), text);
    return {};
  }

  /// Where `known` goes on after the snapshot; where it was, if it does not know that. Most often it ends here, or goes
  /// on close by, behind an element that has changed or a few that have gone.
  size_t PositionBehind(int64_t snapshot_id) {
    for (size_t i = next_; i < std::min(next_ + 4, known_->size()); ++i) {
      if ((*known_)[i].snapshot_id == snapshot_id) return i + 1;
    }
    if (next_ == known_->size()) return next_;
    if (positions_.empty()) {
      for (size_t i = 0; i < known_->size(); ++i) positions_[(*known_)[i].snapshot_id] = i;
    }
    const auto found = positions_.find(snapshot_id);
    return found == positions_.end() ? next_ : found->second + 1;
  }

  const std::string path_;
  const HistoryList<T>* const known_;
  Result<T> (*const parse_)(const JsonView&);
  HistoryList<T> read_;
  size_t next_ = 0;                                // in known_: what is expected to come
  std::unordered_map<int64_t, size_t> positions_;  // in known_, once something else came
};

template <typename T>
Result<HistoryList<T>> HistoryOf(const JsonView& json, std::string_view key,
                                 const std::vector<std::string_view>& taken_out, const HistoryList<T>* known,
                                 Result<T> (*parse)(const JsonView&)) {
  if (!taken_out.empty()) return HistoryReader<T>(json.path() + "." + std::string(key), known, parse).Read(taken_out);
  K2I_ASSIGN_OR_RETURN(std::vector<T> left, ListOf(json, key, parse));
  HistoryList<T> list;
  for (T& each : left) list.push_back(std::move(each));
  return list;
}

Status ReadHistory(const JsonView& json, const HistoryText& text, const TableMetadata* known, TableMetadata& metadata) {
  const bool any = known != nullptr;
  K2I_ASSIGN_OR_RETURN(metadata.snapshots, HistoryOf(json, "snapshots", text.snapshots,
                                                     any ? &known->snapshots : nullptr, SnapshotFromJson));
  K2I_ASSIGN_OR_RETURN(metadata.snapshot_log,
                       HistoryOf(json, "snapshot-log", text.snapshot_log, any ? &known->snapshot_log : nullptr,
                                 SnapshotLogEntryFromJson));
  K2I_ASSIGN_OR_RETURN(metadata.metadata_log, ListOf(json, "metadata-log", MetadataLogEntryFromJson));
  K2I_ASSIGN_OR_RETURN(metadata.current_snapshot_id, json.GetOptional<int64_t>("current-snapshot-id"));
  if (metadata.current_snapshot_id == kNoSnapshot) metadata.current_snapshot_id.reset();
  if (metadata.current_snapshot_id && metadata.FindSnapshot(*metadata.current_snapshot_id) == nullptr) {
    return json.Malformed(
        fmt::format("current-snapshot-id {} is not among the snapshots", *metadata.current_snapshot_id));
  }
  return ReadRefs(json, metadata);
}

}  // namespace

Result<TableMetadata> TableMetadataFromJson(const JsonView& json, const HistoryText& text, const TableMetadata* known) {
  TableMetadata metadata;
  K2I_RETURN_IF_ERROR(ReadHead(json, metadata));
  K2I_RETURN_IF_ERROR(ReadSchemas(json, metadata));
  K2I_RETURN_IF_ERROR(ReadSpecs(json, metadata));
  K2I_RETURN_IF_ERROR(ReadSortOrders(json, metadata));
  K2I_RETURN_IF_ERROR(ReadHistory(json, text, known, metadata));
  metadata.other = MembersBeyond(
      json, {"format-version", "table-uuid",      "location",     "last-sequence-number", "last-updated-ms",
             "last-column-id", "schemas",         "schema",       "current-schema-id",    "partition-specs",
             "partition-spec", "default-spec-id", "properties",   "last-partition-id",    "current-snapshot-id",
             "snapshots",      "snapshot-log",    "metadata-log", "sort-orders",          "default-sort-order-id",
             "refs",           "next-row-id"});
  return metadata;
}

Result<TableMetadata> ParseTableMetadata(std::string_view json, const TableMetadata* known) {
  const HistoryText text = TakeHistoryOut(json, "");
  K2I_ASSIGN_OR_RETURN(const nlohmann::json rest, ParseJson(text.rest, "table metadata"));
  return TableMetadataFromJson(JsonView(rest, "table metadata"), text, known);
}

OtherMembers MembersBeyond(const JsonView& json, std::initializer_list<std::string_view> modelled) {
  OtherMembers members;
  if (!json.value().is_object()) return members;
  for (const auto& [key, value] : json.value().items()) {
    if (std::ranges::find(modelled, key) == modelled.end()) members[key] = JsonText(value);
  }
  return members;
}

Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what) {
  if (NestsTooDeeply(text)) return Fail(ErrorCode::kCorruption, fmt::format("{}: nested too deeply", what));
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return Fail(ErrorCode::kCorruption, fmt::format("{}: not JSON", what));
  return json;
}

}  // namespace k2i::iceberg
