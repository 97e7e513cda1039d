// SPDX-License-Identifier: Apache-2.0
#include "datafile/foreign_file.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <map>

#include "datafile/bounds.h"
#include "datafile/data_file_reader.h"
#include "datafile/leaf_column.h"
#include "datafile/metrics_mode.h"
#include "datafile/row_group_statistics.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::NestedField;
using iceberg::PartitionField;
using iceberg::TransformKind;
using iceberg::TypeId;

constexpr int64_t kTrialRows = 1024;

std::unexpected<Error> DoesNotFit(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Component::kStorage);
}

/// What the row groups say of a column, taken together.
struct ColumnFacts {
  Extremes extremes;
  int64_t nulls = 0;
  bool nulls_known = true;
  bool bounds_known = true;  // of all values that are neither null nor NaN

  void Include(const std::optional<RowGroupStatistics::Column>& group, int64_t rows) {
    nulls_known = nulls_known && group && group->null_count;
    if (nulls_known) nulls += *group->null_count;
    if (group && group->null_count == rows) return;  // no value to bound
    bounds_known = bounds_known && group && group->lower && group->upper;
    if (bounds_known) extremes.Include({*group->lower, *group->upper});
  }
};

/// By field id, of the primitive columns at the top.
using FileFacts = std::map<int32_t, ColumnFacts>;

/// Whether every value of `file` is one of `table`: the same type, or one that Iceberg promotes to it.
bool Fits(const iceberg::Type& file, const iceberg::Type& table) {
  if (table.is_nested()) {
    if (file.id() != table.id()) return false;
    const bool by_name = table.id() == TypeId::kStruct;
    for (size_t i = 0; i < table.fields().size(); ++i) {
      const NestedField& column = table.fields()[i];
      const NestedField* field = by_name ? nullptr : &file.fields()[i];
      for (const NestedField& each : file.fields()) {
        if (by_name && each.name == column.name) field = &each;
      }
      if (field != nullptr && !Fits(*field->type, *column.type)) return false;
    }
    return true;
  }
  const TypeId from = file.id(), to = table.id();
  if (to == TypeId::kDecimal) {
    return from == to && file.scale() == table.scale() && file.precision() <= table.precision();
  }
  if (to == TypeId::kFixed) return from == to && file.length() == table.length();
  if (to == TypeId::kUuid && from == TypeId::kFixed) return file.length() == 16;
  return from == to || (from == TypeId::kInt && to == TypeId::kLong) ||
         (from == TypeId::kFloat && to == TypeId::kDouble);
}

/// Names, ids and types of the file's columns against the table's.
Status CheckColumns(const iceberg::Schema& file, const iceberg::TableMetadata& table) {
  const iceberg::Schema& schema = table.current_schema();
  for (const NestedField& field : file.fields()) {
    if (field.field_id == 0) continue;
    const NestedField* column = schema.FindField(field.field_id);
    if (column != nullptr && column->name == field.name) continue;
    return DoesNotFit(fmt::format("its column {} carries field id {}, which is {} in the table", field.name,
                                  field.field_id, column == nullptr ? "none" : "column " + column->name));
  }
  K2I_ASSIGN_OR_RETURN(const auto mapping, iceberg::NameMappingOf(table));
  for (const NestedField& field : file.fields()) {
    const auto* mapped = mapping ? iceberg::FindMapped(*mapping, field.name) : nullptr;
    const int32_t id = field.field_id != 0 || mapped == nullptr ? field.field_id : mapped->field_id.value_or(0);
    if (id == 0 && !mapping) continue;  // for the reader to complain of
    const NestedField* column = schema.FindField(id);
    if (column == nullptr) return DoesNotFit(fmt::format("the table has no column {}: add it first", field.name));
    if (Fits(*field.type, *column->type)) continue;
    return DoesNotFit(fmt::format("its column {} is {}, and that of the table is {}", field.name,
                                  field.type->ToString(), column->type->ToString()));
  }
  return {};
}

Status CheckRequired(const iceberg::Schema& schema, const FileFacts& facts) {
  for (const NestedField& field : schema.fields()) {
    if (field.optional || field.type->is_nested()) continue;
    const ColumnFacts& column = facts.at(field.field_id);
    if (column.nulls_known && column.nulls == 0) continue;
    return DoesNotFit(fmt::format("column {} is required, and {}", field.name,
                                  column.nulls_known ? fmt::format("is null in {} rows", column.nulls)
                                                     : "the file does not say that it has no nulls"));
  }
  return {};
}

