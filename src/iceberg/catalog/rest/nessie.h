// SPDX-License-Identifier: Apache-2.0
//
// What Nessie has beside Iceberg's REST protocol: branches. Which one is meant stands in the address of the catalog
// (Nessie's documentation, "Iceberg REST"); whether it is there is a matter of Nessie's own API, version 2.
#pragma once

#include <string>

#include "iceberg/catalog/rest/rest_catalog.h"

namespace k2i::iceberg {

class RestSession;

/// "http://host:19120/iceberg/dev", from the address of the server, with or without "/iceberg" or "/api/v2" at its end.
std::string NessieCatalogUri(const std::string& server, const std::string& ref);

/// Finds the branch, or creates it where that is asked for. NotFound, where it is not; InvalidConfig for a tag, which
/// cannot be written.
Status EnsureNessieRef(RestSession& session, const std::string& server, const NessieRef& ref);

}  // namespace k2i::iceberg
