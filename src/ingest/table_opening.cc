// SPDX-License-Identifier: Apache-2.0
#include "ingest/table_opening.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/logging.h"
#include "datafile/file_layout.h"
#include "iceberg/update/commit_retry.h"

namespace k2i::ingest {
namespace {

using iceberg::PartitionSpec;
using iceberg::Schema;
using iceberg::Transform;
using iceberg::TransformKind;

std::unexpected<Error> BadField(std::string_view section, const std::string& field, const std::string& why) {
  return Fail(ErrorCode::kInvalidConfig, fmt::format("[[iceberg.{}]] source_field '{}': {}", section, field, why),
              Component::kConfig);
}

/// Iceberg's own name for a partition field, as PartitionSpec.Builder gives it.
std::string DefaultName(const std::string& source, const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::kIdentity:
      return source;
    case TransformKind::kBucket:
      return source + "_bucket";
    case TransformKind::kTruncate:
      return source + "_trunc";
    case TransformKind::kYear:
      return source + "_year";
    case TransformKind::kMonth:
      return source + "_month";
    case TransformKind::kDay:
      return source + "_day";
    case TransformKind::kHour:
      return source + "_hour";
    case TransformKind::kVoid:
      return source + "_null";
  }
  return source;
}

struct ResolvedField {
  int32_t source_id;
  Transform transform;
};

Result<ResolvedField> Resolve(const Schema& schema, std::string_view section, const std::string& source,
                              const std::string& transform_text) {
  const auto* field = schema.FindField(source);
  if (field == nullptr) return BadField(section, source, "no such column");
  auto transform = Transform::Parse(transform_text);
  if (!transform) return BadField(section, source, transform.error().message);
  const auto result = transform->ResultType(field->type);
  if (!result) return BadField(section, source, result.error().message);
  return ResolvedField{field->field_id, *transform};
}

Result<PartitionSpec> MakeSpec(const std::vector<PartitionFieldOption>& options, const Schema& schema) {
  PartitionSpec spec;
  for (const auto& option : options) {
    K2I_ASSIGN_OR_RETURN(const auto field, Resolve(schema, "partition_spec", option.source_field, option.transform));
    const int32_t field_id = 1000 + static_cast<int32_t>(spec.fields.size());
    const std::string name = option.name.empty() ? DefaultName(option.source_field, field.transform) : option.name;
    spec.fields.push_back({field.source_id, field_id, name, field.transform});
  }
  return spec;
}

Result<iceberg::SortOrder> MakeSortOrder(const std::vector<SortFieldOption>& options, const Schema& schema) {
  iceberg::SortOrder order;
  for (const auto& option : options) {
    K2I_ASSIGN_OR_RETURN(const auto field, Resolve(schema, "sort_order", option.source_field, option.transform));
    order.fields.push_back({field.transform, field.source_id, option.ascending, option.nulls_first});
  }
  order.order_id = order.fields.empty() ? 0 : 1;
  return order;
}

std::string Describe(const PartitionSpec& spec, const Schema& schema) {
  std::vector<std::string> fields;
  for (const auto& field : spec.fields) {
    const auto* source = schema.FindField(field.source_id);
    fields.push_back(fmt::format("{}({})", field.transform.ToString(), source == nullptr ? "?" : source->name));
  }
  return fields.empty() ? "unpartitioned" : fmt::format("{}", fmt::join(fields, ", "));
}

}  // namespace

Result<std::optional<iceberg::LoadedTable>> FindTable(iceberg::Catalog& catalog, const TableOptions& options) {
  auto loaded = catalog.LoadTable(options.identifier);
  if (loaded) return std::move(*loaded);
  // A missing data file of the metadata is not a missing table.
  if (loaded.error().code == ErrorCode::kNotFound && loaded.error().component == Component::kCatalog)
    return std::nullopt;
  return std::unexpected(loaded.error());
}

Result<iceberg::CreateTableRequest> MakeCreateRequest(const TableOptions& options, const Schema& schema) {
  iceberg::CreateTableRequest request;
  request.schema = iceberg::AssignFreshIds(schema);
  request.format_version = options.format_version;
  K2I_ASSIGN_OR_RETURN(request.spec, MakeSpec(options.partition_fields, request.schema));
  K2I_ASSIGN_OR_RETURN(request.sort_order, MakeSortOrder(options.sort_fields, request.schema));
  request.properties = options.properties;
  // insert keeps what the user has set.
  request.properties.insert({{"write.parquet.compression-codec", "zstd"},
                             {"write.metadata.delete-after-commit.enabled", "true"},
                             {"write.metadata.previous-versions-max", "100"},
                             {"schema.name-mapping.default", iceberg::NameMappingJson(request.schema)}});
  return request;
}

Result<iceberg::LoadedTable> CreateTable(iceberg::Catalog& catalog, const TableOptions& options, const Schema& schema) {
  if (!options.auto_create) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("table {} does not exist and iceberg.auto_create is false", options.identifier.ToString()),
                Component::kCatalog);
  }
  K2I_ASSIGN_OR_RETURN(const auto request, MakeCreateRequest(options, schema));
  K2I_RETURN_IF_ERROR(catalog.EnsureNamespace(options.identifier.name_space));
  auto created = catalog.CreateTable(options.identifier, request);
  if (created) {
    log::Info("table_created", {{"table", options.identifier.ToString()}, {"location", created->metadata->location}});
    return created;
  }
  if (created.error().code == ErrorCode::kAlreadyExists) return catalog.LoadTable(options.identifier);
  // Whoever tries again finds the table if it was made after all.
  if (created.error().code == ErrorCode::kCommitStateUnknown) created.error().code = ErrorCode::kUnavailable;
  return created;
}

Status CheckTableWritable(const TableOptions& options, const iceberg::TableMetadata& table) {
  const std::string name = options.identifier.ToString();
  if (table.format_version < 2) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("table {} is of format version 1, which K2I does not write: `k2i table upgrade` makes it "
                            "version 2, for good (engines that know only version 1 can read it no more)",
                            name),
                Component::kCatalog);
  }
  const auto layout = datafile::FileLayout::Make({.format_version = table.format_version,
                                                  .schema = table.current_schema(),
                                                  .spec = table.default_spec(),
                                                  .properties = table.properties});
  if (!layout) return std::unexpected(layout.error().With("table " + name).In(Component::kCatalog));
  const auto retry = iceberg::CommitRetry(table, {});
  if (!retry) return std::unexpected(retry.error().With("table " + name).In(Component::kCatalog));
  return {};
}

Status CheckTableFits(const TableOptions& options, const std::optional<Schema>& declared,
                      const iceberg::TableMetadata& table) {
  K2I_RETURN_IF_ERROR(CheckTableWritable(options, table));
  std::vector<std::string> differences;
  if (declared) differences = iceberg::ExplainMismatch(*declared, table.current_schema());
  if (!options.partition_fields.empty()) {
    K2I_ASSIGN_OR_RETURN(const auto wanted, MakeSpec(options.partition_fields, table.current_schema()));
    const auto want = Describe(wanted, table.current_schema());
    const auto have = Describe(table.default_spec(), table.current_schema());
    if (want != have) differences.push_back(fmt::format("partitioning: configured {}, the table has {}", want, have));
  }
  if (differences.empty()) return {};
  return Fail(
      ErrorCode::kInvalidConfig,
      fmt::format("table {} exists and differs from the configuration (the table wins; change the configuration "
                  "or name another table):\n  - {}",
                  options.identifier.ToString(), fmt::join(differences, "\n  - ")),
      Component::kCatalog);
}

}  // namespace k2i::ingest
