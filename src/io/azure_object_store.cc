// SPDX-License-Identifier: Apache-2.0
#include "io/azure_object_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <mutex>
#include <typeinfo>
#include <utility>

#include "arrow/filesystem/azurefs.h"
#include "arrow/result.h"
#include "arrow/util/io_util.h"
#include "io/arrow_store.h"
#include "io/endpoint.h"
#include "io/location.h"

namespace k2i::io {

namespace {

constexpr std::string_view kDomain = "core.windows.net";

std::unexpected<Error> InvalidOption(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), Component::kStorage);
}

Status CheckOptions(const AzureOptions& options) {
  if (!options.endpoint.empty()) K2I_RETURN_IF_ERROR(ParseEndpoint(options.endpoint));
  if (options.credential == AzureCredential::kAccountKey && options.account_key.empty()) {
    return InvalidOption("storage: the credential account_key needs an account_key");
  }
  if (options.credential == AzureCredential::kSas && options.sas_tokens.empty()) {
    return InvalidOption("storage: the credential sas needs a sas_token");
  }
  if (options.credential == AzureCredential::kClientSecret &&
      (options.tenant_id.empty() || options.client_id.empty() || options.client_secret.empty())) {
    return InvalidOption("storage: the credential client_secret needs tenant_id, client_id and client_secret");
  }
  return {};
}

/// The token of `account` as Arrow wants it, which puts it behind the URL as it is.
Result<std::string> SasToken(const AzureOptions& options, const std::string& account) {
  auto found = options.sas_tokens.find(account);
  if (found == options.sas_tokens.end()) found = options.sas_tokens.find("");
  if (found == options.sas_tokens.end()) return InvalidOption("storage: there is no sas_token for '" + account + "'");
  return found->second.starts_with('?') ? found->second : "?" + found->second;
}

arrow::Status Configure(const AzureOptions& options, const std::string& sas_token,
                        arrow::fs::AzureOptions& arrow_options) {
  switch (options.credential) {
    case AzureCredential::kDefault:
      return arrow_options.ConfigureDefaultCredential();
    case AzureCredential::kAccountKey:
      return arrow_options.ConfigureAccountKeyCredential(options.account_key);
    case AzureCredential::kSas:
      return arrow_options.ConfigureSASCredential(sas_token);
    case AzureCredential::kClientSecret:
      return arrow_options.ConfigureClientSecretCredential(options.tenant_id, options.client_id, options.client_secret);
    case AzureCredential::kManagedIdentity:
      return arrow_options.ConfigureManagedIdentityCredential(options.client_id);
    case AzureCredential::kWorkloadIdentity:
      return arrow_options.ConfigureWorkloadIdentityCredential();
    case AzureCredential::kEnvironment:
      return arrow_options.ConfigureEnvironmentCredential();
    case AzureCredential::kCli:
      return arrow_options.ConfigureCLICredential();
    case AzureCredential::kAnonymous:
      return arrow_options.ConfigureAnonymousCredential();
  }
  return arrow::Status::Invalid("no such credential");
}

/// Thrown through Arrow when no token can be had, by a library whose headers the Arrow packages do not carry; its type
/// is known by name.
bool IsAuthenticationException(const std::exception& thrown) {
  return std::string_view(typeid(thrown).name()) == "N5Azure4Core11Credentials23AuthenticationExceptionE";
}

class AzureBackend final : public ArrowBackend {
 public:
  explicit AzureBackend(AzureOptions options) : options_(std::move(options)) {}

  Result<Place> Find(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(auto parsed, ParseAzureLocation(location));
    if (parsed.account.empty()) parsed.account = options_.account;
    if (parsed.account.empty()) {
      return InvalidOption("'" + std::string(location) +
                           "' names no account: set storage.azure.account, or write container@account.dfs.core…");
    }
    std::lock_guard lock(mutex_);
    auto& files = files_[{parsed.account, parsed.domain}];
    if (!files) {
      K2I_ASSIGN_OR_RETURN(files, MakeFiles(parsed));
    }
    return Place{files, std::move(parsed.path)};
  }

