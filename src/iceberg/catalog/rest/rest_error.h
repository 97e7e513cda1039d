// SPDX-License-Identifier: Apache-2.0
//
// What an answer of the catalog that is not a success means: pure, by HTTP status (spec: the responses of each path).
#pragma once

#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace k2i::iceberg {

/// What was asked for; the same status means different things.
enum class RestOperation { kRead, kCreate, kCommit, kDrop };

/// The error for `response`, whose message is "<what>: HTTP <status>: <the server's own words>".
/// REQUIRES: !response.ok().
Error ErrorOfAnswer(RestOperation operation, const net::HttpResponse& response, std::string_view what);

/// The error for a request that got no answer. On a commit, one that may have been sent is CommitStateUnknown.
Error ErrorOfTransport(RestOperation operation, const Error& error, std::string_view what);

/// The error for a success whose body cannot be read.
Error ErrorOfBody(RestOperation operation, const Error& error, std::string_view what);

}  // namespace k2i::iceberg
