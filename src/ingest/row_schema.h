// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "iceberg/model/schema.h"
#include "kafka/message.h"
#include "record/declared_schema.h"
#include "record/decoder_options.h"

namespace k2i::ingest {

/// What rows look like: how values are decoded, and where their columns come from.
struct RowOptions {
  record::DecoderOptions decoder;
  std::vector<record::DeclaredColumn> declared;  // empty: taken from the table, or inferred where there is none
  int64_t infer_records = 1000;
  Duration infer_timeout = std::chrono::seconds(10);
};

/// The declared columns, or those of the raw format, with the metadata columns behind them; nullopt when they are to be
/// inferred. InvalidConfig for a declaration that is none.
Result<std::optional<iceberg::Schema>> DeclaredSchema(const RowOptions& options);

/// Columns inferred from records. InvalidArgument when no record of the sample is a JSON object.
Result<iceberg::Schema> InferredSchema(const RowOptions& options, std::span<const kafka::MessageBatch> sample);

/// The decoder's options for a table that may have been made by others: metadata columns and the extra column that it
/// lacks are left out, with a warning.
Result<record::DecoderOptions> FitToTable(const RowOptions& options, const iceberg::Schema& schema);

/// Whether rows can be looked up by this column; "" is none and will do. InvalidConfig.
Status CheckKeyColumn(const iceberg::Schema& schema, const std::string& column);

}  // namespace k2i::ingest
