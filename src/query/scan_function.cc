// SPDX-License-Identifier: Apache-2.0
#include "query/scan_function.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <charconv>

#include "base/thread_priority.h"
#include "datafile/arrow_status.h"
#include "query/duck_catalog.h"
#include "query/table_scan.h"

namespace k2i::query {
namespace {

/// DuckDB's bind data: what is scanned.
struct Binding {
  const CatalogTable* table;
  std::shared_ptr<RunningQuery> query;  // null while views are made
};

/// DuckDB's global state: one scan.
struct GlobalScan {
  std::unique_ptr<TableScan> scan;
  std::vector<std::optional<size_t>> outputs;  // column of the catalog that each output shows; none: the row column
};

/// DuckDB's local state: one thread's place in it.
struct LocalScan {
  TableScan::Worker worker;
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t shown = 0;                          // of rows
  std::vector<KnownDictionary> dictionaries;  // by output
};

template <typename T>
void Delete(void* pointer) {
  delete static_cast<T*>(pointer);
}

/// Runs a callback; DuckDB's code above it is no place for what we or Arrow throw.
template <typename Call, typename Report>
void Guard(Call call, Report report) {
  const Status status = datafile::CatchAll(call);
  if (!status) report(status.error());
}

int64_t EstimatedRows(const buffer::View& view) {
  int64_t rows = 0;
  for (const auto& slice : view.slices) rows += slice->row_count();
  const auto* snapshot = view.snapshot_id ? view.table->FindSnapshot(*view.snapshot_id) : nullptr;
  if (snapshot == nullptr) return rows;
  const auto total = snapshot->summary.find("total-records");
  int64_t cold = 0;
  if (total != snapshot->summary.end()) {
    std::from_chars(total->second.data(), total->second.data() + total->second.size(), cold);
  }
  return rows + std::max<int64_t>(0, cold);
}

std::shared_ptr<RunningQuery> QueryOf(duckdb_bind_info info, const DuckCatalog& catalog) {
  Owned<duckdb_client_context, duckdb_destroy_client_context> context;
  duckdb_table_function_get_client_context(info, context.out());
  return catalog.Find(duckdb_client_context_get_connection_id(context.get()));
}

Status Bind(duckdb_bind_info info) {
  const auto& catalog = *static_cast<DuckCatalog*>(duckdb_bind_get_extra_info(info));
  const DuckValue argument(duckdb_bind_get_parameter(info, 0));
  const int64_t index = duckdb_get_int64(argument.get());
  if (index < 0 || index >= static_cast<int64_t>(catalog.tables().size())) {
    return Fail(ErrorCode::kInvalidArgument, "no such table");
  }
  const CatalogTable& table = catalog.tables()[static_cast<size_t>(index)];
  const DuckType row(duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN));
  duckdb_bind_add_result_column(info, table.row_column.c_str(), row.get());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    duckdb_bind_add_result_column(info, table.names[i].c_str(), table.columns[i].type());
  }
  auto query = QueryOf(info, catalog);
  if (query != nullptr) {
    const auto pinned = query->tables.find(table.index);
    if (pinned == query->tables.end()) return Fail(ErrorCode::kInternal, "the query has not pinned " + table.table);
    duckdb_bind_set_cardinality(info, static_cast<idx_t>(EstimatedRows(*pinned->second.view)), false);
  }
  duckdb_bind_set_bind_data(info, new Binding{&table, std::move(query)}, Delete<Binding>);
  return {};
}

Status Init(duckdb_init_info info) {
  const auto& binding = *static_cast<Binding*>(duckdb_init_get_bind_data(info));
  if (binding.query == nullptr) return Fail(ErrorCode::kInternal, "a scan without a query");
  const PinnedTable& pinned = binding.query->tables.at(binding.table->index);
  auto global = std::make_unique<GlobalScan>();
  std::vector<iceberg::NestedField> columns;
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t column = duckdb_init_get_column_index(info, i);
    const bool has = column >= 1 && column <= binding.table->columns.size();
    global->outputs.push_back(has ? std::optional(static_cast<size_t>(column - 1)) : std::nullopt);
    if (has) columns.push_back(binding.table->schema.fields()[column - 1]);
  }
  ScanInput input;
  input.store = pinned.store;
  input.pool = binding.query->pool;
  input.view = pinned.view;
  input.columns.type = iceberg::Type::Struct(std::move(columns));
  input.filter = pinned.filter;
  input.metadata = pinned.metadata;
  input.cache = &binding.query->manifests;
  input.query = binding.query.get();
  auto scan = TableScan::Plan(std::move(input));
  if (!scan) {
    binding.query->Stop(scan.error());
    return std::unexpected(scan.error());
  }
  global->scan = *std::move(scan);
  duckdb_init_set_max_threads(info, static_cast<idx_t>(std::max<int64_t>(1, global->scan->parallelism())));
  duckdb_init_set_init_data(info, global.release(), Delete<GlobalScan>);
  return {};
}

