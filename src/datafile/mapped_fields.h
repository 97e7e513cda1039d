// SPDX-License-Identifier: Apache-2.0
//
// Files without field ids get those of the table's name mapping.
#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "iceberg/model/name_mapping.h"

namespace parquet::arrow {
struct SchemaField;
}

namespace k2i::datafile {

/// `fields`, at every level, with the ids of `mapping`; a field that is not in it gets none. List elements and map
/// entries go by their place, whatever the file calls them.
arrow::FieldVector WithMappedIds(const arrow::FieldVector& fields, const iceberg::NameMapping& mapping);

/// The same for the fields of a file, and of structs in it.
void GiveMappedIds(std::vector<parquet::arrow::SchemaField>& fields, const iceberg::NameMapping& mapping);

}  // namespace k2i::datafile
