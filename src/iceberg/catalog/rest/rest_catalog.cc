// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_catalog.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "iceberg/catalog/rest/nessie.h"
#include "iceberg/catalog/rest/remote_signer.h"
#include "iceberg/catalog/rest/rest_listing.h"
#include "iceberg/catalog/rest/rest_session.h"
#include "iceberg/catalog/rest/table_cache.h"
#include "iceberg/catalog/rest/vended_credentials.h"

namespace k2i::iceberg {

namespace {

constexpr std::chrono::milliseconds kReportTimeout{5'000};
constexpr int kMostReportsWaiting = 8;

std::unexpected<Error> InvalidConfig(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, "REST catalog: " + std::move(message), Component::kCatalog);
}

Status CheckOptions(const RestCatalogOptions& options) {
  if (!options.uri.starts_with("http://") && !options.uri.starts_with("https://")) {
    return InvalidConfig("uri '" + options.uri + "' is not an http:// or https:// address");
  }
  if (options.credential == RestCredential::kBearer && options.token.empty()) {
    return InvalidConfig("credential bearer needs a token");
  }
  const net::OAuth2Options& oauth2 = options.oauth2;
  const bool subject = !oauth2.subject_token.empty() || !oauth2.subject_token_file.empty();
  if (options.credential == RestCredential::kOAuth2 && oauth2.client_secret.empty() && !subject) {
    return InvalidConfig("credential oauth2 needs a client secret, or a subject token");
  }
  return {};
}

std::unique_ptr<net::TokenSource> MakeTokenSource(const RestCatalogOptions& options, net::HttpTransport& transport,
                                                  Clock& clock) {
  if (options.credential != RestCredential::kOAuth2) {
    return std::make_unique<net::FixedToken>(options.credential == RestCredential::kBearer ? options.token : "");
  }
  net::OAuth2Options oauth2 = options.oauth2;
  if (oauth2.token_url.empty()) {
    const size_t end = options.uri.find_last_not_of('/');
    oauth2.token_url = options.uri.substr(0, end + 1) + "/v1/oauth/tokens";
  }
  return std::make_unique<net::OAuth2TokenSource>(transport, clock, std::move(oauth2));
}

/// 8-4-4-4-12 with version 7: spec, parameter idempotency-key.
bool IsUuidV7(const std::string& key) { return key.size() == 36 && key[14] == '7'; }

/// A token that the server gave for requests about the table (spec: LoadTableResult, "token").
std::string TokenOf(const LoadedTable& table) {
  const auto found = table.config.find("token");
  return found == table.config.end() ? "" : found->second;
}

/// The updates that make `metadata` of nothing (spec: updateTable, create table transactions).
std::vector<TableUpdate> InitialUpdates(const TableMetadata& metadata) {
  return {update::AssignUuid{metadata.table_uuid},
          update::UpgradeFormatVersion{metadata.format_version},
          update::AddSchema{metadata.current_schema()},
          update::SetCurrentSchema{-1},
          update::AddPartitionSpec{metadata.default_spec()},
          update::SetDefaultSpec{-1},
          update::AddSortOrder{metadata.default_sort_order()},
          update::SetDefaultSortOrder{-1},
          update::SetLocation{metadata.location},
          update::SetProperties{metadata.properties}};
}

std::string Joined(const std::vector<std::string>& name_space) {
  std::string text;
  for (const std::string& level : name_space) text += (text.empty() ? "" : ".") + level;
  return text;
}

}  // namespace

RestCatalog::RestCatalog(RestCatalogOptions options, std::unique_ptr<RestSession> session, Clock& clock)
    : options_(std::move(options)),
      session_(std::move(session)),
      clock_(clock),
      cache_(std::make_unique<TableCache>()),
      vended_(std::make_unique<VendedCredentials>(
          clock, [this](const TableIdentifier& t) { return RenewCredentials(t); },
          [this](const RemoteSigning& signing) {
            return std::make_shared<RemoteSigner>(
                clock_, signing,
                [this](const RemoteSigning& to, const std::string& body) { return PostToSigner(to, body); });
          })),
      reporter_(std::make_unique<ThreadExecutor>()) {}

RestCatalog::~RestCatalog() { closing_ = true; }

Result<std::unique_ptr<RestCatalog>> RestCatalog::Make(RestCatalogOptions options, net::HttpTransport& transport,
                                                       Clock& clock) {
  K2I_RETURN_IF_ERROR(CheckOptions(options));
  const std::string server = options.uri;
  if (options.nessie) options.uri = NessieCatalogUri(server, options.nessie->name);
  auto session = std::make_unique<RestSession>(options, transport, clock, MakeTokenSource(options, transport, clock));
  if (options.nessie) {
    session->BeforeConfig([server, ref = *options.nessie](RestSession& s) { return EnsureNessieRef(s, server, ref); });
  }
  return std::unique_ptr<RestCatalog>(new RestCatalog(std::move(options), std::move(session), clock));
}

net::HttpHeaders RestCatalog::DelegationHeaders() const {
  if (!options_.vended_credentials) return {};
  return {{"X-Iceberg-Access-Delegation", "vended-credentials,remote-signing"}};
}

Status RestCatalog::Ping() {
  K2I_RETURN_IF_ERROR(session_->Config(/*refresh=*/true));
  return {};
}

Status RestCatalog::EnsureNamespace(const std::vector<std::string>& name_space) {
  const std::string name = Joined(name_space);
  RestRequest get{.endpoint = endpoint::kLoadNamespace, .what = "load namespace " + name};
  K2I_ASSIGN_OR_RETURN(get.path, session_->NamespacePath(name_space));
  const auto found = session_->Send(get);
  if (found.has_value()) return {};
  // Whether it is there cannot be asked of a server that does not offer it; creating it does no harm.
  const bool unasked = found.error().code == ErrorCode::kNotSupported;
  if (found.error().code != ErrorCode::kNotFound && !unasked) return std::unexpected(found.error());

  // Some servers want the levels above first.
  if (name_space.size() > 1) K2I_RETURN_IF_ERROR(EnsureNamespace({name_space.begin(), name_space.end() - 1}));
  const auto created = session_->Send({.operation = RestOperation::kCreate,
                                       .endpoint = endpoint::kCreateNamespace,
                                       .method = "POST",
                                       .path = "namespaces",
                                       .body = CreateNamespaceBody(name_space),
                                       .what = "create namespace " + name});
  if (created.has_value() || created.error().code == ErrorCode::kAlreadyExists) return {};
  return std::unexpected(created.error());
}

Result<LoadedTable> RestCatalog::TakeTable(const net::HttpResponse& response, RestOperation operation,
                                           const TableIdentifier& table, const std::string& what) {
  const auto known = cache_->Find(table);
  auto read = ParseRestTable(response.body, table, known ? known->table.metadata.get() : nullptr);
  if (!read.has_value()) return std::unexpected(ErrorOfBody(operation, read.error(), what));
  cache_->Put(std::string(response.header("etag")), read->table);
  // The answer to a commit brings neither configuration nor credentials.
  if (options_.vended_credentials && operation != RestOperation::kCommit) {
    K2I_RETURN_IF_ERROR(KeepAccess(*read));
  }
  return std::move(read->table);
}

Result<LoadedTable> RestCatalog::LoadTable(const TableIdentifier& table) {
  RestRequest request{
      .endpoint = endpoint::kLoadTable, .headers = DelegationHeaders(), .what = "load table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(request.path, session_->TablePath(table));
  const auto known = cache_->Find(table);
  // A table that has not changed comes without credentials.
  const bool conditional = known && !known->etag.empty() && !(options_.vended_credentials && vended_->IsDue(table));
  if (conditional) request.headers.emplace_back("If-None-Match", known->etag);
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  if (response.status != 304) return TakeTable(response, request.operation, table, request.what);
  if (conditional) return known->table;
  return Fail(ErrorCode::kCorruption, request.what + ": HTTP 304, which was not asked for", Component::kCatalog);
}

Result<LoadedTable> RestCatalog::SendCreate(const TableIdentifier& table, const CreateTableRequest& create,
                                            bool staged) {
  RestRequest request{.operation = RestOperation::kCreate,
                      .endpoint = endpoint::kCreateTable,
                      .method = "POST",
                      .headers = DelegationHeaders(),
                      .what = (staged ? "stage table " : "create table ") + table.ToString()};
  K2I_ASSIGN_OR_RETURN(request.body, CreateTableBody(table.name, create, clock_.wall_ms(), staged));
  K2I_ASSIGN_OR_RETURN(const std::string name_space_path, session_->NamespacePath(table.name_space));
  request.path = name_space_path + "/tables";
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  return TakeTable(response, request.operation, table, request.what);
}

Result<LoadedTable> RestCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& create) {
  return SendCreate(table, create, /*staged=*/false);
}

Result<LoadedTable> RestCatalog::StageTable(const TableIdentifier& table, const CreateTableRequest& create) {
  return SendCreate(table, create, /*staged=*/true);
}

net::HttpHeaders RestCatalog::IdempotencyHeaders(const std::string& key) {
  const auto config = session_->Config();
  if (!config || !config->capabilities.idempotency || !IsUuidV7(key)) return {};
  return {{"Idempotency-Key", key}};
}

Result<LoadedTable> RestCatalog::CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                             const std::vector<TableUpdate>& updates,
                                             const std::string& idempotency_key) {
  RestRequest request{.operation = RestOperation::kCommit,
                      .endpoint = endpoint::kCommitTable,
                      .method = "POST",
                      .body = CommitTableBody({base.identifier, requirements, updates}),
                      .what = "commit to table " + base.identifier.ToString(),
                      .token = TokenOf(base)};
  // Errors up to here are those of GET /v1/config, before the commit.
  K2I_ASSIGN_OR_RETURN(request.path, session_->TablePath(base.identifier));
  request.headers = IdempotencyHeaders(idempotency_key);
  const Duration started = clock_.monotonic();
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  K2I_ASSIGN_OR_RETURN(LoadedTable committed, TakeTable(response, request.operation, base.identifier, request.what));
  // The answer to a commit holds no configuration; that of the load stays good.
  if (committed.config.empty()) committed.config = base.config;
  ReportCommit(committed, updates, clock_.monotonic() - started);
  return committed;
}

