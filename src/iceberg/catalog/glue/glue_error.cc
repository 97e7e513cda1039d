// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "net/aws_error.h"

namespace k2i::iceberg {
namespace {

bool OutcomeMatters(GlueOperation operation) {
  return operation == GlueOperation::kCommit || operation == GlueOperation::kCreate;
}

/// Glue's own exceptions (Glue web API: CreateTable, UpdateTable, GetTable, GetDatabase …).
std::optional<ErrorCode> CodeOfException(GlueOperation operation, std::string_view exception) {
  const ErrorCode unclear = OutcomeMatters(operation) ? ErrorCode::kCommitStateUnknown : ErrorCode::kUnavailable;
  // Somebody else changed the table: definitely refused.
  const ErrorCode moved = operation == GlueOperation::kCommit ? ErrorCode::kCommitConflict : ErrorCode::kUnavailable;
  const std::array<std::pair<std::string_view, ErrorCode>, 16> codes = {
      {{"EntityNotFoundException", ErrorCode::kNotFound},
       {"AlreadyExistsException", ErrorCode::kAlreadyExists},
       {"ConcurrentModificationException", moved},
       {"VersionMismatchException", moved},
       {"ConditionCheckFailureException", moved},
       {"InvalidInputException", ErrorCode::kInvalidArgument},
       {"ValidationException", ErrorCode::kInvalidArgument},
       {"InvalidStateException", ErrorCode::kInvalidArgument},
       {"GlueEncryptionException", ErrorCode::kPermissionDenied},
       {"ResourceNumberLimitExceededException", ErrorCode::kResourceExhausted},
       {"ResourceNotReadyException", ErrorCode::kUnavailable},
       {"FederationSourceRetryableException", ErrorCode::kUnavailable},
       {"UnknownOperationException", ErrorCode::kNotSupported},
       {"OperationTimeoutException", unclear},
       {"InternalServiceException", unclear},
       {"FederationSourceException", unclear}}};
  const auto* found = std::ranges::find(codes, exception, [](const auto& entry) { return entry.first; });
  if (found == codes.end()) return std::nullopt;
  return found->second;
}

ErrorCode CodeOfStatus(GlueOperation operation, int status) {
  if (status == 401 || status == 403) return ErrorCode::kPermissionDenied;
  if (status == 429) return ErrorCode::kUnavailable;
  // A proxy gave up waiting, for one side or the other.
  if (status >= 400 && status < 500 && status != 408) return ErrorCode::kInvalidArgument;
  return OutcomeMatters(operation) ? ErrorCode::kCommitStateUnknown : ErrorCode::kUnavailable;
}

ErrorCode CodeOf(GlueOperation operation, int status, std::string_view exception) {
  if (net::MeansThrottled(exception)) return ErrorCode::kUnavailable;
  if (const auto own = CodeOfException(operation, exception)) return *own;
  const auto common = net::CodeOfCommonAwsError(exception);
  if (common == ErrorCode::kPermissionDenied) return *common;
  return CodeOfStatus(operation, status);
}

std::string AdviceForGlue(std::string_view exception) {
  if (exception == "GlueEncryptionException") return "; the role needs the rights to the catalog's KMS key";
  if (exception == "ResourceNumberLimitExceededException") return "; raise the quota of Glue in this account";
  return net::AdviceFor(exception);
}

}  // namespace

Error GlueErrorOfAnswer(GlueOperation operation, const net::HttpResponse& response, std::string_view what) {
  const net::AwsError said = net::ReadAwsError(response);
  std::string message = std::string(what) + ": HTTP " + std::to_string(response.status);
  if (!said.code.empty()) message += ": " + said.code;
  if (!said.message.empty()) message += ": " + said.message;
  return Error{CodeOf(operation, response.status, said.code), message + AdviceForGlue(said.code), Component::kCatalog};
}

Error GlueErrorOfTransport(GlueOperation operation, const Error& error, std::string_view what) {
  Error mapped = error.With(what).In(Component::kCatalog);
  const bool may_have_been_sent = error.code == ErrorCode::kTimeout || error.code == ErrorCode::kResourceExhausted;
  if (may_have_been_sent && OutcomeMatters(operation)) mapped.code = ErrorCode::kCommitStateUnknown;
  return mapped;
}

}  // namespace k2i::iceberg
