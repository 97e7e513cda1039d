// SPDX-License-Identifier: Apache-2.0
#include "query/engine.h"

#include <arrow/memory_pool.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/logging.h"
#include "base/thread_priority.h"
#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"
#include "query/engine_impl.h"
#include "query/parameters.h"
#include "query/sql_answer.h"
#include "query/table_filter.h"

namespace k2i::query {
namespace {

constexpr size_t kStatementCacheBytes = 4 << 20;

TableNames NamesOf(const std::vector<ServedTable>& tables) {
  std::vector<TableNames::Name> names;
  for (const ServedTable& table : tables) names.push_back({table.database, table.table});
  return TableNames(std::move(names));
}

int64_t SummaryNumber(const iceberg::Snapshot& snapshot, const char* key) {
  int64_t number = 0;
  if (const auto it = snapshot.summary.find(key); it != snapshot.summary.end()) {
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), number);
  }
  return number;
}

int32_t FieldIdOf(const iceberg::Schema& schema, const std::string& name, iceberg::TypeId type) {
  const auto* field = name.empty() ? nullptr : schema.FindField(name);
  return field != nullptr && field->type->id() == type ? field->field_id : 0;
}

MetadataColumns MetadataOf(const ServedTable& table, const iceberg::Schema& schema) {
  return {.partition = FieldIdOf(schema, table.partition_column, iceberg::TypeId::kInt),
          .offset = FieldIdOf(schema, table.offset_column, iceberg::TypeId::kLong),
          .timestamp = FieldIdOf(schema, table.timestamp_column, iceberg::TypeId::kTimestampTz)};
}

bool SameColumns(const iceberg::Schema& a, const iceberg::Schema& b) {
  return a.type == b.type || a.type->Equals(*b.type);
}

std::vector<size_t> TablesOf(const Statement& statement) {
  std::set<size_t> tables;
  for (const Mention& mention : statement.mentions) tables.insert(mention.table);
  return {tables.begin(), tables.end()};
}

/// What of the memory is for rows of peers.
int64_t PeerBytes(const EngineOptions& options) { return options.peers.empty() ? 0 : options.memory_bytes / 4; }

}  // namespace

EngineCore::EngineCore(EngineOptions given, std::vector<ServedTable> served)
    : options(std::move(given)),
      tables(std::move(served)),
      names(NamesOf(tables)),
      manifests(options.manifest_cache_entries),
      statements(kStatementCacheBytes),
      admission(options.max_running, options.max_waiting),
      peers({.peers = options.peers,
             .timeout = options.peer_timeout,
             .memory_bytes = PeerBytes(options),
             .metrics = options.metrics}) {
  for (const ServedTable& table : tables) {
    const bool may_reload = table.reload && !options.peers.empty();
    reloaders.push_back(may_reload ? std::make_unique<TableReloader>(table.reload) : nullptr);
  }
}

