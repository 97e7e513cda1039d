// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/container.h"

#include <algorithm>
#include <utility>

#include "iceberg/manifest/avro/binary.h"

namespace k2i::iceberg::avro {
namespace {

constexpr std::string_view kMagic{"Obj\1", 4};
constexpr size_t kSyncBytes = 16;
constexpr size_t kBlockBytes = 64000;    // uncompressed; what Avro's Java writer uses
constexpr int64_t kFreeBytes = 1 << 20;  // a small file may always expand to this
constexpr int64_t kValuesPerByte = 8;    // real manifests hold about one value for each byte
constexpr int64_t kFreeValues = 4096;

std::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("Avro file: ") + what);
}

/// FNV-1a, 64 bits, from a start value of the caller's.
uint64_t Fnv1a(std::string_view bytes, uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

ContainerReader::ContainerReader(std::string_view file, const ReadLimits& limits)
    : limits_(limits),
      rest_(file),
      bytes_left_(std::min(
          limits.max_bytes,
          kFreeBytes + static_cast<int64_t>(std::min<size_t>(file.size(), size_t{1} << 40)) * limits.max_expansion)),
      values_left_(kFreeValues + kValuesPerByte * static_cast<int64_t>(file.size())) {}

Result<ContainerReader> ContainerReader::Open(std::string_view file, const ReadLimits& limits) {
  ContainerReader reader(file, limits);
  K2I_RETURN_IF_ERROR(reader.ReadHeader());
  return reader;
}

Status ContainerReader::ReadHeader() {
  if (!rest_.starts_with(kMagic)) return Malformed("does not begin with Avro's magic");
  rest_.remove_prefix(kMagic.size());
  const Type map{.kind = Kind::kMap, .parts = {Primitive(Kind::kBytes)}};
  Decoder decoder(rest_, values_left_);
  Value entries;
  K2I_RETURN_IF_ERROR(decoder.ReadValue(map, entries));
  for (const Value& entry : *entries.As<Values>()) {
    const Values& pair = *entry.As<Values>();
    metadata_[std::string(*pair[0].As<std::string_view>())] = *pair[1].As<std::string_view>();
  }
  K2I_ASSIGN_OR_RETURN(sync_, decoder.ReadExactly(kSyncBytes));
  rest_ = decoder.rest();
  K2I_ASSIGN_OR_RETURN(codec_, ParseCodec(metadata_["avro.codec"]));
  K2I_ASSIGN_OR_RETURN(schema_, ParseSchema(metadata_["avro.schema"]));
  return {};
}

Result<int64_t> ContainerReader::ReadBlock(std::string& block) {
  Decoder decoder(rest_, values_left_);
  K2I_ASSIGN_OR_RETURN(const int64_t count, decoder.ReadLong());
  if (count < 0) return Malformed("a negative number of records");
  K2I_ASSIGN_OR_RETURN(const std::string_view compressed, decoder.ReadBytes());
  K2I_ASSIGN_OR_RETURN(const std::string_view sync, decoder.ReadExactly(kSyncBytes));
  if (sync != sync_) return Malformed("a wrong sync marker");
  rest_ = decoder.rest();
  K2I_ASSIGN_OR_RETURN(block, Decompress(codec_, compressed, static_cast<size_t>(bytes_left_)));
  bytes_left_ -= static_cast<int64_t>(block.size());
  values_left_ += kValuesPerByte * static_cast<int64_t>(block.size());
  return count;
}

Status ContainerReader::ForEach(const std::function<Status(const Value&)>& visit) {
  std::string block;
  while (!rest_.empty()) {
    K2I_ASSIGN_OR_RETURN(const int64_t count, ReadBlock(block));
    std::string_view bytes = block;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t allowed = std::min(values_left_, limits_.max_record_values);
      int64_t left = allowed;
      Decoder decoder(bytes, left);
      Value record;
      K2I_RETURN_IF_ERROR(decoder.ReadValue(*schema_, record));
      values_left_ -= allowed - left;
      bytes = decoder.rest();
      K2I_RETURN_IF_ERROR(visit(record));
    }
    if (!bytes.empty()) return Malformed("bytes behind the last record of a block");
  }
  return {};
}

ContainerWriter::ContainerWriter(TypePtr schema, std::map<std::string, std::string> metadata)
    : schema_(std::move(schema)), metadata_(std::move(metadata)) {
  metadata_["avro.schema"] = SchemaJson(*schema_);
  metadata_["avro.codec"] = "deflate";
}

Status ContainerWriter::Append(const Value& record) {
  const size_t before = pending_.size();
  if (Status status = AppendValue(*schema_, record, pending_); !status.has_value()) {
    pending_.resize(before);
    return status;
  }
  ++pending_count_;
  return pending_.size() < kBlockBytes ? Status() : EndBlock();
}

Status ContainerWriter::EndBlock() {
  if (pending_count_ == 0) return {};
  K2I_ASSIGN_OR_RETURN(std::string compressed, Deflate(pending_));
  blocks_.push_back({pending_count_, std::move(compressed)});
  pending_.clear();
  pending_count_ = 0;
  return {};
}

std::string ContainerWriter::Header() const {
  std::string out(kMagic);
  AppendLong(static_cast<int64_t>(metadata_.size()), out);
  for (const auto& [key, value] : metadata_) {
    AppendBytes(key, out);
    AppendBytes(value, out);
  }
  AppendLong(0, out);
  return out;
}

Result<std::string> ContainerWriter::Finish() {
  K2I_RETURN_IF_ERROR(EndBlock());
  std::string out = Header();
  uint64_t hash[2] = {Fnv1a(out, 0xcbf29ce484222325), Fnv1a(out, 0x6a09e667f3bcc908)};
  for (const Block& block : blocks_) {
    for (uint64_t& half : hash) half = Fnv1a(block.compressed, half);
  }
  const std::string sync(reinterpret_cast<const char*>(hash), kSyncBytes);
  out += sync;
  for (const Block& block : blocks_) {
    AppendLong(block.count, out);
    AppendBytes(block.compressed, out);
    out += sync;
  }
  return out;
}

}  // namespace k2i::iceberg::avro
