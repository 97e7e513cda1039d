// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog/rest: a client of the Iceberg REST catalog protocol (open-api/rest-catalog-open-api.yaml). The
// session (rest_session.h) knows addresses and credentials, rest_error.h what an answer means, rest_json.h its
// documents.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "iceberg/catalog/catalog.h"
#include "net/http.h"

namespace k2i::iceberg {

class RestSession;

enum class RestCredential { kNone, kBearer, kOAuth2 };

struct RestCatalogOptions {
  std::string uri;        // as "http://host:8181" or "https://host/path"; "/v1/…" is added
  std::string warehouse;  // asks the server for this warehouse; may be empty
  std::string prefix;     // where the server names none; may be empty
  RestCredential credential = RestCredential::kNone;
  std::string token;          // kBearer
  std::string oauth2_uri;     // kOAuth2; empty: <uri>/v1/oauth/tokens
  std::string client_id;      // kOAuth2
  std::string client_secret;  // kOAuth2
  std::string scope = "catalog";
  std::map<std::string, std::string> custom_headers;  // sent with every request to the catalog
  /// Asks for credentials to the table's files; they come in LoadedTable::config.
  bool vended_credentials = false;
  std::chrono::milliseconds timeout{30'000};  // of one request
};

/// Thread-safe. The server's configuration (/v1/config) is asked for before the first request and at each Ping.
class RestCatalog final : public Catalog {
 public:
  /// Sends nothing. InvalidConfig for options that cannot be. `transport` and `clock` must outlive the catalog.
  static Result<std::unique_ptr<RestCatalog>> Make(RestCatalogOptions options, net::HttpTransport& transport,
                                                   Clock& clock);
  ~RestCatalog() override;

  /// Beside the codes that Catalog names: Corruption for an answer that is not what the protocol says, NotSupported
  /// when the server lists its endpoints and the one needed is not among them.
  Status Ping() override;
  Status EnsureNamespace(const std::vector<std::string>& name_space) override;
  Result<LoadedTable> LoadTable(const TableIdentifier& table) override;
  Result<LoadedTable> CreateTable(const TableIdentifier& table, const CreateTableRequest& request) override;
  /// Every 5xx, 503 too (proxies answer so when the connection behind them breaks), and every failure after the request
  /// may have left is CommitStateUnknown. `idempotency_key` is sent when the server says that it heeds it, and the key
  /// is a UUID of version 7, the only kind the protocol allows.
  Result<LoadedTable> CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates, const std::string& idempotency_key) override;
  Result<std::vector<TableIdentifier>> ListTables() override;
  Status DropTable(const TableIdentifier& table) override;

 private:
  RestCatalog(RestCatalogOptions options, std::unique_ptr<RestSession> session, Clock& clock);
  net::HttpHeaders DelegationHeaders() const;

  const RestCatalogOptions options_;
  const std::unique_ptr<RestSession> session_;
  Clock& clock_;
};

}  // namespace k2i::iceberg
