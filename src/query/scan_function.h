// SPDX-License-Identifier: Apache-2.0
//
// TableScan as a table function of DuckDB: k2i_scan(i) gives the rows of the catalog's i-th table in the view that the
// connection's query has pinned. Its first column stands for "no column", which is what count(*) reads.
#pragma once

#include "query/duck.h"

namespace k2i::query {

class DuckCatalog;

inline constexpr const char* kScanFunction = "k2i_scan";

/// `catalog` must outlive the connection's database.
Status RegisterScan(duckdb_connection connection, DuckCatalog& catalog);

}  // namespace k2i::query