/// Shows rows [shown, shown + count) of the batch in `output`.
Status Show(const Binding& binding, const GlobalScan& global, LocalScan& local, int64_t count,
            duckdb_data_chunk output) {
  local.dictionaries.resize(global.outputs.size());
  int column = 0;
  for (size_t i = 0; i < global.outputs.size(); ++i) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
    if (global.outputs[i]) {
      const auto values = local.rows->column(column++)->Slice(local.shown, count);
      const ColumnBridge& bridge = binding.table->columns[*global.outputs[i]];
      K2I_RETURN_IF_ERROR(bridge.Show(binding.query->connection(), values, local.dictionaries[i], vector));
    } else {
      const DuckValue present(duckdb_create_bool(true));
      duckdb_vector_reference_value(vector, present.get());
    }
  }
  duckdb_data_chunk_set_size(output, static_cast<idx_t>(count));
  return {};
}

Status Scan(duckdb_function_info info, duckdb_data_chunk output) {
  const auto& binding = *static_cast<Binding*>(duckdb_function_get_bind_data(info));
  auto& global = *static_cast<GlobalScan*>(duckdb_function_get_init_data(info));
  auto& local = *static_cast<LocalScan*>(duckdb_function_get_local_init_data(info));
  if (local.rows == nullptr || local.shown == local.rows->num_rows()) {
    auto next = global.scan->Next(local.worker);
    if (!next) {
      binding.query->Stop(next.error());
      return std::unexpected(next.error());
    }
    local.rows = *std::move(next);
    local.shown = 0;
  }
  if (local.rows == nullptr) {
    duckdb_data_chunk_set_size(output, 0);
    return {};
  }
  const int64_t count =
      std::min<int64_t>(local.rows->num_rows() - local.shown, static_cast<int64_t>(duckdb_vector_size()));
  K2I_RETURN_IF_ERROR(Show(binding, global, local, count, output));
  local.shown += count;
  return {};
}

void OnBind(duckdb_bind_info info) {
  Guard([&] { return Bind(info); }, [&](const Error& error) { duckdb_bind_set_error(info, error.message.c_str()); });
}

void OnInit(duckdb_init_info info) {
  Guard([&] { return Init(info); }, [&](const Error& error) { duckdb_init_set_error(info, error.message.c_str()); });
}

/// Once for each thread of each scan: of DuckDB's own threads, and of the one that asks.
void OnLocalInit(duckdb_init_info info) {
  YieldPriority(static_cast<const DuckCatalog*>(duckdb_init_get_extra_info(info))->niceness());
  duckdb_init_set_init_data(info, new LocalScan, Delete<LocalScan>);
}

void OnScan(duckdb_function_info info, duckdb_data_chunk output) {
  Guard([&] { return Scan(info, output); },
        [&](const Error& error) { duckdb_function_set_error(info, error.message.c_str()); });
}

}  // namespace

Status RegisterScan(duckdb_connection connection, DuckCatalog& catalog) {
  const DuckTableFunction function(duckdb_create_table_function());
  const DuckType index(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  duckdb_table_function_set_name(function.get(), kScanFunction);
  duckdb_table_function_add_parameter(function.get(), index.get());
  duckdb_table_function_set_extra_info(function.get(), &catalog, nullptr);
  duckdb_table_function_set_bind(function.get(), OnBind);
  duckdb_table_function_set_init(function.get(), OnInit);
  duckdb_table_function_set_local_init(function.get(), OnLocalInit);
  duckdb_table_function_set_function(function.get(), OnScan);
  duckdb_table_function_supports_projection_pushdown(function.get(), true);
  if (duckdb_register_table_function(connection, function.get()) == DuckDBSuccess) return {};
  return Fail(ErrorCode::kInternal, "DuckDB does not take the scan function");
}

}  // namespace k2i::query
