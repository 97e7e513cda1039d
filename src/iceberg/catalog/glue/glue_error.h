// SPDX-License-Identifier: Apache-2.0
//
// What an answer of AWS Glue that is not a success means: pure, by the type of the exception, and by HTTP status where
// it names none that we know.
#pragma once

#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace k2i::iceberg {

/// What was asked for: only some may be asked again, and an unclear outcome matters for some alone.
enum class GlueOperation { kRead, kCreate, kCommit, kDrop };

/// "<what>: HTTP <status>: <exception>: <Glue's own words>; <what to do>", with Component::kCatalog. For kCreate and
/// kCommit whatever may have been carried out is CommitStateUnknown, so that Unavailable says that it has not.
/// REQUIRES: !response.ok().
Error GlueErrorOfAnswer(GlueOperation operation, const net::HttpResponse& response, std::string_view what);

/// The same for a request that got no answer.
Error GlueErrorOfTransport(GlueOperation operation, const Error& error, std::string_view what);

}  // namespace k2i::iceberg
