// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/catalog_wiring.h"

namespace k2i::cli {

/// The AWS Glue catalog of the configuration, over `store`; nothing is asked yet. InvalidConfig where no region is to
/// be found. The references must outlive the parts.
Result<CatalogParts> MakeGlueCatalog(const config::IcebergConfig& iceberg, std::unique_ptr<io::ObjectStore> store,
                                     Clock& clock, Random& random);

}  // namespace k2i::cli
