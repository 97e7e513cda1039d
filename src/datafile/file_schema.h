// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "iceberg/model/schema.h"

namespace k2i::datafile {

/// The Arrow schema parquet-arrow is given: ToArrowSchema's, with arrow.uuid in place of the 16 bytes of a uuid, so
/// that the file carries the UUID annotation (spec appendix A, "Parquet"). NotSupported for a type without an Arrow
/// form.
Result<std::shared_ptr<arrow::Schema>> ToFileSchema(const iceberg::Schema& schema);

/// `rows` under `file_schema`, buffers shared. REQUIRES: `rows` has the types of ToArrowSchema for the same schema.
std::shared_ptr<arrow::RecordBatch> WithFileSchema(const arrow::RecordBatch& rows,
                                                   const std::shared_ptr<arrow::Schema>& file_schema);

/// InvalidArgument, naming the first column at fault, when the types of `rows` are not those of `expected`.
Status CheckTypes(const arrow::RecordBatch& rows, const arrow::Schema& expected);

}  // namespace k2i::datafile
