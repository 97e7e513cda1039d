// SPDX-License-Identifier: Apache-2.0
//
// Errors of S3 by their code. Arrow folds every S3 error into IOError with a text, but shows each failed request, code
// and all, to the retry strategy it is given: S3ErrorLog is that strategy and remembers what it saw.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arrow/filesystem/s3fs.h"
#include "base/error.h"
#include "base/random.h"

namespace k2i::io {

/// The code for an S3 error: by its name in S3's answer ("SlowDown", "NoSuchBucket") where it is one we know, else by
/// the number the SDK gives it (Aws::Client::CoreErrors). nullopt: neither says anything.
std::optional<ErrorCode> CodeOfS3Error(int error_type, std::string_view exception_name);

/// What a user can do about such an error; "" where its text says all.
std::string_view AdviceOnS3Error(int error_type, std::string_view exception_name);

/// Bounded retry with exponential backoff and jitter, and a memory of the last error. Thread-safe.
class S3ErrorLog final : public arrow::fs::S3RetryStrategy {
 public:
  explicit S3ErrorLog(int max_attempts) : max_attempts_(max_attempts) {}

  bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted_retries) override;
  /// Uniform in [half, whole] of the exponential step, so that writers that were slowed down together come back apart.
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail& error, int64_t attempted_retries) override;

  /// Forgets what this thread has seen: call it before an operation.
  static void Clear();
  /// The code of the last request that failed on this thread since Clear, or of any thread's for an operation that
  /// Arrow spreads over threads of its own (`any_thread`).
  std::optional<ErrorCode> last(bool any_thread) const;
  /// AdviceOnS3Error of the last request that failed on this thread since Clear.
  static std::string Advice();

 private:
  const int max_attempts_;
  Random random_{Random::SystemSeed()};
  std::atomic<int> last_of_any_thread_{-1};
};

}  // namespace k2i::io
