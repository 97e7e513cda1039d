// SPDX-License-Identifier: Apache-2.0
#include "datafile/data_file_reader.h"

#include <arrow/array/array_dict.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/int_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/constant_column.h"
#include "datafile/mapped_fields.h"
#include "datafile/projection.h"
#include "datafile/row_group_statistics.h"
#include "datafile/row_runs.h"
#include "datafile/store_input_file.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;
using parquet::arrow::SchemaField;

void AddLeaves(const SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const SchemaField& child : field.children) AddLeaves(child, leaves);
}

int FirstLeaf(const SchemaField& field) { return field.is_leaf() ? field.column_index : FirstLeaf(field.children[0]); }

/// The Parquet columns that `wanted` needs.
void AddWantedLeaves(const std::vector<NestedField>& wanted, const std::vector<SchemaField>& fields,
                     std::vector<int>& leaves) {
  for (const NestedField& want : wanted) {
    for (const SchemaField& field : fields) {
      if (FieldIdOf(*field.field) != want.field_id) continue;
      const size_t before = leaves.size();
      if (want.type->id() == TypeId::kStruct) {
        AddWantedLeaves(want.type->fields(), field.children, leaves);
        // None of its children is there; any other tells which rows have the struct at all.
        if (leaves.size() == before && !field.children.empty()) leaves.push_back(FirstLeaf(field));
      } else {
        AddLeaves(field, leaves);
      }
    }
  }
}

bool HasFieldIds(const std::vector<SchemaField>& fields) {
  for (const SchemaField& field : fields) {
    if (FieldIdOf(*field.field)) return true;
  }
  return fields.empty();
}

/// The file's values of the columns that it is partitioned by as they are (spec: "Column Projection").
std::map<int32_t, iceberg::Literal> PartitionConstants(const iceberg::DataFile& file,
                                                       const iceberg::TableMetadata* table) {
  std::map<int32_t, iceberg::Literal> constants;
  if (table == nullptr) return constants;
  const auto spec = std::ranges::find(table->partition_specs, file.spec_id, &iceberg::PartitionSpec::spec_id);
  if (spec == table->partition_specs.end() || spec->fields.size() != file.partition.size()) return constants;
  for (size_t i = 0; i < spec->fields.size(); ++i) {
    const iceberg::PartitionField& field = spec->fields[i];
    if (field.transform.kind == iceberg::TransformKind::kIdentity) constants[field.source_id] = file.partition[i];
  }
  return constants;
}

std::vector<int> AllRowGroups(const parquet::FileMetaData& metadata) {
  std::vector<int> groups(static_cast<size_t>(metadata.num_row_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  return groups;
}

/// The rows of these row groups.
std::vector<RowRun> RunsOf(const parquet::FileMetaData& metadata, const std::vector<int>& row_groups) {
  std::vector<int64_t> starts{0};
  for (int i = 0; i < metadata.num_row_groups(); ++i)
    starts.push_back(starts.back() + metadata.RowGroup(i)->num_rows());
  std::vector<RowRun> runs;
  for (const int group : row_groups) {
    const auto i = static_cast<size_t>(group);
    runs.push_back({starts.at(i), starts.at(i + 1) - starts.at(i)});
  }
  return runs;
}

/// A batch copies the dictionary, so it is to be small beside the batch's values.
constexpr int64_t kMaxDictionaryPageBytes = 64 << 10;

bool HasSmallDictionary(const parquet::ColumnChunkMetaData& column) {
  if (!column.has_dictionary_page()) return false;
  if (column.data_page_offset() - column.dictionary_page_offset() > kMaxDictionaryPageBytes) return false;
  bool any = false;
  for (const parquet::PageEncodingStats& pages : column.encoding_stats()) {
    if (pages.page_type == parquet::PageType::DICTIONARY_PAGE) continue;
    if (!parquet::IsDictionaryIndexEncoding(pages.encoding)) return false;
    any = true;
  }
  return any;  // a writer that does not say may have gone on in plain
}

/// The top-level strings among `wanted` that a small dictionary encodes in each of the row groups.
std::vector<int> DictionaryColumns(const parquet::FileMetaData& metadata, const std::vector<int>& row_groups,
                                   const std::vector<NestedField>& wanted) {
  std::vector<int> columns;
  for (int i = 0; i < metadata.num_columns(); ++i) {
    const parquet::ColumnDescriptor& column = *metadata.schema()->Column(i);
    const bool top = column.path()->ToDotVector().size() == 1 && column.max_repetition_level() == 0;
    if (!top || column.logical_type() == nullptr || !column.logical_type()->is_string()) continue;
    const bool is_wanted = std::ranges::any_of(wanted, [&](const NestedField& field) {
      return field.field_id == column.schema_node()->field_id() && field.type->id() == TypeId::kString;
    });
    const auto small = [&](int group) { return HasSmallDictionary(*metadata.RowGroup(group)->ColumnChunk(i)); };
    if (is_wanted && std::ranges::all_of(row_groups, small)) columns.push_back(i);
  }
  return columns;
}

/// Parquet's reader gives indexes as they stand in the file.
Status CheckIndexes(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::DICTIONARY) return {};
  const auto& values = static_cast<const arrow::DictionaryArray&>(column);
  return FromArrow(arrow::internal::CheckIndexBounds(arrow::ArraySpan(*values.indices()->data()),
                                                     static_cast<uint64_t>(values.dictionary()->length())));
}

}  // namespace

