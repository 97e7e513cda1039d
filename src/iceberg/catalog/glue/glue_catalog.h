// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog/glue: the AWS Glue Data Catalog. A namespace is a database; a table is one of Glue's whose parameter
// metadata_location points to the current metadata file, as Iceberg's GlueCatalog (Spark, Flink, Trino, PyIceberg) and
// Athena have it. The swap of that pointer is an UpdateTable that names the version it was read at; old versions are
// not archived, for Glue keeps no more than 100,000.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/glue/glue_client.h"
#include "iceberg/catalog/metadata_reader.h"
#include "io/object_store.h"

namespace k2i::iceberg {

struct GlueCatalogOptions {
  GlueClientOptions client;
  /// Folder of new tables of databases that have no location of their own: <warehouse>/<database>.db/<table>.
  std::string warehouse;
  bool skip_archive = true;
};

/// Thread-safe. Beside the codes that Catalog names: InvalidArgument for a namespace of several levels and for names
/// that Glue would change (it keeps lower case alone), and for a table of Glue's that is no Iceberg table.
class GlueCatalog final : public Catalog {
 public:
  /// `transport` signs the requests. The references must outlive the catalog, which is not asked anything yet.
  GlueCatalog(const GlueCatalogOptions& options, net::HttpTransport& transport, io::ObjectStore& store, Clock& clock,
              Random& random);

  /// Needs the right glue:GetDatabases.
  Status Ping() override;
  Status EnsureNamespace(const std::vector<std::string>& name_space) override;
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override;
  /// Unavailable where the outcome is unclear: the next one is AlreadyExists if it was made.
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override;
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates, const std::string& idempotency_key) override;
  Result<std::vector<TableIdentifier>> ListTables() override;
  /// Unavailable where the outcome is unclear, as above.
  Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location) override;
  Status DropTable(const TableIdentifier& table) override;

 private:
  /// The member Table of GetTable.
  Result<nlohmann::json> GetTable(const TableIdentifier& table, const std::string& what);
  Result<std::string> NewTableLocation(const TableIdentifier& table);
  Status AddTable(const LoadedTable& table);

  const std::string warehouse_;
  const bool skip_archive_;
  io::ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  MetadataReader reader_;
  GlueClient client_;
};

}  // namespace k2i::iceberg