Engine::Engine(std::unique_ptr<EngineCore> core) : core_(std::move(core)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Make(EngineOptions options, std::vector<ServedTable> tables) {
  std::set<std::string> seen;
  for (const ServedTable& table : tables) {
    if (seen.insert(LowerAscii(table.database + "." + table.table)).second) continue;
    return Fail(ErrorCode::kInvalidConfig, "two tables are named " + table.database + "." + table.table);
  }
  if (options.pool == nullptr) options.pool = arrow::default_memory_pool();
  return std::unique_ptr<Engine>(new Engine(std::make_unique<EngineCore>(std::move(options), std::move(tables))));
}

Deadline EngineCore::DeadlineFor(Duration timeout) const {
  const Duration limit = timeout > Duration::zero() ? std::min(timeout, options.timeout) : options.timeout;
  return std::chrono::steady_clock::now() + limit;
}

Result<std::shared_ptr<DuckCatalog>> EngineCore::CatalogFor(const Views& views) {
  std::lock_guard lock(catalog_mutex);
  const auto fits = [&](const auto& view) {
    const auto it = std::ranges::find(catalog->tables(), view.first, &CatalogTable::index);
    return it != catalog->tables().end() && SameColumns(it->schema, view.second->table->current_schema());
  };
  if (catalog != nullptr && std::ranges::all_of(views, fits)) return catalog;
  std::vector<CatalogTable> entries;
  for (size_t i = 0; i < tables.size(); ++i) {
    const auto pinned = views.find(i);
    const auto view = pinned != views.end() ? pinned->second : tables[i].views->Current();
    if (view == nullptr) continue;
    const auto same = [&](const ServedTable& other) { return EqualsIgnoringCase(other.table, tables[i].table); };
    entries.push_back({.index = i,
                       .database = tables[i].database,
                       .table = tables[i].table,
                       .unique = std::ranges::count_if(tables, same) == 1,
                       .schema = view->table->current_schema()});
  }
  K2I_ASSIGN_OR_RETURN(catalog, DuckCatalog::Open({.threads = options.threads,
                                                   .memory_bytes = options.memory_bytes - PeerBytes(options),
                                                   .niceness = options.niceness},
                                                  std::move(entries)));
  return catalog;
}

Result<std::shared_ptr<const Statement>> EngineCore::Parse(const std::string& sql) {
  if (auto known = statements.Find(sql)) return known;
  K2I_ASSIGN_OR_RETURN(const auto lender, CatalogFor({}));
  K2I_ASSIGN_OR_RETURN(const DuckConnection connection, lender->Connect());
  K2I_ASSIGN_OR_RETURN(auto statement, ParseStatement(connection.get(), sql, names));
  statements.Keep(sql, statement);
  return statement;
}

Result<std::unique_ptr<SqlSession>> EngineCore::Open(std::shared_ptr<DuckCatalog> on, const Views& views,
                                                     Deadline deadline) {
  for (const CatalogTable& table : on->tables()) {
    if (views.contains(table.index) && table.unusable) return std::unexpected(*table.unusable);
  }
  K2I_ASSIGN_OR_RETURN(DuckConnection connection, on->Connect());
  auto query = std::make_shared<RunningQuery>(connection.get(), options.pool, manifests);
  for (const auto& [index, view] : views) {
    query->tables[index] = {.view = view,
                            .store = tables[index].store,
                            .metadata = MetadataOf(tables[index], view->table->current_schema())};
  }
  return std::make_unique<SqlSession>(watchdog, std::move(on), std::move(connection), std::move(query), deadline);
}

Result<std::unique_ptr<Answer>> EngineCore::Run(const Statement& statement,
                                                const std::vector<std::shared_ptr<arrow::Scalar>>& parameters,
                                                Pins pins, Admission::Slot slot, Deadline deadline, int64_t max_rows) {
  K2I_ASSIGN_OR_RETURN(const auto on, CatalogFor(pins.views));
  K2I_ASSIGN_OR_RETURN(auto session, Open(on, pins.views, deadline));
  for (auto& [index, pinned] : session->query->tables) {
    pinned.filter = FilterOf(statement, index, pinned.view->table->current_schema(), parameters);
  }
  DuckPrepared prepared;
  if (duckdb_prepare(session->connection.get(), statement.sql.c_str(), prepared.out()) != DuckDBSuccess) {
    if (const auto reason = session->query->reason()) return std::unexpected(*reason);
    return std::unexpected(UserError(duckdb_prepare_error(prepared.get())));
  }
  const duckdb_statement_type type = duckdb_prepared_statement_type(prepared.get());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return Fail(ErrorCode::kInvalidArgument, "only SELECT and EXPLAIN are allowed");
  }
  K2I_RETURN_IF_ERROR(BindParameters(prepared.get(), parameters));
  SqlAnswer::Parts parts{.slot = std::move(slot), .session = std::move(session), .prepared = std::move(prepared)};
  parts.pinned = std::move(pins.pinned);
  parts.max_rows = max_rows > 0 ? std::min(max_rows, options.max_rows) : options.max_rows;
  parts.on_end = [this, begun = std::chrono::steady_clock::now()](const RunningQuery& query) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (options.metrics != nullptr) {
      options.metrics->GetHistogram("k2i_query_seconds", "Time of queries, from their start to the end of their answer")
          .Observe(seconds);
    }
    const ScanCounts counts = query.counts();
    if (options.on_end) options.on_end(counts, seconds);
    log::Debug("query", {{"seconds", seconds},
                         {"slices", counts.slices_scanned},
                         {"slices_skipped", counts.slices_skipped},
                         {"files", counts.files_scanned},
                         {"files_skipped", counts.files_skipped},
                         {"manifests_skipped", counts.manifests_skipped},
                         {"row_groups", counts.row_groups_scanned},
                         {"row_groups_skipped", counts.row_groups_skipped},
                         {"hot_rows", counts.hot_rows},
                         {"cold_rows", counts.cold_rows}});
  };
  return SqlAnswer::Make(std::move(parts));
}

