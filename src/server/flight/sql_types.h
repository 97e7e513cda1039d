// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

namespace k2i::server::flight {

/// The type as SQL spells it: "DECIMAL(9,2)", "TIMESTAMP WITH TIME ZONE", "STRUCT(x DOUBLE, y DOUBLE)", "BIGINT[]".
std::string SqlTypeName(const arrow::DataType& type);

/// `field` with the metadata by which drivers show a column: ARROW:FLIGHT:SQL:TYPE_NAME, PRECISION, SCALE and so on.
std::shared_ptr<arrow::Field> AsColumn(const std::shared_ptr<arrow::Field>& field, const std::string& database,
                                       const std::string& table);

}  // namespace k2i::server::flight
