// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_catalog.h"

#include <utility>

#include "iceberg/catalog/rest/rest_listing.h"
#include "iceberg/catalog/rest/rest_session.h"

namespace k2i::iceberg {

namespace {

constexpr char kCreateNamespaceEndpoint[] = "POST /v1/{prefix}/namespaces";
constexpr char kCreateTableEndpoint[] = "POST /v1/{prefix}/namespaces/{namespace}/tables";
constexpr char kCommitTableEndpoint[] = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}";

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
  if (options.credential == RestCredential::kOAuth2 && (options.client_id.empty() || options.client_secret.empty())) {
    return InvalidConfig("credential oauth2 needs a client id and a client secret");
  }
  return {};
}

std::unique_ptr<net::TokenSource> MakeTokenSource(const RestCatalogOptions& options, net::HttpTransport& transport,
                                                  Clock& clock) {
  if (options.credential != RestCredential::kOAuth2) {
    return std::make_unique<net::FixedToken>(options.credential == RestCredential::kBearer ? options.token : "");
  }
  net::OAuth2Options oauth2{options.oauth2_uri, options.client_id, options.client_secret, options.scope};
  if (oauth2.token_url.empty()) {
    const size_t end = options.uri.find_last_not_of('/');
    oauth2.token_url = options.uri.substr(0, end + 1) + "/v1/oauth/tokens";
  }
  return std::make_unique<net::OAuth2TokenSource>(transport, clock, std::move(oauth2));
}

/// 8-4-4-4-12 with version 7: spec, parameter idempotency-key.
bool IsUuidV7(const std::string& key) { return key.size() == 36 && key[14] == '7'; }

Result<LoadedTable> ReadTable(RestOperation operation, const net::HttpResponse& response, const TableIdentifier& table,
                              const std::string& what) {
  auto loaded = ParseLoadedTable(response.body, table);
  if (!loaded.has_value()) return std::unexpected(ErrorOfBody(operation, loaded.error(), what));
  return loaded;
}

std::string Joined(const std::vector<std::string>& name_space) {
  std::string text;
  for (const std::string& level : name_space) text += (text.empty() ? "" : ".") + level;
  return text;
}

}  // namespace

RestCatalog::RestCatalog(RestCatalogOptions options, std::unique_ptr<RestSession> session, Clock& clock)
    : options_(std::move(options)), session_(std::move(session)), clock_(clock) {}

RestCatalog::~RestCatalog() = default;

Result<std::unique_ptr<RestCatalog>> RestCatalog::Make(RestCatalogOptions options, net::HttpTransport& transport,
                                                       Clock& clock) {
  K2I_RETURN_IF_ERROR(CheckOptions(options));
  auto session = std::make_unique<RestSession>(options, transport, MakeTokenSource(options, transport, clock));
  return std::unique_ptr<RestCatalog>(new RestCatalog(std::move(options), std::move(session), clock));
}

net::HttpHeaders RestCatalog::DelegationHeaders() const {
  if (!options_.vended_credentials) return {};
  return {{"X-Iceberg-Access-Delegation", "vended-credentials"}};
}

Status RestCatalog::Ping() {
  K2I_RETURN_IF_ERROR(session_->Config(/*refresh=*/true));
  return {};
}

Status RestCatalog::EnsureNamespace(const std::vector<std::string>& name_space) {
  const std::string name = Joined(name_space);
  RestRequest get{.what = "load namespace " + name};
  K2I_ASSIGN_OR_RETURN(get.path, session_->NamespacePath(name_space));
  const auto found = session_->Send(get);
  if (found.has_value()) return {};
  if (found.error().code != ErrorCode::kNotFound) return std::unexpected(found.error());

  // Some servers want the levels above first.
  if (name_space.size() > 1) K2I_RETURN_IF_ERROR(EnsureNamespace({name_space.begin(), name_space.end() - 1}));
  K2I_RETURN_IF_ERROR(session_->Require(kCreateNamespaceEndpoint));
  const auto created = session_->Send({.operation = RestOperation::kCreate,
                                       .method = "POST",
                                       .path = "namespaces",
                                       .body = CreateNamespaceBody(name_space),
                                       .what = "create namespace " + name});
  if (created.has_value() || created.error().code == ErrorCode::kAlreadyExists) return {};
  return std::unexpected(created.error());
}

Result<LoadedTable> RestCatalog::LoadTable(const TableIdentifier& table) {
  RestRequest request{.headers = DelegationHeaders(), .what = "load table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(request.path, session_->TablePath(table));
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  return ReadTable(request.operation, response, table, request.what);
}

Result<LoadedTable> RestCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& create) {
  RestRequest request{.operation = RestOperation::kCreate,
                      .method = "POST",
                      .headers = DelegationHeaders(),
                      .what = "create table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(request.body, CreateTableBody(table.name, create, clock_.wall_ms()));
  K2I_RETURN_IF_ERROR(session_->Require(kCreateTableEndpoint));
  K2I_ASSIGN_OR_RETURN(const std::string name_space_path, session_->NamespacePath(table.name_space));
  request.path = name_space_path + "/tables";
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  return ReadTable(request.operation, response, table, request.what);
}

Result<LoadedTable> RestCatalog::CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                             const std::vector<TableUpdate>& updates,
                                             const std::string& idempotency_key) {
  const std::string what = "commit to table " + base.identifier.ToString();
  RestRequest request{.operation = RestOperation::kCommit,
                      .method = "POST",
                      .body = CommitTableBody(base.identifier, requirements, updates),
                      .what = what};
  // Errors up to here are those of GET /v1/config, before the commit.
  K2I_RETURN_IF_ERROR(session_->Require(kCommitTableEndpoint));
  K2I_ASSIGN_OR_RETURN(request.path, session_->TablePath(base.identifier));
  K2I_ASSIGN_OR_RETURN(const RestConfig config, session_->Config());
  if (config.idempotency && IsUuidV7(idempotency_key)) request.headers = {{"Idempotency-Key", idempotency_key}};
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session_->Send(request));
  K2I_ASSIGN_OR_RETURN(LoadedTable committed, ReadTable(request.operation, response, base.identifier, what));
  // The answer to a commit holds no configuration; that of the load stays good.
  if (committed.config.empty()) committed.config = base.config;
  return committed;
}

Result<std::vector<TableIdentifier>> RestCatalog::ListTables() { return ListAllTables(*session_); }

Status RestCatalog::DropTable(const TableIdentifier& table) {
  RestRequest request{.operation = RestOperation::kDrop, .method = "DELETE", .what = "drop table " + table.ToString()};
  K2I_ASSIGN_OR_RETURN(const std::string path, session_->TablePath(table));
  request.path = path + "?purgeRequested=false";
  K2I_RETURN_IF_ERROR(session_->Send(request));
  return {};
}

}  // namespace k2i::iceberg
