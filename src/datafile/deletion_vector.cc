// SPDX-License-Identifier: Apache-2.0
#include "datafile/deletion_vector.h"

#include <zlib.h>

#include <bit>
#include <string>

#include "datafile/little_endian.h"

namespace k2i::datafile {
namespace {

constexpr std::string_view kMagic = "\xD1\xD3\x39\x64";
constexpr size_t kNumberSize = 4;
// Iceberg's own limit: the length is an int.
constexpr int64_t kMaxSize = INT32_MAX;

std::unexpected<Error> Malformed(const std::string& what) {
  return Fail(ErrorCode::kCorruption, "the deletion vector " + what);
}

uint32_t BigEndian(std::string_view bytes) { return std::byteswap(LittleEndianReader(bytes).Take<uint32_t>()); }

uint32_t Crc32(std::string_view bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Result<std::string> ReadBlob(io::ObjectStore& store, const iceberg::DataFile& vector) {
  K2I_ASSIGN_OR_RETURN(const auto file, store.OpenForRead(vector.file_path));
  const int64_t offset = vector.content_offset.value_or(-1);
  const int64_t size = vector.content_size_in_bytes.value_or(-1);
  if (offset < 0 || size < 0 || size > kMaxSize || offset > file->size_bytes() - size) {
    return Malformed("lies outside its file");
  }
  std::string blob(static_cast<size_t>(size), '\0');
  K2I_ASSIGN_OR_RETURN(const int64_t read, file->ReadAt(offset, size, blob.data()));
  if (read != size) return Malformed("is cut short");
  return blob;
}

}  // namespace

Result<PositionSet> DecodeDeletionVector(std::string_view blob) {
  if (blob.size() < kNumberSize + kMagic.size() + kNumberSize) return Malformed("is cut short");
  const std::string_view checked = blob.substr(kNumberSize, blob.size() - 2 * kNumberSize);
  if (BigEndian(blob.substr(0, kNumberSize)) != checked.size()) return Malformed("is not as long as it says");
  if (!checked.starts_with(kMagic)) return Malformed("does not begin with its magic bytes");
  if (BigEndian(blob.substr(blob.size() - kNumberSize)) != Crc32(checked)) return Malformed("fails its checksum");
  return PositionSet::Parse(checked.substr(kMagic.size()));
}

Result<PositionSet> ReadDeletionVector(io::ObjectStore& store, const iceberg::DataFile& vector) {
  const auto explain = [&](const Error& error) {
    const std::string of = vector.referenced_data_file ? " of " + *vector.referenced_data_file : "";
    return std::unexpected(error.With(vector.file_path + of).In(Component::kStorage));
  };
  const auto blob = ReadBlob(store, vector);
  if (!blob) return explain(blob.error());
  auto positions = DecodeDeletionVector(*blob);
  if (!positions) return explain(positions.error());
  if (positions->cardinality() == vector.record_count) return positions;
  return explain({ErrorCode::kCorruption, "the deletion vector holds " + std::to_string(positions->cardinality()) +
                                              " positions where its entry says " +
                                              std::to_string(vector.record_count)});
}

}  // namespace k2i::datafile
