// SPDX-License-Identifier: Apache-2.0
//
// Answers to the commands that ask what there is: schemas as FlightSql.proto gives them, each command's rows in the
// order it asks for. A database is a schema of SQL; there are no catalogs, and no keys.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "query/service.h"
#include "server/flight/messages.h"

namespace k2i::server::flight {

std::shared_ptr<arrow::Schema> SchemaOf(const GetCatalogs& command);
std::shared_ptr<arrow::Schema> SchemaOf(const GetDbSchemas& command);
std::shared_ptr<arrow::Schema> SchemaOf(const GetTables& command);
std::shared_ptr<arrow::Schema> SchemaOf(const GetTableTypes& command);
std::shared_ptr<arrow::Schema> SchemaOf(const GetPrimaryKeys& command);
std::shared_ptr<arrow::Schema> SchemaOf(const GetForeignKeys& command);

using BatchResult = Result<std::shared_ptr<arrow::RecordBatch>>;

BatchResult RowsOf(const GetCatalogs& command, const std::vector<query::TableInfo>& tables);
BatchResult RowsOf(const GetDbSchemas& command, const std::vector<query::TableInfo>& tables);
BatchResult RowsOf(const GetTables& command, const std::vector<query::TableInfo>& tables);
BatchResult RowsOf(const GetTableTypes& command, const std::vector<query::TableInfo>& tables);
BatchResult RowsOf(const GetPrimaryKeys& command, const std::vector<query::TableInfo>& tables);
BatchResult RowsOf(const GetForeignKeys& command, const std::vector<query::TableInfo>& tables);

}  // namespace k2i::server::flight