Result<LoadedTable> RestCatalog::CommitStaged(const LoadedTable& staged, const std::vector<TableUpdate>& updates,
                                              const std::string& idempotency_key) {
  std::vector<TableUpdate> all = InitialUpdates(*staged.metadata);
  all.insert(all.end(), updates.begin(), updates.end());
  auto committed = CommitTable(staged, {requirement::AssertCreate{}}, all, idempotency_key);
  // The one requirement is that there be no table.
  if (!committed && committed.error().code == ErrorCode::kCommitConflict) {
    committed.error().code = ErrorCode::kAlreadyExists;
  }
  return committed;
}

Status RestCatalog::CommitTransaction(const std::vector<TableChange>& changes, const std::string& idempotency_key) {
  K2I_RETURN_IF_ERROR(session_->Send({.operation = RestOperation::kCommit,
                                      .endpoint = endpoint::kCommitTransaction,
                                      .method = "POST",
                                      .path = "transactions/commit",
                                      .body = CommitTransactionBody(changes),
                                      .headers = IdempotencyHeaders(idempotency_key),
                                      .what = "commit to " + std::to_string(changes.size()) + " tables"}));
  return {};
}

/// Beside the stream, and given up at the first difficulty: nobody waits for a report.
void RestCatalog::ReportCommit(const LoadedTable& committed, const std::vector<TableUpdate>& updates,
                               Duration duration) {
  const auto config = session_->Config();
  if (!config || !config->capabilities.metrics || !config->capabilities.Offers(endpoint::kReportMetrics)) return;
  const auto added = std::ranges::find_if(
      updates, [](const TableUpdate& each) { return std::holds_alternative<update::AddSnapshot>(each); });
  if (added == updates.end()) return;
  const Snapshot& given = std::get<update::AddSnapshot>(*added).snapshot;
  const Snapshot* made = committed.metadata->FindSnapshot(given.snapshot_id);
  const auto path = session_->TablePath(committed.identifier);
  if (!path) return;
  RestRequest report{.endpoint = endpoint::kReportMetrics,
                     .method = "POST",
                     .path = *path + "/metrics",
                     .body = CommitReportBody(committed.identifier, made == nullptr ? given : *made, duration),
                     .what = "report a commit to table " + committed.identifier.ToString(),
                     .token = TokenOf(committed),
                     .timeout = kReportTimeout};
  if (reports_waiting_.fetch_add(1) >= kMostReportsWaiting) {
    --reports_waiting_;
    return;
  }
  reporter_->Submit([this, report = std::move(report)] {
    --reports_waiting_;
    if (closing_) return;
    if (const auto sent = session_->Send(report); !sent) {
      log::Debug("commit_not_reported", {{"error", sent.error().ToString()}});
    }
  });
}

