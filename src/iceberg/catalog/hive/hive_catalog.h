// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog/hive: tables of the Hive Metastore (versions 3 and 4), as Iceberg's HiveCatalog keeps them: an
// external table whose parameter metadata_location points to the metadata file. hive_client.h is the connection,
// hive_locks.h the lock round each commit, hive_columns.h what Hive sees of the schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/hive/hive_client.h"
#include "iceberg/catalog/hive/hive_locks.h"
#include "iceberg/catalog/metadata_reader.h"
#include "io/object_store.h"

namespace k2i::hive_thrift {
class Table;
}

namespace k2i::iceberg {

struct HiveCatalogOptions {
  HiveClientOptions client;
  /// Folder of databases that are made here: <warehouse>/<database>.db. Empty: the metastore's own.
  std::string warehouse;
  /// Whether commits take the table's lock; a table's property engine.hive.lock-enabled overrules it. All writers of a
  /// table must agree. Without locks the metastore has to check expected parameters (4.0, over a database other than
  /// Derby).
  bool lock_enabled = true;
  std::chrono::milliseconds lock_timeout{180'000};
};

/// Thread-safe, and safe with other processes and engines on the same metastore. Names are lower case there: "A.T" and
/// "a.t" are one table.
class HiveCatalog final : public Catalog {
 public:
  /// Sends nothing. The references must outlive the catalog.
  HiveCatalog(HiveCatalogOptions options, io::ObjectStore& store, Clock& clock, Random& random);

  /// Beside the codes that Catalog names: InvalidArgument for a namespace that is not one level and names that the
  /// metastore refuses; NotSupported when locks are off and the metastore cannot check expected parameters. A Hive
  /// table that is none of Iceberg's counts as not there, except that none can be made in its place.
  Status Ping() override;
  Status EnsureNamespace(const std::vector<std::string>& name_space) override;
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override;
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override;
  /// Unavailable when the lock is not to be had in time.
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates, const std::string& idempotency_key) override;
  Result<std::vector<TableIdentifier>> ListTables() override;
  Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location) override;
  Status DropTable(const TableIdentifier& table) override;

 private:
  struct Name {
    std::string database, table;
  };
  static Result<Name> NameOf(const TableIdentifier& table);
  /// The metastore's entry; NotFound when it is none of Iceberg's.
  Result<hive_thrift::Table> Entry(const Name& name);
  Status KeepFolder(const std::string& folder);
  Result<std::string> DatabaseLocation(const std::string& database);
  /// Makes an entry that points to `table`.
  Status AddEntry(const Name& name, const LoadedTable& table);
  /// Makes the entry point from `current` to `next`.
  Status Publish(const Name& name, const LoadedTable& current, const LoadedTable& next);
  Status Alter(const Name& name, const hive_thrift::Table& entry, const std::string& expected, bool locked);
  Status SwapEntry(const Name& name, const LoadedTable& current, const LoadedTable& next, const HiveLocks::Held* lock);
  /// What has become of a change to `next` after the error `told`, by a look at the table.
  Status Resolve(const Name& name, const std::string& before, const LoadedTable& next, const Error& told);

  const HiveCatalogOptions options_;
  io::ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  MetadataReader reader_;
  HiveClient client_;
  HiveLocks locks_;
};

}  // namespace k2i::iceberg
