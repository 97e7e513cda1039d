// SPDX-License-Identifier: Apache-2.0
#include "maintenance/row_sort.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <numeric>

#include "datafile/arrow_status.h"
#include "datafile/partition_keys.h"
#include "iceberg/model/partition_key.h"

namespace k2i::maintenance {
namespace {

using arrow::compute::NullPlacement;
using arrow::compute::SortKey;
using datafile::FromArrow;

/// The columns that rows are compared by.
struct SortColumns {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  std::vector<SortKey> keys;

  void Add(std::shared_ptr<arrow::Array> array, const iceberg::SortField& field) {
    const std::string name = "k" + std::to_string(keys.size());
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
    keys.emplace_back(name,
                      field.ascending ? arrow::compute::SortOrder::Ascending : arrow::compute::SortOrder::Descending,
                      field.nulls_first ? NullPlacement::AtStart : NullPlacement::AtEnd);
  }
};

/// Each row's place among the transformed values that occur; null for null.
Result<std::shared_ptr<arrow::Array>> RanksOf(const arrow::RecordBatch& rows, const datafile::PartitionSource& source,
                                              arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(const auto keys, datafile::ComputePartitionKeys({source}, rows, pool));
  std::vector<std::string> texts;
  for (const auto& tuple : keys.tuples) texts.push_back(iceberg::PartitionKey(tuple));
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) -> const std::string& { return texts[i]; });
  std::vector<int32_t> ranks(texts.size());
  for (size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<int32_t>(i);

  arrow::Int32Builder builder(pool);
  K2I_RETURN_IF_ERROR(FromArrow(builder.Reserve(rows.num_rows())));
  for (const int32_t index : keys.index) {
    const auto value = static_cast<size_t>(index);
    if (is_null(keys.tuples[value].front())) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(ranks[value]);
    }
  }
  return FromArrow(builder.Finish());
}

Result<SortColumns> ColumnsOf(const arrow::RecordBatch& rows, const iceberg::Schema& schema,
                              const iceberg::SortOrder& order, arrow::compute::ExecContext& context) {
  iceberg::PartitionSpec as_spec;
  for (const auto& field : order.fields) {
    as_spec.fields.push_back({field.source_id, 0, "of the sort order", field.transform});
  }
  K2I_ASSIGN_OR_RETURN(const auto sources, datafile::PartitionSources(as_spec, schema));
  SortColumns columns;
  for (size_t i = 0; i < sources.size(); ++i) {
    const iceberg::SortField& field = order.fields[i];
    if (field.transform.kind != iceberg::TransformKind::kIdentity) {
      K2I_ASSIGN_OR_RETURN(auto ranks, RanksOf(rows, sources[i], context.memory_pool()));
      columns.Add(std::move(ranks), field);
      continue;
    }
    K2I_ASSIGN_OR_RETURN(auto values, datafile::SourceArray(rows, sources[i], context.memory_pool()));
    if (arrow::is_floating(values->type_id())) {
      // Arrow puts NaN beside the nulls.
      auto nan = arrow::compute::CallFunction("is_nan", {values}, &context);
      K2I_ASSIGN_OR_RETURN(const arrow::Datum is_nan, FromArrow(std::move(nan)));
      columns.Add(is_nan.make_array(), field);
    }
    columns.Add(std::move(values), field);
  }
  return columns;
}

Result<std::shared_ptr<arrow::RecordBatch>> Combine(arrow::RecordBatchVector rows, arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(const auto table, FromArrow(arrow::Table::FromRecordBatches(rows)));
  rows.clear();
  return FromArrow(table->CombineChunksToBatch(pool));
}

}  // namespace

Result<arrow::RecordBatchVector> SortRows(arrow::RecordBatchVector rows, const iceberg::Schema& schema,
                                          const iceberg::SortOrder& order, int64_t batch_rows,
                                          arrow::MemoryPool* pool) {
  if (rows.empty() || order.fields.empty()) return rows;
  K2I_RETURN_IF_ERROR(FromArrow(arrow::compute::Initialize()));
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  K2I_ASSIGN_OR_RETURN(const auto all, Combine(std::move(rows), pool));
  K2I_ASSIGN_OR_RETURN(SortColumns columns, ColumnsOf(*all, schema, order, context));
  const auto batch = arrow::RecordBatch::Make(arrow::schema(columns.fields), all->num_rows(), columns.arrays);
  auto sorted = arrow::compute::SortIndices(batch, arrow::compute::SortOptions(columns.keys), &context);
  K2I_ASSIGN_OR_RETURN(const auto indices, FromArrow(std::move(sorted)));
  arrow::RecordBatchVector result;
  for (int64_t begin = 0; begin < all->num_rows(); begin += batch_rows) {
    const auto part = indices->Slice(begin, std::min(batch_rows, all->num_rows() - begin));
    auto taken = arrow::compute::Take(all, part, arrow::compute::TakeOptions::NoBoundsCheck(), &context);
    K2I_ASSIGN_OR_RETURN(const arrow::Datum datum, FromArrow(std::move(taken)));
    result.push_back(datum.record_batch());
  }
  return result;
}

}  // namespace k2i::maintenance