DataFileReader::DataFileReader(std::string location, std::shared_ptr<StoreInputFile> file, arrow::MemoryPool* pool)
    : location_(std::move(location)), file_(std::move(file)), pool_(pool) {}

DataFileReader::~DataFileReader() = default;

Result<std::unique_ptr<DataFileReader>> DataFileReader::Open(io::ObjectStore& store, const iceberg::DataFile& file,
                                                             const iceberg::Schema& columns, arrow::MemoryPool* pool,
                                                             const ReaderOptions& options) {
  if (file.file_format != "PARQUET" && file.file_format != "parquet") {
    return Fail(ErrorCode::kNotSupported, file.file_path + " is of format " + file.file_format);
  }
  if (file.key_metadata) return Fail(ErrorCode::kNotSupported, file.file_path + " is encrypted");
  K2I_ASSIGN_OR_RETURN(auto input, store.OpenForRead(file.file_path));
  std::unique_ptr<DataFileReader> reader(
      new DataFileReader(file.file_path, std::make_shared<StoreInputFile>(std::move(input), pool), pool));
  reader->lineage_ = RowLineage(columns, file.first_row_id, options.sequence_number);
  auto opened = CatchAll([&] { return reader->OpenParquet(file, columns, options); });
  if (!opened) return std::unexpected(reader->Explain(std::move(opened).error()));
  return reader;
}

Status DataFileReader::OpenParquet(const iceberg::DataFile& said, const iceberg::Schema& columns,
                                   const ReaderOptions& options) {
  K2I_ASSIGN_OR_RETURN(schema_, iceberg::ToArrowSchema(columns));
  parquet::ReaderProperties properties(pool_);
  properties.enable_buffered_stream();
  properties.set_buffer_size(options.buffer_bytes);
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_pre_buffer(false);  // it would hold whole row groups
  arrow_properties.set_batch_size(options.batch_rows);
  auto file = parquet::ParquetFileReader::Open(file_, properties);
  row_groups_ = options.row_groups.value_or(AllRowGroups(*file->metadata()));
  if (options.dictionaries) {
    for (const int column : DictionaryColumns(*file->metadata(), row_groups_, columns.fields())) {
      arrow_properties.set_read_dictionary(column, true);
    }
  }
  K2I_ASSIGN_OR_RETURN(parquet_, FromArrow(parquet::arrow::FileReader::Make(pool_, std::move(file), arrow_properties)));

  iceberg::NameMapping mapping;
  if (!columns.fields().empty()) {
    K2I_ASSIGN_OR_RETURN(mapping, FindFieldIds(options.table));
  }
  const auto& manifest = mapped_ != nullptr ? *mapped_ : parquet_->manifest();
  std::vector<int> leaves;
  AddWantedLeaves(columns.fields(), manifest.schema_fields, leaves);
  std::ranges::sort(leaves);
  leaves.erase(std::ranges::unique(leaves).begin(), leaves.end());
  const parquet::FileMetaData& metadata = *parquet_->parquet_reader()->metadata();
  std::erase_if(row_groups_, [&](int group) {
    return options.keep_row_group && !options.keep_row_group(RowGroupStatistics(metadata, manifest, group));
  });
  runs_ = std::make_unique<RowRuns>(RunsOf(metadata, row_groups_));
  K2I_ASSIGN_OR_RETURN(batches_, FromArrow(parquet_->GetRecordBatchReader(row_groups_, leaves)));
  arrow::FieldVector fields = batches_->schema()->fields();
  if (mapped_ != nullptr) fields = WithMappedIds(fields, mapping);
  const auto constants = PartitionConstants(said, options.table);
  K2I_ASSIGN_OR_RETURN(projections_, ProjectFields(columns.fields(), fields, constants));
  if (options.dictionaries) KeepDictionaries();
  return {};
}