Result<std::vector<TableIdentifier>> RestCatalog::ListTables() { return ListAllTables(*session_); }

Status RestCatalog::DropTable(const TableIdentifier& table) {
  RestRequest request{.operation = RestOperation::kDrop,
                      .endpoint = endpoint::kDropTable,
                      .method = "DELETE",
                      .what = "drop table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(const std::string path, session_->TablePath(table));
  request.path = path + "?purgeRequested=false";
  cache_->Forget(table);
  K2I_RETURN_IF_ERROR(session_->Send(request));
  return {};
}

Result<LoadedTable> RestCatalog::RegisterTable(const TableIdentifier& table, const std::string& metadata_location) {
  RestRequest request{.operation = RestOperation::kCreate,
                      .endpoint = endpoint::kRegisterTable,
                      .method = "POST",
                      .body = RegisterTableBody(table.name, metadata_location),
                      .headers = DelegationHeaders(),
                      .what = "register table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(const std::string name_space_path, session_->NamespacePath(table.name_space));
  request.path = name_space_path + "/register";
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  return TakeTable(response, request.operation, table, request.what);
}

Status RestCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  cache_->Forget(from);
  K2I_RETURN_IF_ERROR(session_->Send({.operation = RestOperation::kCreate,
                                      .endpoint = endpoint::kRenameTable,
                                      .method = "POST",
                                      .path = "tables/rename",
                                      .body = RenameTableBody(from, to),
                                      .what = "rename table " + from.ToString() + " to " + to.ToString()}));
  return {};
}

Status RestCatalog::KeepAccess(RestTable& read) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, session_->Config());
  if (read.remote_signing.has_value()) {
    std::map<std::string, std::string> properties = read.table.config;
    properties.insert(config.properties.begin(), config.properties.end());
    // Servers from before the table's own address was there have one for all tables.
    const bool by_table = read.remote_signing->by_table || config.capabilities.Offers(endpoint::kSign);
    K2I_ASSIGN_OR_RETURN(const std::string path, session_->TablePath(read.table.identifier));
    const std::string own = by_table ? PathBelow(config, path + "/sign") : "v1/aws/s3/sign";
    read.remote_signing->url = SignerUrl(properties, config.uri, own);
  }
  vended_->Take(read, config.properties);
  return {};
}

