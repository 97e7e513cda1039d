// SPDX-License-Identifier: Apache-2.0
#include "query/arrow_bridge.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/c/helpers.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>

#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::query {

using datafile::FromArrow;

namespace {

/// The same values with every struct at offset 0 and its children cut to match: DuckDB takes the rows of a struct
/// within a struct from the wrong place when the outer one is a slice.
Result<std::shared_ptr<arrow::ArrayData>> AlignStructs(const std::shared_ptr<arrow::ArrayData>& data) {
  if (data->child_data.empty()) return data;
  auto aligned = data->Copy();
  const bool is_struct = data->type->id() == arrow::Type::STRUCT;
  for (auto& child : aligned->child_data) {
    K2I_ASSIGN_OR_RETURN(child, AlignStructs(is_struct ? child->Slice(data->offset, data->length) : child));
  }
  if (!is_struct || data->offset == 0) return aligned;
  if (data->MayHaveNulls()) {
    K2I_ASSIGN_OR_RETURN(aligned->buffers[0],
                         FromArrow(arrow::internal::CopyBitmap(arrow::default_memory_pool(), data->buffers[0]->data(),
                                                               data->offset, data->length)));
  }
  aligned->offset = 0;
  return aligned;
}

}  // namespace

Result<ColumnBridge> ColumnBridge::Make(duckdb_connection connection, const iceberg::NestedField& field) {
  ColumnBridge bridge;
  // The schema of files says which 16 bytes are a uuid.
  K2I_ASSIGN_OR_RETURN(bridge.schema_, datafile::ToFileSchema({.type = iceberg::Type::Struct({field})}));
  ArrowSchema exported{};
  K2I_RETURN_IF_ERROR(FromArrow(arrow::ExportSchema(*bridge.schema_, &exported)));
  const DuckErrorData error(duckdb_schema_from_arrow(connection, &exported, bridge.converted_.out()));
  ArrowSchemaRelease(&exported);
  if (auto status = ToStatus(error.get()); !status) {
    return Fail(ErrorCode::kNotSupported, "column " + field.name + ": " + status.error().message);
  }
  K2I_ASSIGN_OR_RETURN(const auto type, iceberg::ToArrowType(*field.type));
  K2I_ASSIGN_OR_RETURN(const auto empty, FromArrow(arrow::MakeEmptyArray(type)));
  K2I_ASSIGN_OR_RETURN(const DuckChunk chunk, bridge.Convert(connection, empty));
  bridge.type_ = DuckType(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk.get(), 0)));
  return bridge;
}

Result<DuckChunk> ColumnBridge::Convert(duckdb_connection connection,
                                        const std::shared_ptr<arrow::Array>& values) const {
  // One column a call: of several, DuckDB makes only the first keep the buffers.
  ArrowArray exported{};
  K2I_ASSIGN_OR_RETURN(auto data, AlignStructs(values->data()));
  const auto batch = arrow::RecordBatch::Make(schema_, values->length(), {std::move(data)});
  K2I_RETURN_IF_ERROR(FromArrow(arrow::ExportRecordBatch(*batch, &exported)));
  DuckChunk chunk;
  const DuckErrorData error(duckdb_data_chunk_from_arrow(connection, &exported, converted_.get(), chunk.out()));
  if (!ArrowArrayIsReleased(&exported)) ArrowArrayRelease(&exported);
  K2I_RETURN_IF_ERROR(ToStatus(error.get()));
  return chunk;
}

Status ColumnBridge::Learn(duckdb_connection connection, const std::shared_ptr<arrow::Array>& dictionary,
                           KnownDictionary& known) const {
  if (known.values != nullptr && (known.values == dictionary || known.values->Equals(*dictionary))) return {};
  K2I_ASSIGN_OR_RETURN(const auto null, FromArrow(arrow::MakeArrayOfNull(dictionary->type(), 1)));
  K2I_ASSIGN_OR_RETURN(const auto values, FromArrow(arrow::Concatenate({dictionary, null})));
  K2I_ASSIGN_OR_RETURN(known.shown, Convert(connection, values));
  known.values = dictionary;
  return {};
}

Status ColumnBridge::ShowDictionary(duckdb_connection connection, const arrow::DictionaryArray& values,
                                    KnownDictionary& known, duckdb_vector vector) const {
  K2I_RETURN_IF_ERROR(Learn(connection, values.dictionary(), known));
  const auto count = static_cast<size_t>(values.length());
  const DuckSelection rows(duckdb_create_selection_vector(count));
  const std::span<sel_t> selected(duckdb_selection_vector_get_data_ptr(rows.get()), count);
  std::ranges::copy_n(values.data()->GetValues<int32_t>(1), values.length(), selected.begin());
  if (values.null_count() > 0) {
    const auto null = static_cast<sel_t>(known.values->length());
    for (size_t i = 0; i < count; ++i) {
      if (values.IsNull(static_cast<int64_t>(i))) selected[i] = null;
    }
  }
  duckdb_vector_reference_vector(vector, duckdb_data_chunk_get_vector(known.shown.get(), 0));
  duckdb_slice_vector(vector, rows.get(), count);
  return {};
}

Status ColumnBridge::Show(duckdb_connection connection, const std::shared_ptr<arrow::Array>& values,
                          KnownDictionary& known, duckdb_vector vector) const {
  if (values->type_id() == arrow::Type::DICTIONARY) {
    return ShowDictionary(connection, static_cast<const arrow::DictionaryArray&>(*values), known, vector);
  }
  K2I_ASSIGN_OR_RETURN(const DuckChunk chunk, Convert(connection, values));
  duckdb_vector_reference_vector(vector, duckdb_data_chunk_get_vector(chunk.get(), 0));
  return {};
}

Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(duckdb_arrow_options options, std::span<const DuckType> types,
                                                     const std::vector<std::string>& names) {
  std::vector<duckdb_logical_type> handles;
  std::vector<const char*> texts;
  for (const DuckType& type : types) handles.push_back(type.get());
  for (const std::string& name : names) texts.push_back(name.c_str());
  ArrowSchema exported{};
  const DuckErrorData error(duckdb_to_arrow_schema(options, handles.data(), texts.data(), handles.size(), &exported));
  K2I_RETURN_IF_ERROR(ToStatus(error.get()));
  return FromArrow(arrow::ImportSchema(&exported));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToArrowBatch(duckdb_arrow_options options, duckdb_data_chunk chunk,
                                                         const std::shared_ptr<arrow::Schema>& schema) {
  ArrowArray exported{};
  const DuckErrorData error(duckdb_data_chunk_to_arrow(options, chunk, &exported));
  K2I_RETURN_IF_ERROR(ToStatus(error.get()));
  return FromArrow(arrow::ImportRecordBatch(&exported, schema));
}

}  // namespace k2i::query