Result<std::unique_ptr<Answer>> Engine::Query(const SqlRequest& request) {
  YieldPriority(core_->options.niceness);
  return datafile::CatchAll([&]() -> Result<std::unique_ptr<Answer>> {
    const Deadline deadline = core_->DeadlineFor(request.timeout);
    K2I_ASSIGN_OR_RETURN(auto slot, core_->admission.Enter(deadline));
    K2I_ASSIGN_OR_RETURN(const auto statement, core_->Parse(request.sql));
    const PeerQuestion question{.deadline = deadline, .gone = request.gone};
    K2I_ASSIGN_OR_RETURN(auto pins, core_->PinAll(TablesOf(*statement), request.wait_for, question));
    return core_->Run(*statement, request.parameters, std::move(pins), std::move(slot), deadline, request.max_rows);
  });
}

Result<Description> Engine::Describe(const std::string& sql) {
  YieldPriority(core_->options.niceness);
  return datafile::CatchAll([&]() -> Result<Description> {
    const Deadline deadline = core_->DeadlineFor({});
    K2I_ASSIGN_OR_RETURN(const auto slot, core_->admission.Enter(deadline));
    K2I_ASSIGN_OR_RETURN(const auto statement, core_->Parse(sql));
    K2I_ASSIGN_OR_RETURN(const auto views, core_->Pin(TablesOf(*statement), {}, deadline, {}));
    K2I_ASSIGN_OR_RETURN(const auto on, core_->CatalogFor(views));
    K2I_ASSIGN_OR_RETURN(const auto session, core_->Open(on, views, deadline));
    DuckPrepared prepared;
    if (duckdb_prepare(session->connection.get(), statement->sql.c_str(), prepared.out()) != DuckDBSuccess) {
      return std::unexpected(UserError(duckdb_prepare_error(prepared.get())));
    }
    DuckArrowOptions arrow_options;
    duckdb_connection_get_arrow_options(session->connection.get(), arrow_options.out());
    Description description;
    K2I_ASSIGN_OR_RETURN(description.result, PreparedSchema(arrow_options.get(), prepared.get()));
    K2I_ASSIGN_OR_RETURN(description.parameters, ParameterSchema(arrow_options.get(), prepared.get()));
    return description;
  });
}

Pinned EngineCore::PinnedOf(size_t index, const buffer::View& view) const {
  Pinned pinned{.table = NameOf(index), .snapshot_id = view.snapshot_id, .offsets = view.end, .missing = {}};
  if (!view.assigned) return pinned;
  for (const auto& [partition, end] : view.end) {
    if (std::ranges::find(*view.assigned, partition) == view.assigned->end()) pinned.missing.push_back(partition);
  }
  return pinned;
}

Result<TableInfo> EngineCore::InfoOf(size_t index) const {
  const ServedTable& table = tables[index];
  const auto view = table.views->Current();
  if (view == nullptr) return Fail(ErrorCode::kUnavailable, "table " + NameOf(index) + " is not there yet");
  TableInfo info{.database = table.database,
                 .table = table.table,
                 .location = view->table->location,
                 .pinned = PinnedOf(index, *view),
                 .committed = view->committed,
                 .key = table.key};
  K2I_ASSIGN_OR_RETURN(info.schema, datafile::ToFileSchema(view->table->current_schema()));
  for (const auto& slice : view->slices) {
    info.hot_rows += slice->row_count();
    info.hot_bytes += slice->size_bytes;
  }
  for (const auto& slice : view->retained) info.retained_rows += slice->row_count();
  const auto* snapshot = view->snapshot_id ? view->table->FindSnapshot(*view->snapshot_id) : nullptr;
  if (snapshot != nullptr) {
    info.cold_rows = SummaryNumber(*snapshot, "total-records");
    info.cold_files = SummaryNumber(*snapshot, "total-data-files");
  }
  return info;
}

std::vector<TableInfo> Engine::Tables() {
  std::vector<TableInfo> infos;
  for (size_t i = 0; i < core_->tables.size(); ++i) {
    if (auto info = core_->InfoOf(i)) infos.push_back(*std::move(info));
  }
  return infos;
}

Result<TableInfo> Engine::Table(const std::string& name) {
  K2I_ASSIGN_OR_RETURN(const size_t index, core_->names.Find(name));
  return core_->InfoOf(index);
}

}  // namespace k2i::query
