// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "record/decoder_options.h"

namespace k2i::record {

/// A column as the configuration declares it.
struct DeclaredColumn {
  std::string name;
  std::string type;  // see ParseTypeText
  bool required = false;
  std::string doc;
};

/// Reads a type:
///
///   type   = primitive | "list<" type ">" | "map<" type "," type ">" | "struct<" field { "," field } ">"
///   field  = name ":" type [ "required" ]
///   name   = letters, digits, '_', '-', '.', '$', '@'; or any text in double quotes
///
/// Primitives have Iceberg's names, decimal(p,s) and fixed[n] included, and a few others besides: bool, int32, integer,
/// int64, bigint, float32, float64. Case does not matter in types; white space does not either. Field ids are 0.
/// InvalidArgument, with the position, for anything else.
Result<iceberg::TypePtr> ParseTypeText(std::string_view text);

/// The declared columns, then the metadata columns and the extra column that `options` switch on and that are not
/// declared already. InvalidConfig: a bad type or name, or two names that differ only in case.
Result<iceberg::Schema> SchemaFromDeclaration(std::span<const DeclaredColumn> columns, const DecoderOptions& options);

}  // namespace k2i::record
