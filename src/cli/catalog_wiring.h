// SPDX-License-Identifier: Apache-2.0
//
// The catalog of the configuration, whichever it is, and the store of its tables' files.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"
#include "net/http.h"

namespace k2i::cli {

/// A catalog and what it stands on. The order of members is the order of destruction, reversed.
struct CatalogParts {
  std::unique_ptr<io::ObjectStore> store;
  std::unique_ptr<net::HttpTransport> http;
  std::unique_ptr<iceberg::Catalog> catalog;
  bool asks_for_credentials = false;  // the catalog is asked for credentials to the files of each table
};
/// Opens the catalog; a REST or Glue catalog is not asked anything yet. `clock` and `random` must outlive the parts.
Result<CatalogParts> MakeCatalog(const config::Config& config, Clock& clock, Random& random);

}  // namespace k2i::cli
