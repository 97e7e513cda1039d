// SPDX-License-Identifier: Apache-2.0
//
// The catalog contract against real metastores: K2I_TEST_HIVE ("host:port", commits under the lock) and
// K2I_TEST_HIVE_UNLOCKED (one that checks expected parameters). K2I_TEST_HIVE_OLD is one that does not.
// K2I_TEST_HIVE_KERBEROS is one whose principal is K2I_TEST_HIVE_SERVICE; K2I_TEST_HIVE_KEYTAB is ours. Table files lie
// in memory; the metastore makes the tables' folders on its own disk.
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "iceberg/catalog/catalog_contract_testing.h"
#include "iceberg/catalog/hive/hive_catalog.h"
#include "io/local_object_store.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

struct Setting {
  ~Setting() { std::filesystem::remove_all(folder); }
  SystemClock clock;
  Random random{Random::SystemSeed()};
  io::MemoryObjectStore store;
  std::string folder = testing::TempDir() + "hive_contract_" + random.Uuid();
};

KerberosOptions Kerberos() {
  const char* service = std::getenv("K2I_TEST_HIVE_SERVICE");
  const char* keytab = std::getenv("K2I_TEST_HIVE_KEYTAB");
  return {.service = service ? service : "", .keytab = keytab ? keytab : "", .client = ""};
}

CatalogContract Open(const char* variable, bool lock_enabled, const KerberosOptions& kerberos = {}) {
  CatalogContract contract;
  const char* server = std::getenv(variable);
  if (!server) {
    contract.skip = std::string(variable) + " is not set";
    return contract;
  }
  const auto setting = std::make_shared<Setting>();
  contract.server = server;
  contract.make_catalog = [s = setting.get(), lock_enabled,
                           kerberos](const std::string& address) -> Result<std::unique_ptr<Catalog>> {
    K2I_ASSIGN_OR_RETURN(auto servers, ParseMetastoreUris("thrift://" + address));
    return std::make_unique<HiveCatalog>(
        HiveCatalogOptions{.client = {.servers = std::move(servers), .kerberos = kerberos},
                           .lock_enabled = lock_enabled},
        s->store, s->clock, s->random);
  };
  contract.store = &setting->store;
  contract.warehouse = "file://" + setting->folder;
  contract.owner = setting;
  return contract;
}

INSTANTIATE_TEST_SUITE_P(LiveHive, CatalogContractTest,
                         testing::Values(CatalogContractCase{"Locked", [] { return Open("K2I_TEST_HIVE", true); }}),
                         CatalogContractCase::Name);
INSTANTIATE_TEST_SUITE_P(LiveHiveUnlocked, CatalogContractTest,
                         testing::Values(CatalogContractCase{"Checked",
                                                             [] { return Open("K2I_TEST_HIVE_UNLOCKED", false); }}),
                         CatalogContractCase::Name);

INSTANTIATE_TEST_SUITE_P(LiveHiveKerberized, CatalogContractTest,
                         testing::Values(CatalogContractCase{
                             "Locked", [] { return Open("K2I_TEST_HIVE_KERBEROS", true, Kerberos()); }}),
                         CatalogContractCase::Name);

/// Far more than the 64 KiB that a server takes in one message of its layer, both ways.
TEST(LiveHiveKerberos, CarriesLongMessagesInPieces) {
  CatalogContract contract = Open("K2I_TEST_HIVE_KERBEROS", true, Kerberos());
  if (!contract.skip.empty()) GTEST_SKIP() << contract.skip;
  const auto catalog = contract.make_catalog(contract.server).value();
  const TableIdentifier table{contract.name_space, "long_messages"};
  CreateTableRequest request;
  std::vector<NestedField> fields;
  for (int32_t id = 1; id <= 1'000; ++id) {
    const std::string name = "column_" + std::to_string(id);
    fields.push_back({id, name, Type::Primitive(TypeId::kLong), false, "a_comment_that_can_be_seen of " + name});
  }
  request.schema.type = Type::Struct(fields);
  ASSERT_TRUE(catalog->EnsureNamespace(table.name_space).has_value());
  static_cast<void>(catalog->DropTable(table));
  const auto base = catalog->CreateTable(table, request);
  ASSERT_TRUE(base.has_value()) << base.error().ToString();
  const auto commit = catalog->CommitTable(*base, {}, {update::SetProperties{{{"a", "b"}}}}, "");
  ASSERT_TRUE(commit.has_value()) << commit.error().ToString();
  const auto other = contract.make_catalog(contract.server).value();
  const auto loaded = other->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata_location, commit->metadata_location);
  EXPECT_TRUE(catalog->DropTable(table).has_value());
}

TEST(LiveHiveOld, CommitsNothingThatTheMetastoreWouldNotCheck) {
  CatalogContract contract = Open("K2I_TEST_HIVE_OLD", false);
  if (!contract.skip.empty()) GTEST_SKIP() << contract.skip;
  const auto catalog = contract.make_catalog(contract.server).value();
  const TableIdentifier table{contract.name_space, "unchecked"};
  CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
  ASSERT_TRUE(catalog->EnsureNamespace(table.name_space).has_value());
  static_cast<void>(catalog->DropTable(table));
  const auto base = catalog->CreateTable(table, request);
  ASSERT_TRUE(base.has_value()) << base.error().ToString();
  const auto commit = catalog->CommitTable(*base, {}, {update::SetProperties{{{"a", "b"}}}}, "");
  ASSERT_FALSE(commit.has_value());
  EXPECT_EQ(commit.error().code, ErrorCode::kNotSupported) << commit.error().ToString();
  EXPECT_EQ(catalog->LoadTable(table)->metadata_location, base->metadata_location);
  EXPECT_TRUE(catalog->DropTable(table).has_value());
}

TEST(LiveHiveDatabase, IsMadeByManyAtOnceWithoutLoss) {
  const CatalogContract contract = Open("K2I_TEST_HIVE", true);
  if (!contract.skip.empty()) GTEST_SKIP() << contract.skip;
  SystemClock clock;
  Random random{Random::SystemSeed()};
  io::LocalObjectStore store;  // where the metastore's folders are
  const std::string folder = testing::TempDir() + "hive_database_" + random.Uuid();
  CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
  for (int round = 0; round < 3; ++round) {
    const std::vector<std::string> database = {"at_once_" + random.Uuid().substr(0, 8)};
    std::vector<std::unique_ptr<HiveCatalog>> catalogs;
    std::vector<TableIdentifier> tables;
    for (int i = 0; i < 6; ++i) {
      catalogs.push_back(std::make_unique<HiveCatalog>(
          HiveCatalogOptions{.client = {.servers = ParseMetastoreUris("thrift://" + contract.server).value()},
                             .warehouse = "file://" + folder},
          store, clock, random));
      tables.push_back({database, "t" + std::to_string(i)});
    }
    std::vector<std::jthread> makers;
    for (size_t i = 0; i < catalogs.size(); ++i) {
      makers.emplace_back([&, i] {
        const Status ensured = catalogs[i]->EnsureNamespace(database);
        EXPECT_TRUE(ensured.has_value()) << ensured.error().ToString();
        const auto made = catalogs[i]->CreateTable(tables[i], request);
        EXPECT_TRUE(made.has_value()) << made.error().ToString();
      });
    }
    makers.clear();
    for (const TableIdentifier& table : tables) {
      const auto loaded = catalogs[0]->LoadTable(table);
      EXPECT_TRUE(loaded.has_value()) << loaded.error().ToString();
      static_cast<void>(catalogs[0]->DropTable(table));
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace k2i::iceberg
