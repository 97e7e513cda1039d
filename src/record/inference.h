// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "record/decoder_options.h"

namespace k2i::record {

/// A field that gets no column; its values go to the extra column.
struct LeftOut {
  std::string path;    // "device.battery", list elements as "tags.element"
  std::string reason;  // "only nulls and empty lists were seen", …
};

struct Inference {
  iceberg::Schema schema;  // field ids 0
  std::vector<LeftOut> left_out;
  int64_t samples_used = 0;
  int64_t samples_skipped = 0;  // not a well-formed JSON object
};

/// The schema that holds JSON values such as `samples`; all columns are optional. The same samples give the same
/// schema. What is seen in a field, apart from nulls, decides its type:
/// - true and false: boolean
/// - numbers without fraction and exponent that fit 64 bits: long
/// - numbers that a double holds, some of them with a fraction or exponent: double
/// - strings that are all RFC 3339 with an offset: timestamptz; other strings: string
/// - objects: struct of their fields; left out when none of these has a type
/// - arrays: list of what the elements are; left out when these have no type
/// - nothing: left out
/// - anything else, mixtures, integers beyond 64 bits and numbers beyond a double: string, which takes the values' JSON
/// text
///
/// Columns stand in the order first seen, then the metadata columns, then the extra column. Names that engines cannot
/// tell apart or address: of two paths that differ only in case ("a" and "A", or "a.b" as a name and as b within a),
/// the one first seen has the column and the other is left out; so are fields with an empty name and those named as a
/// metadata or the extra column.
///
/// InvalidArgument: no sample has a field with a type.
Result<Inference> InferSchema(std::span<const std::string_view> samples, const DecoderOptions& options);

/// The schema for Format::kRaw: key and value binary, headers, and the metadata columns.
iceberg::Schema RawSchema(const DecoderOptions& options);

}  // namespace k2i::record
