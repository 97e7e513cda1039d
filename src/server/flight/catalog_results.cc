// SPDX-License-Identifier: Apache-2.0
#include "server/flight/catalog_results.h"

#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>

#include <algorithm>
#include <functional>
#include <set>

#include "server/flight/flight_status.h"
#include "server/flight/like_pattern.h"
#include "server/flight/sql_types.h"

namespace k2i::server::flight {
namespace {

constexpr char kTableType[] = "TABLE";

std::shared_ptr<arrow::Field> Text(const char* name, bool nullable = true) {
  return arrow::field(name, arrow::utf8(), nullable);
}
std::shared_ptr<arrow::Field> Number(const char* name) { return arrow::field(name, arrow::int32(), false); }

bool Matches(const std::string& name, const std::optional<std::string>& pattern) {
  return !pattern.has_value() || MatchesLike(name, *pattern);
}

/// None of ours has a catalog.
bool MatchesCatalog(const std::optional<std::string>& catalog) { return !catalog.has_value() || catalog->empty(); }

BatchResult Empty(const std::shared_ptr<arrow::Schema>& schema) {
  FLIGHT_ASSIGN_OR_RETURN(auto batch, arrow::RecordBatch::MakeEmpty(schema));
  return batch;
}

BatchResult Finish(arrow::Result<std::unique_ptr<arrow::RecordBatchBuilder>> made,
                   const std::function<arrow::Status(arrow::RecordBatchBuilder&)>& fill) {
  FLIGHT_ASSIGN_OR_RETURN(const auto builder, std::move(made));
  if (const arrow::Status status = fill(*builder); !status.ok()) return std::unexpected(FromArrow(status));
  FLIGHT_ASSIGN_OR_RETURN(auto batch, builder->Flush());
  return batch;
}

arrow::Status AppendText(arrow::RecordBatchBuilder& builder, int column, std::string_view text) {
  return builder.GetFieldAs<arrow::StringBuilder>(column)->Append(text);
}

std::vector<const query::TableInfo*> Chosen(const GetTables& command, const std::vector<query::TableInfo>& tables) {
  std::vector<const query::TableInfo*> chosen;
  const bool wanted = command.types.empty() || std::ranges::count(command.types, kTableType) > 0;
  if (!wanted || !MatchesCatalog(command.catalog)) return chosen;
  for (const query::TableInfo& table : tables) {
    const bool matches = Matches(table.database, command.schema_pattern) && Matches(table.table, command.table_pattern);
    if (matches) chosen.push_back(&table);
  }
  std::ranges::sort(chosen, {}, [](const query::TableInfo* t) { return std::pair(t->database, t->table); });
  return chosen;
}

arrow::Status AppendSchema(const query::TableInfo& table, arrow::RecordBatchBuilder& builder) {
  arrow::FieldVector columns;
  for (const auto& field : table.schema->fields()) columns.push_back(AsColumn(field, table.database, table.table));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::ipc::SerializeSchema(*arrow::schema(columns)));
  return builder.GetFieldAs<arrow::BinaryBuilder>(4)->Append(bytes->data(), static_cast<int32_t>(bytes->size()));
}

arrow::Status AppendTable(const query::TableInfo& table, bool with_schema, arrow::RecordBatchBuilder& builder) {
  ARROW_RETURN_NOT_OK(builder.GetField(0)->AppendNull());
  ARROW_RETURN_NOT_OK(AppendText(builder, 1, table.database));
  ARROW_RETURN_NOT_OK(AppendText(builder, 2, table.table));
  ARROW_RETURN_NOT_OK(AppendText(builder, 3, kTableType));
  return with_schema ? AppendSchema(table, builder) : arrow::Status::OK();
}

}  // namespace

std::shared_ptr<arrow::Schema> SchemaOf(const GetCatalogs&) { return arrow::schema({Text("catalog_name", false)}); }

std::shared_ptr<arrow::Schema> SchemaOf(const GetDbSchemas&) {
  return arrow::schema({Text("catalog_name"), Text("db_schema_name", false)});
}

std::shared_ptr<arrow::Schema> SchemaOf(const GetTables& command) {
  arrow::FieldVector fields = {Text("catalog_name"), Text("db_schema_name"), Text("table_name", false),
                               Text("table_type", false)};
  if (command.include_schema) fields.push_back(arrow::field("table_schema", arrow::binary(), false));
  return arrow::schema(fields);
}

std::shared_ptr<arrow::Schema> SchemaOf(const GetTableTypes&) { return arrow::schema({Text("table_type", false)}); }

std::shared_ptr<arrow::Schema> SchemaOf(const GetPrimaryKeys&) {
  return arrow::schema({Text("catalog_name"), Text("db_schema_name"), Text("table_name", false),
                        Text("column_name", false), Text("key_name"), Number("key_sequence")});
}

std::shared_ptr<arrow::Schema> SchemaOf(const GetForeignKeys&) {
  return arrow::schema({Text("pk_catalog_name"), Text("pk_db_schema_name"), Text("pk_table_name", false),
                        Text("pk_column_name", false), Text("fk_catalog_name"), Text("fk_db_schema_name"),
                        Text("fk_table_name", false), Text("fk_column_name", false), Number("key_sequence"),
                        Text("fk_key_name"), Text("pk_key_name"), arrow::field("update_rule", arrow::uint8(), false),
                        arrow::field("delete_rule", arrow::uint8(), false)});
}

BatchResult RowsOf(const GetCatalogs& command, const std::vector<query::TableInfo>&) {
  return Empty(SchemaOf(command));
}

BatchResult RowsOf(const GetDbSchemas& command, const std::vector<query::TableInfo>& tables) {
  std::set<std::string> names;
  for (const query::TableInfo& table : tables) {
    if (MatchesCatalog(command.catalog) && Matches(table.database, command.schema_pattern)) {
      names.insert(table.database);
    }
  }
  return Finish(arrow::RecordBatchBuilder::Make(SchemaOf(command), arrow::default_memory_pool()), [&](auto& builder) {
    for (const std::string& name : names) {
      ARROW_RETURN_NOT_OK(builder.GetField(0)->AppendNull());
      ARROW_RETURN_NOT_OK(AppendText(builder, 1, name));
    }
    return arrow::Status::OK();
  });
}

BatchResult RowsOf(const GetTables& command, const std::vector<query::TableInfo>& tables) {
  const auto chosen = Chosen(command, tables);
  return Finish(arrow::RecordBatchBuilder::Make(SchemaOf(command), arrow::default_memory_pool()), [&](auto& builder) {
    for (const query::TableInfo* table : chosen) {
      ARROW_RETURN_NOT_OK(AppendTable(*table, command.include_schema, builder));
    }
    return arrow::Status::OK();
  });
}

BatchResult RowsOf(const GetTableTypes& command, const std::vector<query::TableInfo>&) {
  return Finish(arrow::RecordBatchBuilder::Make(SchemaOf(command), arrow::default_memory_pool()),
                [](auto& builder) { return AppendText(builder, 0, kTableType); });
}

BatchResult RowsOf(const GetPrimaryKeys& command, const std::vector<query::TableInfo>&) {
  return Empty(SchemaOf(command));
}

BatchResult RowsOf(const GetForeignKeys& command, const std::vector<query::TableInfo>&) {
  return Empty(SchemaOf(command));
}

}  // namespace k2i::server::flight
