// SPDX-License-Identifier: Apache-2.0
//
// iceberg/catalog/rest: a client of the Iceberg REST catalog protocol (open-api/rest-catalog-open-api.yaml). The
// session (rest_session.h) knows addresses and credentials, rest_error.h what an answer means, rest_json.h its
// documents.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/rest/rest_error.h"
#include "io/storage_access.h"
#include "net/http.h"
#include "net/token_source.h"

namespace k2i::iceberg {

class RestSession;
class TableCache;
class VendedCredentials;
struct RemoteSigning;
struct RestTable;
struct TableChange;

enum class RestCredential { kNone, kBearer, kOAuth2 };

/// A branch of a Nessie server.
struct NessieRef {
  std::string name;
  bool create = false;  // where it is not there
  std::string from;     // what it then starts from
};

struct RestCatalogOptions {
  std::string uri;        // as "http://host:8181" or "https://host/path"; "/v1/…" is added
  std::string warehouse;  // asks the server for this warehouse; may be empty
  std::string prefix;     // where the server names none; may be empty
  RestCredential credential = RestCredential::kNone;
  std::string token;  // kBearer
  /// kOAuth2; without a token_url: <uri>/v1/oauth/tokens.
  net::OAuth2Options oauth2{.scope = "catalog"};
  std::map<std::string, std::string> custom_headers;  // sent with every request to the catalog
  /// Asks for credentials to the tables' files; see access().
  bool vended_credentials = false;
  /// Tells the server of each commit, where it wants to know.
  bool metrics_reports = true;
  std::chrono::milliseconds timeout{30'000};  // of one request
  std::optional<NessieRef> nessie;            // `uri` then is that of a Nessie server
};

/// Thread-safe. The server's configuration (/v1/config) is asked for before the first request and at each Ping. A table
/// that is loaded again is not sent again where the server gives it an ETag and it is unchanged.
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

  /// A table of the metadata file that is there. AlreadyExists: the name is taken.
  Result<LoadedTable> RegisterTable(const TableIdentifier& table, const std::string& metadata_location);
  /// AlreadyExists: the new name is taken. NotFound: no such table, or no such namespace for the new name.
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to);
  /// Metadata of a table that is not there yet; it comes to be with CommitStaged, together with its first snapshot.
  Result<LoadedTable> StageTable(const TableIdentifier& table, const CreateTableRequest& request);
  /// AlreadyExists: somebody else has created it meanwhile. Otherwise as CommitTable.
  Result<LoadedTable> CommitStaged(const LoadedTable& staged, const std::vector<TableUpdate>& updates,
                                   const std::string& idempotency_key);
  /// All changes in one atomic step. Errors as CommitTable.
  Status CommitTransaction(const std::vector<TableChange>& changes, const std::string& idempotency_key);

  /// The credentials that the server gives for its tables' files; nothing is held unless they are asked for.
  io::StorageAccess& access();

 private:
  RestCatalog(RestCatalogOptions options, std::unique_ptr<RestSession> session, Clock& clock);
  net::HttpHeaders DelegationHeaders() const;
  net::HttpHeaders IdempotencyHeaders(const std::string& key);
  Result<LoadedTable> SendCreate(const TableIdentifier& table, const CreateTableRequest& request, bool staged);
  /// Reads the answer, and keeps what comes with the table.
  Result<LoadedTable> TakeTable(const net::HttpResponse& response, RestOperation operation,
                                const TableIdentifier& table, const std::string& what);
  /// What came with a table opens its files from now on.
  Status KeepAccess(RestTable& read);
  Result<net::HttpResponse> PostToSigner(const RemoteSigning& signer, const std::string& body);
  Status RenewCredentials(const TableIdentifier& table);
  void ReportCommit(const LoadedTable& committed, const std::vector<TableUpdate>& updates, Duration duration);

  const RestCatalogOptions options_;
  const std::unique_ptr<RestSession> session_;
  Clock& clock_;
  const std::unique_ptr<TableCache> cache_;
  const std::unique_ptr<VendedCredentials> vended_;
  std::atomic<bool> closing_ = false;
  std::atomic<int> reports_waiting_ = 0;
  std::unique_ptr<Executor> reporter_;  // last: its tasks use the others
};

}  // namespace k2i::iceberg
