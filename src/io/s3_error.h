// SPDX-License-Identifier: Apache-2.0
//
// What S3's answers mean: pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace k2i::io {

/// Why a store has refused a request, in its own words.
struct S3Refusal {
  int status = 0;       // of HTTP; 0: there was no answer
  std::string code;     // "NoSuchKey"; empty: it names none, as in answers to HEAD
  std::string message;  // may be empty
  std::string region;   // where the bucket is, if it says so
};

/// Of an answer that is no success, or of a success whose body holds an error after all.
S3Refusal ReadS3Refusal(const net::HttpResponse& response);

/// The code for a refusal: by its name ("SlowDown", "NoSuchBucket") where it is one we know, else by its status.
ErrorCode CodeOfS3Error(int status, std::string_view name);

/// What a user can do about it; "" where its text says all.
std::string_view AdviceOnS3Error(std::string_view name);

/// True where the same request may be taken another time.
bool MayRepeat(const S3Refusal& refusal);

/// "HTTP 403: AccessDenied: its message (advice)"
std::string TextOf(const S3Refusal& refusal);

}  // namespace k2i::io
