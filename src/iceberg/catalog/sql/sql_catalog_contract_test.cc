// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>

#include "iceberg/catalog/catalog_contract_testing.h"
#include "iceberg/catalog/sql/postgres.h"
#include "iceberg/catalog/sql/sql_catalog.h"
#include "iceberg/catalog/sql/sqlite.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

/// A database file of its own, and files in memory.
struct Setting {
  ~Setting() { std::filesystem::remove_all(folder); }
  Result<std::unique_ptr<Catalog>> Open(std::unique_ptr<SqlDatabase> db) {
    return SqlCatalog::Open({.warehouse = "s3://b/wh"}, std::move(db), store, clock, random);
  }
  SystemClock clock;
  Random random{Random::SystemSeed()};
  io::MemoryObjectStore store;
  std::string folder = testing::TempDir() + "sql_contract_" + random.Uuid();
};

CatalogContract ContractOf(const std::shared_ptr<Setting>& setting) {
  CatalogContract contract;
  contract.store = &setting->store;
  contract.warehouse = "s3://b/wh";
  contract.name_space = {"k2i", "contract"};
  contract.owner = setting;
  return contract;
}

CatalogContract OpenSqlite() {
  const auto setting = std::make_shared<Setting>();
  CatalogContract contract = ContractOf(setting);
  contract.make_catalog = [s = setting.get()](const std::string&) -> Result<std::unique_ptr<Catalog>> {
    K2I_ASSIGN_OR_RETURN(auto db, Sqlite::Open(s->folder + "/catalog.db", 10'000));
    return s->Open(std::move(db));
  };
  return contract;
}

/// K2I_TEST_POSTGRES: "user:password@host:port/database".
CatalogContract OpenPostgres() {
  const char* server = std::getenv("K2I_TEST_POSTGRES");
  if (!server) return {.skip = "K2I_TEST_POSTGRES is not set"};
  const std::string address = server;
  const size_t host = address.rfind('@') + 1, path = address.rfind('/');
  const auto setting = std::make_shared<Setting>();
  CatalogContract contract = ContractOf(setting);
  contract.server = address.substr(host, path - host);
  contract.make_catalog = [s = setting.get(), before = "postgresql://" + address.substr(0, host),
                           after =
                               address.substr(path)](const std::string& server) -> Result<std::unique_ptr<Catalog>> {
    K2I_ASSIGN_OR_RETURN(auto db, Postgres::Open({.uri = before + server + after}));
    return s->Open(std::move(db));
  };
  return contract;
}

INSTANTIATE_TEST_SUITE_P(Sql, CatalogContractTest, testing::Values(CatalogContractCase{"Sqlite", OpenSqlite}),
                         CatalogContractCase::Name);
INSTANTIATE_TEST_SUITE_P(LiveSql, CatalogContractTest, testing::Values(CatalogContractCase{"Postgres", OpenPostgres}),
                         CatalogContractCase::Name);

}  // namespace
}  // namespace k2i::iceberg
