// SPDX-License-Identifier: Apache-2.0
//
// Documents of the REST catalog protocol as ours. Readers fail with Corruption.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

/// What /v1/config says (CatalogConfig), as far as we heed it.
struct RestConfig {
  std::string uri;
  std::string prefix;                              // not encoded; may be empty
  std::string namespace_separator = "%1F";         // as it stands in a path
  bool idempotency = false;                        // Idempotency-Key is heeded
  std::optional<std::set<std::string>> endpoints;  // "POST /v1/{prefix}/namespaces"; nullopt: the server lists none
};

/// `client` holds what our own configuration says; the server's defaults stand below it, its overrides above.
Result<RestConfig> ParseRestConfig(std::string_view body, const RestConfig& client);

/// LoadTableResult and CommitTableResponse. Storage credentials whose prefix fits the table's location best are merged
/// into `config`.
Result<LoadedTable> ParseLoadedTable(std::string_view body, const TableIdentifier& identifier);

/// {"namespace": […], "properties": {}}
std::string CreateNamespaceBody(const std::vector<std::string>& name_space);
/// InvalidArgument for a schema or spec that no catalog would take.
Result<std::string> CreateTableBody(const std::string& name, const CreateTableRequest& request, int64_t now_ms);
std::string CommitTableBody(const TableIdentifier& identifier, const std::vector<TableRequirement>& requirements,
                            const std::vector<TableUpdate>& updates);

}  // namespace k2i::iceberg
