// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/circuit_breaker.h"
#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

/// A catalog behind a circuit breaker. A refused CommitTable was surely not sent: it is Unavailable, never
/// CommitStateUnknown. Thread-safe.
class GuardedCatalog final : public Catalog {
 public:
  /// Both must outlive this.
  GuardedCatalog(Catalog& catalog, CircuitBreaker& breaker) : catalog_(catalog), breaker_(breaker) {}

  Status Ping() override {
    return breaker_.Run([&] { return catalog_.Ping(); });
  }
  Status EnsureNamespace(const std::vector<std::string>& name_space) override {
    return breaker_.Run([&] { return catalog_.EnsureNamespace(name_space); });
  }
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override {
    return breaker_.Run([&] { return catalog_.LoadTable(table); });
  }
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override {
    return breaker_.Run([&] { return catalog_.CreateTable(table, request); });
  }
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates,
                                  const std::string& idempotency_key) override {
    return breaker_.Run([&] { return catalog_.CommitTable(base, requirements, updates, idempotency_key); });
  }
  Result<std::vector<TableIdentifier>> ListTables() override {
    return breaker_.Run([&] { return catalog_.ListTables(); });
  }
  Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location) override {
    return breaker_.Run([&] { return catalog_.RegisterTable(table, metadata_location); });
  }
  Status DropTable(const TableIdentifier& table) override {
    return breaker_.Run([&] { return catalog_.DropTable(table); });
  }

 private:
  Catalog& catalog_;
  CircuitBreaker& breaker_;
};

}  // namespace k2i::iceberg
