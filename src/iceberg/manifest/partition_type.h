// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "iceberg/manifest/avro/schema.h"
#include "iceberg/model/type.h"

namespace k2i::iceberg {

/// The fewest bytes that hold every decimal of that precision in two's complement.
size_t DecimalRequiredBytes(int precision);

/// The Iceberg type that an Avro type of a partition field stands for; unknown when there is none.
TypePtr TypeFromAvro(const avro::Type& type);

}  // namespace k2i::iceberg
