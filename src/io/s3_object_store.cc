// SPDX-License-Identifier: Apache-2.0
#include "io/s3_object_store.h"

#include <chrono>
#include <utility>

#include "arrow/filesystem/s3fs.h"
#include "arrow/result.h"
#include "arrow/util/io_util.h"
#include "io/arrow_store.h"
#include "io/endpoint.h"
#include "io/location.h"
#include "io/s3_error.h"

namespace k2i::io {

namespace {

std::unexpected<Error> InvalidOption(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), Component::kStorage);
}

double Seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

Status CheckCredential(const S3Options& options) {
  if (options.access_key_id.empty() != options.secret_access_key.empty()) {
    return InvalidOption("storage needs both access_key_id and secret_access_key, or neither");
  }
  if (!options.access_key_id.empty() && options.credential != S3Credential::kDefault) {
    return InvalidOption(
        "storage takes either an access key or another credential: a role is assumed with what the "
        "environment gives (AWS_ACCESS_KEY_ID, a profile, the instance)");
  }
  if ((options.credential == S3Credential::kRole) == options.role_arn.empty()) {
    return InvalidOption("storage needs a role_arn for the credential role, and for no other");
  }
  return {};
}

arrow::fs::S3Options WithCredential(const S3Options& options) {
  switch (options.credential) {
    case S3Credential::kAnonymous:
      return arrow::fs::S3Options::Anonymous();
    case S3Credential::kRole:
      return arrow::fs::S3Options::FromAssumeRole(options.role_arn, options.role_session_name,
                                                  options.role_external_id);
    case S3Credential::kWebIdentity:
      return arrow::fs::S3Options::FromAssumeRoleWithWebIdentity();
    case S3Credential::kDefault:
      break;
  }
  if (options.access_key_id.empty()) return arrow::fs::S3Options::Defaults();
  return arrow::fs::S3Options::FromAccessKey(options.access_key_id, options.secret_access_key, options.session_token);
}

Result<arrow::fs::S3Options> ToArrow(const S3Options& options, std::shared_ptr<S3ErrorLog> log) {
  K2I_RETURN_IF_ERROR(CheckCredential(options));
  auto arrow_options = WithCredential(options);
  const bool own_endpoint = !options.endpoint.empty();
  if (own_endpoint) {
    K2I_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(options.endpoint));
    arrow_options.scheme = endpoint.scheme;
    arrow_options.endpoint_override = endpoint.authority;
  }
  arrow_options.region = options.region.empty() && own_endpoint ? "us-east-1" : options.region;
  arrow_options.force_virtual_addressing = !options.path_style.value_or(own_endpoint);
  arrow_options.connect_timeout = Seconds(options.connect_timeout);
  arrow_options.request_timeout = Seconds(options.request_timeout);
  arrow_options.sse_customer_key = options.sse_customer_key;
  arrow_options.tls_ca_file_path = options.tls_ca_file;
  // On the caller's thread: at most one part in memory, and errors come with their code (S3ErrorLog).
  arrow_options.background_writes = false;
  // Small files in one request, without a multipart upload around it.
  arrow_options.allow_delayed_open = true;
  arrow_options.retry_strategy = std::move(log);
  return arrow_options;
}

/// Once per process, whichever store comes first.
Status InitializeOnce() {
  static const arrow::Status status = [] {
    auto options = arrow::fs::S3GlobalOptions::Defaults();
    options.install_sigpipe_handler = true;
    const auto initialized = arrow::fs::InitializeS3(options);
    return arrow::fs::IsS3Initialized() ? arrow::Status::OK() : initialized;
  }();
  if (status.ok()) return {};
  return Fail(ErrorCode::kInternal, "the S3 library does not start: " + status.message(), Component::kStorage);
}

class S3Backend final : public ArrowBackend {
 public:
  S3Backend(std::shared_ptr<arrow::fs::S3FileSystem> files, std::shared_ptr<S3ErrorLog> log)
      : files_(std::move(files)), log_(std::move(log)) {}

  Result<Place> Find(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(std::string path, S3Path(location));
    return Place{files_, std::move(path)};
  }
  void BeforeCall() override { S3ErrorLog::Clear(); }
  ErrorCode CodeOf(const arrow::Status& status, bool any_thread) const override {
    if (status.IsIOError() && arrow::internal::ErrnoFromStatus(status) == 0) {
      if (const auto seen = log_->last(any_thread)) return *seen;
    }
    return CodeOfArrowStatus(status);
  }
  std::string Advice(const arrow::Status&) const override { return S3ErrorLog::Advice(); }

 private:
  const std::shared_ptr<arrow::fs::FileSystem> files_;
  const std::shared_ptr<S3ErrorLog> log_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options) {
  K2I_RETURN_IF_ERROR(InitializeOnce());
  auto log = std::make_shared<S3ErrorLog>(options.max_attempts);
  K2I_ASSIGN_OR_RETURN(const auto arrow_options, ToArrow(options, log));
  auto files = arrow::fs::S3FileSystem::Make(arrow_options);
  if (!files.ok()) return InvalidOption("storage: " + files.status().message());
  return std::make_unique<ArrowObjectStore>(std::make_shared<S3Backend>(*std::move(files), std::move(log)));
}

void ShutdownS3() {
  if (arrow::fs::IsS3Initialized()) static_cast<void>(arrow::fs::FinalizeS3());
}

}  // namespace k2i::io
