// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog: the seam to the service that holds the pointer to each table's current metadata.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "iceberg/update/table_update.h"

namespace k2i::iceberg {

struct TableIdentifier {
  std::vector<std::string> name_space;  // one level or more
  std::string name;
  /// "analytics.events"
  std::string ToString() const;
  friend bool operator==(const TableIdentifier&, const TableIdentifier&) = default;
};

struct LoadedTable {
  TableIdentifier identifier;
  std::string metadata_location;
  std::shared_ptr<const TableMetadata> metadata;
  std::map<std::string, std::string> config;  // what a REST catalog sends along (vended credentials …)
};

/// Thread-safe. Every error carries Component::kCatalog (or kStorage when the metadata file is at fault). Beside the
/// codes named: PermissionDenied, Unavailable, Timeout.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// Reaches the catalog and checks the credentials; no side effect.
  virtual Status Ping() = 0;
  /// Success too when it is there already.
  virtual Status EnsureNamespace(const std::vector<std::string>& name_space) = 0;
  /// NotFound: no such table or namespace.
  virtual Result<LoadedTable> LoadTable(const TableIdentifier& table) = 0;
  /// AlreadyExists: somebody was faster; load it.
  virtual Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) = 0;
  /// Applies the updates in one atomic step if the requirements hold.
  /// - CommitConflict: definitely not applied, the base has moved.
  /// - CommitStateUnknown: may or may not have been applied; read the table.
  /// - NotFound: the table is gone. InvalidArgument, PermissionDenied: definitely rejected.
  /// `idempotency_key`: a UUID, the same for a repeat of the same request; empty: none.
  virtual Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                          const std::vector<TableUpdate>& updates,
                                          const std::string& idempotency_key) = 0;
  /// Every table of the catalog, of every namespace; views are none. NotSupported where the catalog does not list.
  virtual Result<std::vector<TableIdentifier>> ListTables() = 0;
  /// Makes a table that is there already, as the file at `metadata_location` says, one of this catalog's.
  /// AlreadyExists: the name is taken. NotSupported where the catalog has no such call.
  virtual Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location);
  /// Forgets the table; its files stay.
  virtual Status DropTable(const TableIdentifier& table) = 0;
};

}  // namespace k2i::iceberg
