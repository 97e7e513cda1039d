// SPDX-License-Identifier: Apache-2.0
//
// record: Kafka records as rows of an Iceberg table. Decoder turns batches into Arrow columns, inference.h and
// declared_schema.h say what table a topic wants, decoder_options.h names the metadata columns.
//
// What JSON fits which column (Format::kJson). A column takes the field of exactly its name:
// - boolean: true, false
// - int, long: numbers of integral value (1, 1.0, 1e3)
// - float, double: numbers, rounded to the nearest
// - decimal: a number, or a string that holds one; exact, never by way of a double. Fractional digits beyond the scale
//   must be zeros.
// - date: "2024-01-31"; time: "12:34:56[.fraction]"
// - timestamptz: RFC 3339 with its offset ("Z", "+02:00"); timestamp: the same without an offset. Both take integers
//   too: milliseconds since 1970-01-01 UTC. Digits beyond the column's unit are cut off.
// - string: a string; any other value as its JSON text, word for word
// - uuid: the 36-character form
// - fixed, binary: base64 (RFC 4648 §4, padded)
// - struct: an object; list: an array; map<string, T>: an object whose keys differ
//
// Null or missing: null, or rejected where the column is required. A field that is there twice: the last counts, but
// each must fit. Fields with no column: see DecoderOptions::extra_column; there, nested ones stand under their path
// ("device.battery", "items[0].sku").
// Rejected: all that does not fit the above, malformed JSON, text after the object, a value that is no object, invalid
// UTF-8 (anywhere in the value), and null values (tombstones).
//
// Format::kRaw fills the columns `key`, `value` (binary, or string for UTF-8) and `headers`, those that the table has.
// All other columns must be optional and stay null.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "kafka/message.h"
#include "record/decoded_rows.h"
#include "record/decoder_options.h"

namespace arrow {
class MemoryPool;
}  // namespace arrow

namespace k2i::record {

/// One thread at a time.
class Decoder {
 public:
  /// A decoder for a table's schema: its rows have the Arrow schema that iceberg::ToArrowSchema gives. `pool` must
  /// outlive the decoder and every row it hands out. InvalidConfig: the options name a column that the table lacks or
  /// has with another type. NotSupported: a column's type cannot be decoded.
  static Result<std::unique_ptr<Decoder>> Make(const iceberg::Schema& table_schema, DecoderOptions options,
                                               arrow::MemoryPool* pool);
  virtual ~Decoder() = default;

  /// Adds a row for each message, or a Rejected; a rejected message leaves no trace in any column.
  /// ResourceExhausted: out of memory, or a string column would pass 2 GiB between two seals. The messages before stay.
  virtual Status Append(const kafka::MessageBatch& batch, std::vector<Rejected>* rejected) = 0;
  /// Rows appended since the last Seal.
  virtual int64_t row_count() const = 0;
  /// Hands out the rows appended since the last Seal, immutable and without copying. Memory is shared with neighbouring
  /// seals in blocks, so it is given back when all rows of a block are gone.
  virtual Result<DecodedRows> Seal() = 0;
  /// Fields met so far that the table has no column for.
  virtual int64_t unknown_fields() const = 0;
};

}  // namespace k2i::record
