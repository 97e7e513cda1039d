// SPDX-License-Identifier: Apache-2.0
//
// The types that columns of results may have, as JDBC and ODBC describe types (getTypeInfo).
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/error.h"
#include "server/flight/messages.h"

namespace k2i::server::flight {

std::shared_ptr<arrow::Schema> SchemaOf(const GetXdbcTypeInfo& command);
Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const GetXdbcTypeInfo& command);

}  // namespace k2i::server::flight