/// Leaves out the step from dictionary to plain.
void DataFileReader::KeepDictionaries() {
  const auto dictionary = arrow::dictionary(arrow::int32(), arrow::utf8());
  arrow::FieldVector fields = schema_->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    FieldProjection& projection = projections_[i];
    if (!projection.source || projection.type->id() != arrow::Type::STRING) continue;
    if (!batches_->schema()->field(*projection.source)->type()->Equals(dictionary)) continue;
    projection.type = dictionary;
    fields[i] = fields[i]->WithType(dictionary);
  }
  schema_ = arrow::schema(std::move(fields), schema_->metadata());
}

Result<iceberg::NameMapping> DataFileReader::FindFieldIds(const iceberg::TableMetadata* table) {
  if (HasFieldIds(parquet_->manifest().schema_fields)) return iceberg::NameMapping();
  std::optional<iceberg::NameMapping> mapping;
  if (table != nullptr) {
    K2I_ASSIGN_OR_RETURN(mapping, iceberg::NameMappingOf(*table));
  }
  if (!mapping) {
    return Fail(ErrorCode::kNotSupported,
                std::string("the file carries no field ids, and the table has no name mapping "
                            "(table property ") +
                    iceberg::kNameMappingProperty + ")");
  }
  mapped_ = std::make_unique<parquet::arrow::SchemaManifest>(parquet_->manifest());
  GiveMappedIds(mapped_->schema_fields, *mapping);
  return *std::move(mapping);
}

/// The store's own error where one is behind `error`. What Parquet says of a file that was read well is about its
/// bytes.
Error DataFileReader::Explain(Error error) const {
  if (const auto behind = file_->store_error()) {
    error = *behind;
  } else if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kInternal ||
             error.code == ErrorCode::kUnavailable) {
    error.code = ErrorCode::kCorruption;
  }
  return error.With(location_).In(Component::kStorage);
}

int DataFileReader::row_group_count() const { return parquet_->parquet_reader()->metadata()->num_row_groups(); }
int64_t DataFileReader::row_count() const { return parquet_->parquet_reader()->metadata()->num_rows(); }
int64_t DataFileReader::size_bytes() const { return file_->GetSize().ValueOr(0); }

Result<std::shared_ptr<arrow::RecordBatch>> DataFileReader::Next() {
  auto next = CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    K2I_ASSIGN_OR_RETURN(const auto batch, FromArrow(batches_->Next()));
    positions_ = runs_->Take(batch != nullptr ? batch->num_rows() : 0);
    if (batch == nullptr) return nullptr;
    arrow::ArrayVector columns;
    for (const FieldProjection& projection : projections_) {
      if (projection.source) {
        const auto& column = batch->column(*projection.source);
        K2I_RETURN_IF_ERROR(CheckIndexes(*column));
        K2I_ASSIGN_OR_RETURN(columns.emplace_back(), Project(projection, *column, pool_));
      } else {
        K2I_ASSIGN_OR_RETURN(columns.emplace_back(),
                             ConstantColumn(projection.constant, projection.type, batch->num_rows(), pool_));
      }
    }
    K2I_RETURN_IF_ERROR(lineage_.Fill(columns, positions_, pool_));
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
  });
  if (!next) return std::unexpected(Explain(std::move(next).error()));
  return next;
}

Status DataFileReader::ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit) {
  while (true) {
    K2I_ASSIGN_OR_RETURN(const auto batch, Next());
    if (batch == nullptr) return {};
    K2I_RETURN_IF_ERROR(visit(*batch));
  }
}

}  // namespace k2i::datafile
