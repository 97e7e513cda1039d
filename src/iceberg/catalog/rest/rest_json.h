// SPDX-License-Identifier: Apache-2.0
//
// Documents of the REST catalog protocol as ours. Readers fail with Corruption.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/rest/catalog_capabilities.h"
#include "net/http.h"

namespace k2i::iceberg {

/// What /v1/config says (CatalogConfig), as far as we heed it.
struct RestConfig {
  std::string uri;
  std::string prefix;  // escaped or not, as the server sends it; may be empty
  CatalogCapabilities capabilities;
  std::map<std::string, std::string> properties;  // the server's defaults with its overrides above them
};

/// `client` holds what our own configuration says; the server's defaults stand below it, its overrides above.
Result<RestConfig> ParseRestConfig(std::string_view body, const RestConfig& client);

/// Credentials for what lies below a location.
struct StorageCredential {
  std::string prefix;
  std::map<std::string, std::string> config;
};

/// How the server signs requests to a table's files in our place (spec: RemoteSigningConfig).
struct RemoteSigning {
  std::string url;                                // of the signer; empty until it is known
  std::map<std::string, std::string> properties;  // that each request for a signature carries
  net::HttpHeaders headers;                       // the same
  bool by_table = false;  // the signer is at the table's own address, unless properties name another
  friend bool operator==(const RemoteSigning&, const RemoteSigning&) = default;
};

/// A table, and what opens its files.
struct RestTable {
  LoadedTable table;
  std::vector<StorageCredential> credentials;
  std::optional<RemoteSigning> remote_signing;  // the server signs each request to the store
};

/// LoadTableResult and CommitTableResponse. `known`: an earlier state of the table, as for ParseTableMetadata; nullptr
/// for none.
Result<RestTable> ParseRestTable(std::string_view body, const TableIdentifier& identifier, const TableMetadata* known);
/// LoadCredentialsResponse.
Result<std::vector<StorageCredential>> ParseCredentials(std::string_view body);

/// {"namespace": […], "properties": {}}
std::string CreateNamespaceBody(const std::vector<std::string>& name_space);
/// InvalidArgument for a schema or spec that no catalog would take.
/// `staged`: the server makes the metadata, and the table comes to be with its first commit.
Result<std::string> CreateTableBody(const std::string& name, const CreateTableRequest& request, int64_t now_ms,
                                    bool staged = false);
std::string RegisterTableBody(const std::string& name, const std::string& metadata_location);
std::string RenameTableBody(const TableIdentifier& from, const TableIdentifier& to);

/// What changes in one table.
struct TableChange {
  TableIdentifier identifier;
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;
};
std::string CommitTableBody(const TableChange& change);
std::string CommitTransactionBody(const std::vector<TableChange>& changes);
/// A CommitReport of `snapshot`, its counters from its summary.
std::string CommitReportBody(const TableIdentifier& table, const Snapshot& snapshot, std::chrono::nanoseconds duration);

}  // namespace k2i::iceberg
