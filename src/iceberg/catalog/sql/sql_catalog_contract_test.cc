// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "iceberg/catalog/catalog_contract_testing.h"
#include "iceberg/catalog/sql/sql_catalog.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

/// A database file of its own, and files in memory.
struct Setting {
  ~Setting() { std::filesystem::remove_all(folder); }
  SystemClock clock;
  Random random{Random::SystemSeed()};
  io::MemoryObjectStore store;
  std::string folder = testing::TempDir() + "sql_contract_" + random.Uuid();
};

CatalogContract OpenSqlite() {
  const auto setting = std::make_shared<Setting>();
  CatalogContract contract;
  contract.make_catalog = [s = setting.get()](const std::string&) -> Result<std::unique_ptr<Catalog>> {
    return SqlCatalog::Open({.sqlite_path = s->folder + "/catalog.db", .warehouse = "s3://b/wh"}, s->store, s->clock,
                            s->random);
  };
  contract.store = &setting->store;
  contract.warehouse = "s3://b/wh";
  contract.name_space = {"k2i", "contract"};
  contract.owner = setting;
  return contract;
}

INSTANTIATE_TEST_SUITE_P(Sql, CatalogContractTest, testing::Values(CatalogContractCase{"Sqlite", OpenSqlite}),
                         CatalogContractCase::Name);

}  // namespace
}  // namespace k2i::iceberg
