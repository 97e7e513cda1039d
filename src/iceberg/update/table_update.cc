// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_update.h"

#include "iceberg/update/metadata_builder.h"

namespace k2i::iceberg {

Result<TableMetadata> ApplyUpdates(const TableMetadata& base, std::string_view base_location,
                                   std::span<const TableUpdate> updates, int64_t now_ms) {
  MetadataBuilder builder(base, now_ms);
  for (const TableUpdate& update : updates) {
    K2I_RETURN_IF_ERROR(std::visit(builder, update));
  }
  return builder.Finish(base_location);
}

}  // namespace k2i::iceberg
