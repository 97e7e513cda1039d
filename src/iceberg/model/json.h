// SPDX-License-Identifier: Apache-2.0
//
// JSON of the parts of table metadata (spec appendix C), which manifests and the REST protocol carry too. Readers fail
// with Corruption that names the path of what is wrong, and with NotSupported for what is legal but not done here
// (types variant, geometry and geography; transforms of several columns; v1 snapshots without a manifest list).
#pragma once

#include <initializer_list>

#include "iceberg/model/history_text.h"
#include "iceberg/model/json_view.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

nlohmann::json TypeToJson(const Type& type);
Result<TypePtr> TypeFromJson(const JsonView& json);

nlohmann::json SchemaToJson(const Schema& schema);
Result<Schema> SchemaFromJson(const JsonView& json);

/// {"spec-id": …, "fields": […]}
nlohmann::json PartitionSpecToJson(const PartitionSpec& spec);
Result<PartitionSpec> PartitionSpecFromJson(const JsonView& json);
/// The array of fields alone, as manifests and v1 metadata hold it.
nlohmann::json PartitionFieldsToJson(const PartitionSpec& spec);
Result<std::vector<PartitionField>> PartitionFieldsFromJson(const JsonView& json);

nlohmann::json SortOrderToJson(const SortOrder& order);
Result<SortOrder> SortOrderFromJson(const JsonView& json);

nlohmann::json SnapshotToJson(const Snapshot& snapshot);
Result<Snapshot> SnapshotFromJson(const JsonView& json);
nlohmann::json SnapshotLogEntryToJson(const SnapshotLogEntry& entry);
Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const JsonView& json);
nlohmann::json SnapshotRefToJson(const SnapshotRef& ref);
Result<SnapshotRef> SnapshotRefFromJson(const JsonView& json);

/// A default value (spec appendix D, "JSON single-value serialization"). REQUIRES: a primitive type and a value of it.
nlohmann::json LiteralToJson(const Type& type, const Literal& value);
Result<Literal> LiteralFromJson(const Type& type, const JsonView& json);

/// Whole metadata as the REST protocol embeds it, its lists in `text`; ParseTableMetadata is this on text.
Result<TableMetadata> TableMetadataFromJson(const JsonView& json, const HistoryText& text, const TableMetadata* known);

/// The members of `json` that are not among `modelled`; none where it is no object.
OtherMembers MembersBeyond(const JsonView& json, std::initializer_list<std::string_view> modelled);
/// Adds members that MembersBeyond has found; those that `json` has already stay.
void PutMembers(const OtherMembers& members, nlohmann::json& json);

/// Text to JSON. Corruption, naming `what`, for text that is not JSON or is nested more than a thousand deep.
Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what);

}  // namespace k2i::iceberg
