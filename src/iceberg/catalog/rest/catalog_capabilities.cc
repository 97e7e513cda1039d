// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/catalog_capabilities.h"

namespace k2i::iceberg {

std::set<std::string> CatalogCapabilities::AssumedEndpoints() {
  using namespace endpoint;
  return {kListNamespaces, kCreateNamespace, kLoadNamespace, kListTables,  kCreateTable,   kLoadTable,
          kCommitTable,    kDropTable,       kRegisterTable, kRenameTable, kReportMetrics, kCommitTransaction};
}

}  // namespace k2i::iceberg
