// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

std::string TableIdentifier::ToString() const {
  std::string text;
  for (const std::string& level : name_space) text += level + ".";
  return text + name;
}

Result<LoadedTable> Catalog::RegisterTable(const TableIdentifier& table, const std::string&) {
  return Fail(ErrorCode::kNotSupported, table.ToString() + ": this catalog registers no tables", Component::kCatalog);
}

}  // namespace k2i::iceberg
