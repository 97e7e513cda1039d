// SPDX-License-Identifier: Apache-2.0
//
// The catalog contract: what every Catalog must do, as one suite that runs unchanged against each. To run it on yours,
// link k2i_iceberg_catalog_contract (directly: it is an object library) and write in a test file
//
//   INSTANTIATE_TEST_SUITE_P(LiveGlue, CatalogContractTest,
//                            testing::Values(CatalogContractCase{"Moto", [] { return CatalogContract{…}; }}),
//                            CatalogContractCase::Name);
//
// "Live" in the first name where a server is needed: tests/interop/test_live_units.py runs those, with the server's
// address in an environment variable; without it `skip` says what is missing. K2I_TEST_CONTRACT_COMMITS (50) is the
// number of commits of the race.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// One catalog as the suite needs it; made afresh for each test.
struct CatalogContract {
  std::string skip;  // why the suite cannot run here; empty: it can
  /// A catalog object of its own for each writer, as another process would have it. `server` is the address to use:
  /// that of the member below, or of a proxy in front of it.
  std::function<Result<std::unique_ptr<Catalog>>(const std::string& server)> make_catalog;
  std::string server;                // "127.0.0.1:8181"; empty: there is no connection that could be cut
  io::ObjectStore* store = nullptr;  // where the tables' files are
  std::string warehouse;             // folder for a table whose location is given
  std::vector<std::string> name_space = {"k2i_contract"};  // of the tables; several levels where the catalog nests
  bool lists_tables = true;                                // else ListTables is NotSupported
  bool registers_tables = true;                            // else RegisterTable is NotSupported
  std::shared_ptr<void> owner;                             // of what `store` and `make_catalog` refer to
};

struct CatalogContractCase {
  std::string name;
  std::function<CatalogContract()> open;
  static std::string Name(const testing::TestParamInfo<CatalogContractCase>& info) { return info.param.name; }
  friend void PrintTo(const CatalogContractCase& each, std::ostream* out) { *out << each.name; }
};

class CatalogContractTest : public testing::TestWithParam<CatalogContractCase> {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::unique_ptr<Catalog> Connect() { return ConnectTo(contract_.server); }
  std::unique_ptr<Catalog> ConnectTo(const std::string& server);
  /// A name that no other test has; dropped at the end.
  TableIdentifier NewName();
  LoadedTable Create(const TableIdentifier& table);
  /// Commits until it is in the table, whatever gets in the way; false when it is not after half a minute.
  bool CommitProperty(Catalog& catalog, const TableIdentifier& table, const std::string& key);
  /// A snapshot of no files upon `base`'s main branch: its updates and what they require.
  std::vector<TableUpdate> EmptySnapshot(const TableMetadata& base, const std::string& writer);

  SystemClock clock_;
  Random random_{Random::SystemSeed()};
  CatalogContract contract_;
  std::unique_ptr<Catalog> catalog_;
  std::vector<TableIdentifier> tables_;
};

}  // namespace k2i::iceberg
