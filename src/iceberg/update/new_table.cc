// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>

#include "iceberg/update/metadata_builder.h"

namespace k2i::iceberg {
namespace {

constexpr int32_t kAmbiguous = 0;

/// Which new id each old id became; kAmbiguous for an old id that several fields have.
void MapIds(const Type& old_type, const Type& new_type, std::map<int32_t, int32_t>& new_of_old) {
  for (size_t i = 0; i < old_type.fields().size(); ++i) {
    const NestedField& old_field = old_type.fields()[i];
    const NestedField& new_field = new_type.fields()[i];
    const auto [entry, added] = new_of_old.emplace(old_field.field_id, new_field.field_id);
    if (!added) entry->second = kAmbiguous;
    MapIds(*old_field.type, *new_field.type, new_of_old);
  }
}

class SourceIds {
 public:
  SourceIds(const Schema& old_schema, const Schema& new_schema) {
    MapIds(*old_schema.type, *new_schema.type, new_of_old_);
  }

  Status Translate(int32_t& source_id, std::string_view what) const {
    const auto found = new_of_old_.find(source_id);
    if (found == new_of_old_.end() || found->second == kAmbiguous) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: field id {} does not name one column", what, source_id));
    }
    source_id = found->second;
    return {};
  }

 private:
  std::map<int32_t, int32_t> new_of_old_;
};

Result<int32_t> FormatVersionOf(const CreateTableRequest& request) {
  int32_t version = request.format_version;
  const auto property = request.properties.find("format-version");
  if (property != request.properties.end()) {
    K2I_ASSIGN_OR_RETURN(version, ParseFormatVersion(property->second));
  }
  if (version != 2 && version != 3) {
    return Fail(ErrorCode::kNotSupported, fmt::format("new tables have format version 2 or 3, not {}", version));
  }
  return version;
}

Result<PartitionSpec> FreshSpec(const PartitionSpec& requested, const SourceIds& ids) {
  PartitionSpec spec{.spec_id = 0, .fields = requested.fields};
  int32_t last_id = 999;
  for (PartitionField& field : spec.fields) {
    K2I_RETURN_IF_ERROR(ids.Translate(field.source_id, "partition field " + field.name));
    field.field_id = ++last_id;
  }
  return spec;
}

Result<SortOrder> FreshOrder(SortOrder order, const SourceIds& ids) {
  for (SortField& field : order.fields) K2I_RETURN_IF_ERROR(ids.Translate(field.source_id, "sort order"));
  return order;
}

std::map<std::string, std::string> StoredProperties(const std::map<std::string, std::string>& requested) {
  // Iceberg writes this default into new tables, since older tables without the property mean gzip.
  std::map<std::string, std::string> stored = {{"write.parquet.compression-codec", "zstd"}};
  for (const auto& [key, value] : requested) {
    if (!IsReservedProperty(key)) stored[key] = value;
  }
  return stored;
}

}  // namespace

Result<TableMetadata> NewTableMetadata(const CreateTableRequest& request, std::string location, std::string uuid,
                                       int64_t now_ms) {
  if (request.schema.type == nullptr || request.schema.type->id() != TypeId::kStruct) {
    return Fail(ErrorCode::kInvalidArgument, "a schema must be a struct");
  }
  Schema schema = AssignFreshIds(request.schema);
  const SourceIds ids(request.schema, schema);
  TableMetadata empty;
  K2I_ASSIGN_OR_RETURN(empty.format_version, FormatVersionOf(request));
  K2I_ASSIGN_OR_RETURN(PartitionSpec spec, FreshSpec(request.spec, ids));
  K2I_ASSIGN_OR_RETURN(SortOrder order, FreshOrder(request.sort_order, ids));
  const std::vector<TableUpdate> updates = {
      update::AssignUuid{std::move(uuid)},
      update::SetLocation{std::move(location)},
      update::AddSchema{std::move(schema)},
      update::SetCurrentSchema{-1},
      update::AddPartitionSpec{std::move(spec)},
      update::SetDefaultSpec{-1},
      update::AddSortOrder{std::move(order)},
      update::SetDefaultSortOrder{-1},
      update::SetProperties{StoredProperties(request.properties)},
  };
  return ApplyUpdates(empty, "", updates, now_ms);
}

}  // namespace k2i::iceberg
