// SPDX-License-Identifier: Apache-2.0
#include "io/gcs_object_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "arrow/filesystem/gcsfs.h"
#include "arrow/result.h"
#include "arrow/util/io_util.h"
#include "io/arrow_store.h"
#include "io/endpoint.h"
#include "io/location.h"
#include "nlohmann/json.hpp"

namespace k2i::io {

namespace {

/// A multiple of 256 kB, as resumable uploads want their pieces.
constexpr size_t kWriteSize = 8 << 20;

std::unexpected<Error> InvalidOption(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), Component::kStorage);
}

/// The library would find it out with the first request, and say no more than "invalid argument".
Status CheckServiceAccountKey(const std::string& text) {
  const auto key = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  for (const char* field : {"client_email", "private_key"}) {
    if (key.is_object() && key.contains(field) && key[field].is_string()) continue;
    return InvalidOption("the service account's key is no JSON with a " + std::string(field) +
                         "; take the file as Google's console makes it");
  }
  return {};
}

/// Far enough for a token of which nobody said when it ends; the server knows.
arrow::fs::TimePoint Expiry(const GcsOptions& options) {
  using std::chrono::system_clock;
  if (!options.token_expires_at_ms) return system_clock::now() + std::chrono::hours(24 * 365);
  return arrow::fs::TimePoint(std::chrono::milliseconds(*options.token_expires_at_ms));
}

Result<arrow::fs::GcsOptions> WithCredential(const GcsOptions& options) {
  switch (options.credential) {
    case GcsCredential::kAnonymous:
      return arrow::fs::GcsOptions::Anonymous();
    case GcsCredential::kToken:
      if (options.token.empty()) return InvalidOption("storage: the credential token needs a token");
      return arrow::fs::GcsOptions::FromAccessToken(options.token, Expiry(options));
    case GcsCredential::kServiceAccount:
      K2I_RETURN_IF_ERROR(CheckServiceAccountKey(options.service_account_key));
      return arrow::fs::GcsOptions::FromServiceAccountCredentials(options.service_account_key);
    case GcsCredential::kDefault:
      break;
  }
  return arrow::fs::GcsOptions::Defaults();
}

Result<arrow::fs::GcsOptions> ToArrow(const GcsOptions& options) {
  K2I_ASSIGN_OR_RETURN(auto arrow_options, WithCredential(options));
  if (!options.impersonate.empty()) {
    arrow_options =
        arrow::fs::GcsOptions::FromImpersonatedServiceAccount(arrow_options.credentials, options.impersonate);
  }
  if (!options.endpoint.empty()) {
    K2I_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(options.endpoint));
    arrow_options.scheme = endpoint.scheme;
    arrow_options.endpoint_override = endpoint.authority;
  }
  arrow_options.retry_limit_seconds = std::chrono::duration<double>(options.retry_limit).count();
  if (!options.project_id.empty()) arrow_options.project_id = options.project_id;
  return arrow_options;
}

class GcsBackend final : public ArrowBackend {
 public:
  explicit GcsBackend(std::shared_ptr<arrow::fs::GcsFileSystem> files) : files_(std::move(files)) {}

  Result<Place> Find(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(std::string path, GcsPath(location));
    return Place{files_, std::move(path)};
  }
  ErrorCode CodeOf(const arrow::Status& status, bool) const override { return CodeOfGcsStatus(status); }
  size_t write_size() const override { return kWriteSize; }
  bool can_abort() const override { return false; }
  bool must_confirm_size() const override { return true; }
  bool abort_leaves_file() const override { return true; }

 private:
  const std::shared_ptr<arrow::fs::FileSystem> files_;
};

struct NamedCode {
  std::string_view name;
  ErrorCode code;
};
/// google/cloud/status.h
constexpr std::array kCodes = {
    NamedCode{"ABORTED", ErrorCode::kUnavailable},       NamedCode{"DATA_LOSS", ErrorCode::kUnavailable},
    NamedCode{"DEADLINE_EXCEEDED", ErrorCode::kTimeout}, NamedCode{"FAILED_PRECONDITION", ErrorCode::kAlreadyExists},
    NamedCode{"INTERNAL", ErrorCode::kUnavailable},      NamedCode{"RESOURCE_EXHAUSTED", ErrorCode::kUnavailable},
    NamedCode{"UNAVAILABLE", ErrorCode::kUnavailable},   NamedCode{"UNKNOWN", ErrorCode::kUnavailable}};

}  // namespace

ErrorCode CodeOfGcsStatus(const arrow::Status& status) {
  constexpr std::string_view kPrefix = "google::cloud::Status(";
  const std::string_view text = status.message();
  if (arrow::internal::ErrnoFromStatus(status) != 0) return CodeOfArrowStatus(status);
  // "Cannot write to a closed stream": the library has taken an upload that broke for one that ended.
  if (!text.starts_with(kPrefix)) return status.IsInvalid() ? ErrorCode::kUnavailable : CodeOfArrowStatus(status);
  const std::string_view name = text.substr(kPrefix.size(), text.find(':', kPrefix.size()) - kPrefix.size());
  const auto found = std::ranges::find(kCodes, name, &NamedCode::name);
  return found == kCodes.end() ? CodeOfArrowStatus(status) : found->code;
}

Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const GcsOptions& options) {
  K2I_ASSIGN_OR_RETURN(const auto arrow_options, ToArrow(options));
  auto files = arrow::fs::GcsFileSystem::Make(arrow_options);
  if (!files.ok()) return InvalidOption("storage: " + files.status().message());
  return std::make_unique<ArrowObjectStore>(std::make_shared<GcsBackend>(*std::move(files)));
}

}  // namespace k2i::io
