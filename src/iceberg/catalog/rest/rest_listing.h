// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "iceberg/catalog/rest/rest_session.h"

namespace k2i::iceberg {

/// Every table of every namespace, by walking the namespaces from the top. Errors as RestSession::Send; Corruption for
/// answers that are not what the protocol says; NotSupported when the server does not list, or nests namespaces too
/// deep.
Result<std::vector<TableIdentifier>> ListAllTables(RestSession& session);

}  // namespace k2i::iceberg