Result<net::HttpResponse> RestCatalog::PostToSigner(const RemoteSigning& signer, const std::string& body) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, session_->Config());
  const RestRequest request{
      .method = "POST", .body = body, .headers = signer.headers, .what = "sign a request to the store"};
  return session_->SendTo(signer.url, request, ServerHeaders(config));
}

io::StorageAccess& RestCatalog::access() { return *vended_; }

/// From the endpoint that is there for it, or with the table, whose history is of no use here.
Status RestCatalog::RenewCredentials(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, session_->Config());
  K2I_ASSIGN_OR_RETURN(const std::string path, session_->TablePath(table));
  const std::string what = "credentials of table " + table.ToString();
  if (config.capabilities.Offers(endpoint::kLoadCredentials)) {
    K2I_ASSIGN_OR_RETURN(const net::HttpResponse response,
                         session_->Send({.path = path + "/credentials", .what = what}));
    auto credentials = ParseCredentials(response.body);
    if (!credentials) return std::unexpected(ErrorOfBody(RestOperation::kRead, credentials.error(), what));
    vended_->TakeCredentials(table, *credentials);
    return {};
  }
  RestRequest load{
      .endpoint = endpoint::kLoadTable, .path = path + "?snapshots=refs", .headers = DelegationHeaders(), .what = what};
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(load));
  auto read = ParseRestTable(response.body, table, nullptr);
  if (!read) return std::unexpected(ErrorOfBody(load.operation, read.error(), what));
  return KeepAccess(*read);
}

}  // namespace k2i::iceberg
