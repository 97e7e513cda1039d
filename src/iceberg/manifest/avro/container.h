// SPDX-License-Identifier: Apache-2.0
//
// Object container files (Avro specification, "Object Container Files"): magic, metadata with the schema, sync marker,
// blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "iceberg/manifest/avro/codec.h"
#include "iceberg/manifest/avro/schema.h"
#include "iceberg/manifest/avro/value.h"

namespace k2i::iceberg::avro {

/// What a file may cost. The defaults let every real manifest through and keep a hostile one cheap; a fuzzer lowers
/// them.
struct ReadLimits {
  int64_t max_expansion = 1000;                  // decompressed bytes for each byte of the file
  int64_t max_bytes = int64_t{1} << 30;          // decompressed bytes of the whole file
  int64_t max_record_values = int64_t{4} << 20;  // values in one record; a file of 100,000 columns has 2 million
};

/// Reads a container file held in memory. Not thread-safe.
class ContainerReader {
 public:
  /// `file` must outlive the reader. Corruption for a malformed header or schema, NotSupported for an unknown codec.
  static Result<ContainerReader> Open(std::string_view file, const ReadLimits& limits = {});

  const Type& schema() const { return *schema_; }
  /// All entries of the header, "avro.schema" too.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Calls `visit` with each record in order; the value is gone when the call returns. The first error ends it: that of
  /// `visit`, or Corruption. Call once.
  Status ForEach(const std::function<Status(const Value&)>& visit);

 private:
  ContainerReader(std::string_view file, const ReadLimits& limits);
  Status ReadHeader();
  Result<int64_t> ReadBlock(std::string& block);

  ReadLimits limits_;
  std::string_view rest_;
  int64_t bytes_left_;   // that may still be decompressed
  int64_t values_left_;  // that may still be decoded
  Codec codec_ = Codec::kNull;
  TypePtr schema_;
  std::map<std::string, std::string> metadata_;
  std::string_view sync_;
};

/// Writes a deflate-compressed container file in memory. The sync marker is derived from the content, so that equal
/// input gives equal bytes. Not thread-safe.
class ContainerWriter {
 public:
  ContainerWriter(TypePtr schema, std::map<std::string, std::string> metadata);
  /// InvalidArgument when the value does not fit the schema; nothing is added then.
  Status Append(const Value& record);
  /// The file. Call once, last.
  Result<std::string> Finish();

 private:
  struct Block {
    int64_t count;
    std::string compressed;
  };
  Status EndBlock();
  std::string Header() const;

  TypePtr schema_;
  std::map<std::string, std::string> metadata_;
  std::string pending_;
  int64_t pending_count_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace k2i::iceberg::avro