/// The value that all rows have, as far as bounds prove it; nullopt where they do not. Transforms other than bucket
/// keep the order, so that what is between two equal values is equal to them.
std::optional<Literal> PartitionValue(const PartitionField& field, const NestedField& source, const ColumnFacts& facts,
                                      int64_t rows) {
  if (field.transform.kind == TransformKind::kVoid) return Literal();
  if (facts.nulls_known && facts.nulls == rows) return Literal();
  const TypeId type = source.type->id();
  // NaN are in no bounds.
  const bool floating = type == TypeId::kFloat || type == TypeId::kDouble;
  if (!facts.nulls_known || facts.nulls > 0 || !facts.bounds_known || facts.extremes.empty() || floating) {
    return std::nullopt;
  }
  const auto& [smallest, largest] = facts.extremes;
  if (field.transform.kind == TransformKind::kBucket && smallest != largest) return std::nullopt;
  Literal value = field.transform.Apply(*source.type, smallest);
  return value == field.transform.Apply(*source.type, largest) ? std::optional(std::move(value)) : std::nullopt;
}

Result<iceberg::PartitionTuple> PartitionOf(const iceberg::TableMetadata& table, const FileFacts& facts, int64_t rows) {
  iceberg::PartitionTuple tuple;
  for (const PartitionField& field : table.default_spec().fields) {
    const NestedField* source = table.current_schema().FindField(field.source_id);
    const auto column = facts.find(field.source_id);
    std::optional<Literal> value;
    if (source != nullptr && column != facts.end()) value = PartitionValue(field, *source, column->second, rows);
    if (!value) {
      return DoesNotFit(
          fmt::format("its footer does not prove that all rows are of one partition {} = {}({}): write the file anew "
                      "into the table",
                      field.name, field.transform.ToString(), source == nullptr ? "?" : source->name));
    }
    tuple.push_back(*std::move(value));
  }
  return tuple;
}

Status SetMetrics(const iceberg::TableMetadata& table, const FileFacts& facts, iceberg::DataFile& file) {
  const auto leaves = LeafColumns(table.current_schema());
  K2I_ASSIGN_OR_RETURN(const auto modes, MetricsModes(table.properties, leaves));
  for (size_t i = 0; i < leaves.size(); ++i) {
    const auto column = facts.find(leaves[i].field_id);
    if (column == facts.end() || !modes[i].counts() || !column->second.nulls_known) continue;
    file.value_counts[leaves[i].field_id] = file.record_count;
    file.null_value_counts[leaves[i].field_id] = column->second.nulls;
    const auto& [extremes, nulls, nulls_known, bounds_known] = column->second;
    if (!modes[i].bounds() || !bounds_known || extremes.empty()) continue;
    std::optional<size_t> length;
    const TypeId type = leaves[i].type->id();
    if (modes[i].kind == MetricsMode::Kind::kTruncate && (type == TypeId::kString || type == TypeId::kBinary)) {
      length = modes[i].length;
    }
    const auto lower = LowerBound(extremes.smallest, length);
    const auto upper = UpperBound(extremes.largest, length);
    if (lower) file.lower_bounds[leaves[i].field_id] = iceberg::SerializeLiteral(*leaves[i].type, *lower);
    if (upper) file.upper_bounds[leaves[i].field_id] = iceberg::SerializeLiteral(*leaves[i].type, *upper);
  }
  return {};
}

/// A required column that lacks, or a column of another type, is a broken file to a reader; here it is one that does
/// not fit.
Error Explain(Error error) {
  if (error.code == ErrorCode::kCorruption) error.code = ErrorCode::kInvalidArgument;
  return error;
}

}  // namespace

Result<iceberg::DataFile> DescribeForeignFile(io::ObjectStore& store, const std::string& location,
                                              const iceberg::TableMetadata& table, arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(const iceberg::Schema columns, ColumnsOfFile(store, location, pool));
  const auto describe = [&]() -> Result<iceberg::DataFile> {
    K2I_RETURN_IF_ERROR(CheckColumns(columns, table));
    iceberg::DataFile file{.file_path = location, .spec_id = table.default_spec_id};
    FileFacts facts;
    ReaderOptions options{.batch_rows = kTrialRows, .table = &table};
    options.keep_row_group = [&](const RowGroupStatistics& group) {
      for (const NestedField& field : table.current_schema().fields()) {
        if (field.type->is_nested()) continue;
        facts[field.field_id].Include(group.Of(field.field_id, *field.type), group.row_count());
      }
      file.split_offsets.push_back(group.start());
      return true;
    };
    auto reader = DataFileReader::Open(store, file, table.current_schema(), pool, options);
    if (!reader) return std::unexpected(Explain(reader.error()));
    file.record_count = (*reader)->row_count();
    file.file_size_in_bytes = (*reader)->size_bytes();
    if (file.record_count == 0) return DoesNotFit("it has no rows");
    if (const auto rows = (*reader)->Next(); !rows) return std::unexpected(Explain(rows.error()));
    K2I_RETURN_IF_ERROR(CheckRequired(table.current_schema(), facts));
    K2I_ASSIGN_OR_RETURN(file.partition, PartitionOf(table, facts, file.record_count));
    K2I_RETURN_IF_ERROR(SetMetrics(table, facts, file));
    return file;
  };
  auto described = describe();
  if (!described && described.error().message.find(location) == std::string::npos) {
    return std::unexpected(described.error().With(location));
  }
  return described;
}

}  // namespace k2i::datafile