  ErrorCode CodeOf(const arrow::Status& status, bool) const override { return CodeOfAzureStatus(status); }
  arrow::Status StatusOf(const std::exception& thrown) const override {
    if (!IsAuthenticationException(thrown)) return ArrowBackend::StatusOf(thrown);
    return arrow::internal::StatusFromErrno(EACCES, arrow::StatusCode::IOError, thrown.what());
  }
  bool abort_leaves_file() const override { return true; }

 private:
  Result<std::shared_ptr<arrow::fs::FileSystem>> MakeFiles(const AzureLocation& location) const {
    arrow::fs::AzureOptions arrow_options;
    arrow_options.account_name = location.account;
    arrow_options.background_writes = false;
    if (!options_.endpoint.empty()) {
      K2I_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(options_.endpoint));
      arrow_options.blob_storage_scheme = arrow_options.dfs_storage_scheme = endpoint.scheme;
      arrow_options.blob_storage_authority = arrow_options.dfs_storage_authority = endpoint.authority;
    } else {
      const std::string domain(location.domain.empty() ? kDomain : std::string_view(location.domain));
      arrow_options.blob_storage_authority = ".blob." + domain;
      arrow_options.dfs_storage_authority = ".dfs." + domain;
    }
    std::string sas_token;
    if (options_.credential == AzureCredential::kSas) {
      K2I_ASSIGN_OR_RETURN(sas_token, SasToken(options_, location.account));
    }
    return Open(sas_token, arrow_options);
  }

  Result<std::shared_ptr<arrow::fs::FileSystem>> Open(const std::string& sas_token,
                                                      arrow::fs::AzureOptions& arrow_options) const {
    try {
      const arrow::Status configured = Configure(options_, sas_token, arrow_options);
      if (!configured.ok()) return InvalidOption("storage: " + configured.message());
      auto files = arrow::fs::AzureFileSystem::Make(arrow_options);
      if (files.ok()) return *std::move(files);
      return InvalidOption("storage: " + files.status().message());
    } catch (const std::exception& thrown) {
      return InvalidOption(std::string("storage: the credential cannot be used: ") + thrown.what());
    }
  }

  const AzureOptions options_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<arrow::fs::FileSystem>> files_;  // by account, domain
};

struct NamedCode {
  std::string_view name;
  ErrorCode code;
};
/// Blob service and common REST API error codes, where the HTTP status says less.
constexpr std::array kCodes = {NamedCode{"BlobAlreadyExists", ErrorCode::kAlreadyExists},
                               NamedCode{"PathAlreadyExists", ErrorCode::kAlreadyExists},
                               NamedCode{"OperationTimedOut", ErrorCode::kTimeout},
                               NamedCode{"AccountIsDisabled", ErrorCode::kPermissionDenied},
                               NamedCode{"InvalidAuthenticationInfo", ErrorCode::kPermissionDenied}};

ErrorCode CodeOfHttpStatus(int status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalidArgument;
    case 401:
    case 403:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 408:
    case 504:
      return ErrorCode::kTimeout;
    case 409:
    case 412:
      return ErrorCode::kAlreadyExists;
    case 507:
      return ErrorCode::kResourceExhausted;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

ErrorCode CodeOfAzureStatus(const arrow::Status& status) {
  constexpr std::string_view kPrefix = "Azure Error: [";
  std::string_view text = status.message();
  const size_t begin = text.find(kPrefix);
  if (arrow::internal::ErrnoFromStatus(status) != 0 || begin == std::string_view::npos) {
    return CodeOfArrowStatus(status);
  }
  text.remove_prefix(begin + kPrefix.size());
  const size_t end = text.find("] ");
  if (end == std::string_view::npos) return CodeOfArrowStatus(status);
  const auto named = std::ranges::find(kCodes, text.substr(0, end), &NamedCode::name);
  if (named != kCodes.end()) return named->code;
  text.remove_prefix(end + 2);
  int http = 0;
  std::from_chars(text.data(), text.data() + text.size(), http);
  return http == 0 ? CodeOfArrowStatus(status) : CodeOfHttpStatus(http);
}

Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const AzureOptions& options) {
  K2I_RETURN_IF_ERROR(CheckOptions(options));
  return std::make_unique<ArrowObjectStore>(std::make_shared<AzureBackend>(options));
}

}  // namespace k2i::io
