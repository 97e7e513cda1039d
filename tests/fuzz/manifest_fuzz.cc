// SPDX-License-Identifier: Apache-2.0
//
// The readers of manifests and manifest lists. Every input is an Avro file that is taken for both; what is read of it
// can be written, or is refused, and reads back the same.
#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "fuzz/fuzz_target.h"
#include "fuzz/json_mutation.h"
#include "iceberg/manifest/avro/binary.h"
#include "iceberg/manifest/avro/codec.h"
#include "iceberg/manifest/avro/container.h"
#include "iceberg/manifest/manifest.h"

namespace k2i::fuzz {
namespace {

using namespace iceberg;

constexpr int64_t kSnapshotId = 77;

const Schema& TableSchema() {
  static const Schema kSchema{.schema_id = 3,
                              .type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false},
                                                    {2, "ts", Type::Primitive(TypeId::kTimestampTz)},
                                                    {3, "price", Type::Decimal(9, 2)},
                                                    {4, "user", Type::Primitive(TypeId::kUuid)},
                                                    {5, "name", Type::Primitive(TypeId::kString)},
                                                    {6, "score", Type::Primitive(TypeId::kDouble)},
                                                    {7, "code", Type::Fixed(3)},
                                                    {8, "raw", Type::Primitive(TypeId::kBinary)},
                                                    {9, "ok", Type::Primitive(TypeId::kBoolean)}})};
  return kSchema;
}

const PartitionSpec& TableSpec() {
  static const PartitionSpec kSpec{.spec_id = 5,
                                   .fields = {{2, 1000, "ts_day", {TransformKind::kDay}},
                                              {1, 1001, "id_bucket", {TransformKind::kBucket, 16}},
                                              {3, 1002, "price", {}},
                                              {4, 1003, "user", {}},
                                              {5, 1004, "na-me", {TransformKind::kTruncate, 4}},
                                              {6, 1005, "score", {}},
                                              {7, 1006, "code", {}},
                                              {8, 1007, "raw", {}},
                                              {9, 1008, "ok", {}},
                                              {1, 1009, "gone", {TransformKind::kVoid}}}};
  return kSpec;
}

ManifestFile Committed(ManifestFile file = {}) {
  file.manifest_path = "s3://b/m.avro";
  file.partition_spec_id = TableSpec().spec_id;
  file.added_snapshot_id = kSnapshotId;
  file.sequence_number = file.min_sequence_number = 8;
  return file;
}

bool MayRefuseToRead(const Error& error) {
  return !error.message.empty() && (error.code == ErrorCode::kCorruption || error.code == ErrorCode::kNotSupported);
}
bool MayRefuseToWrite(const Error& error) {
  return !error.message.empty() &&
         (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kNotSupported);
}

using Entries = std::vector<ManifestEntry>;

void CheckEntries(const Entries& entries) {
  for (const ManifestEntry& entry : entries) {
    const DataFile& file = entry.data_file;
    Require(file.record_count >= 0 && file.file_size_in_bytes >= 0, "counts and sizes are none below zero");
    Require(file.partition.size() == TableSpec().fields.size(), "a value for each partition field");
    Require(file.spec_id == TableSpec().spec_id, "a file has its manifest's spec");
    Require(entry.snapshot_id.has_value(), "a snapshot id is given or inherited");
    Require(entry.sequence_number.has_value() || entry.status != ManifestEntry::Status::kAdded,
            "an added file's sequence number is given or inherited");
  }
}

Result<EncodedManifest> Encode(int32_t version, const Entries& entries) {
  return EncodeManifest(version, TableSchema(), TableSpec(), kSnapshotId, entries);
}

void CheckManifest(std::string_view bytes) {
  const auto entries = DecodeManifest(bytes, Committed(), TableSpec(), TableSchema());
  if (!entries.has_value()) return Require(MayRefuseToRead(entries.error()), "a bad manifest is Corruption");
  CheckEntries(*entries);
  const auto written = Encode(3, *entries);
  if (!written.has_value()) return Require(MayRefuseToWrite(written.error()), "entries are written or refused");
  const auto again = DecodeManifest(written->bytes, Committed(written->summary), TableSpec(), TableSchema());
  Require(again.has_value(), "what was written can be read");
  Require(again->size() == entries->size(), "no entry gets lost");
  const auto twice = Encode(3, *again);
  Require(twice.has_value(), "what was read can be written again");
  RequireSame(twice->bytes, written->bytes, "a manifest reads back the same");
}

/// Row ids follow each other, whatever the entries say.
void CheckRowIds(std::string_view bytes) {
  ManifestFile file = Committed();
  file.first_row_id = 1000;
  const auto entries = DecodeManifest(bytes, file, TableSpec(), TableSchema());
  if (!entries.has_value()) return;
  for (const ManifestEntry& entry : *entries) {
    const bool live = entry.status != ManifestEntry::Status::kDeleted;
    const bool data = entry.data_file.content == DataFile::Content::kData;
    if (live && data) Require(entry.data_file.first_row_id.has_value(), "a live data file has its first row id");
  }
}

void CheckList(std::string_view bytes) {
  const auto files = DecodeManifestList(bytes);
  if (!files.has_value()) return Require(MayRefuseToRead(files.error()), "a bad manifest list is Corruption");
  auto assigned = *files;
  (void)AssignFirstRowIds(0, assigned);
  const Snapshot snapshot{.snapshot_id = kSnapshotId, .sequence_number = 9, .first_row_id = 0};
  const auto written = EncodeManifestList(3, snapshot, assigned);
  if (!written.has_value()) return Require(MayRefuseToWrite(written.error()), "a list is written or refused");
  const auto again = DecodeManifestList(*written);
  Require(again.has_value() && again->size() == files->size(), "a list that was written can be read");
  const auto twice = EncodeManifestList(3, snapshot, *again);
  Require(twice.has_value(), "a list that was read can be written again");
  RequireSame(*twice, *written, "a manifest list reads back the same");
}

/// An Avro file taken apart, its blocks as they are before compression.
struct Parts {
  std::map<std::string, std::string> metadata;
  std::vector<std::pair<int64_t, std::string>> blocks;  // number of records, bytes
};

std::optional<Parts> TakeApart(std::string_view file) {
  if (!file.starts_with(std::string_view("Obj\1", 4))) return std::nullopt;
  int64_t budget = 10'000;
  avro::Decoder decoder(file.substr(4), budget);
  avro::Value entries;
  const avro::Type map{.kind = avro::Kind::kMap, .parts = {avro::Primitive(avro::Kind::kBytes)}};
  if (!decoder.ReadValue(map, entries) || !decoder.ReadExactly(16)) return std::nullopt;
  Parts parts;
  for (const avro::Value& entry : *entries.As<avro::Values>()) {
    const avro::Values& pair = *entry.As<avro::Values>();
    parts.metadata[std::string(*pair[0].As<std::string_view>())] = *pair[1].As<std::string_view>();
  }
  const auto codec = avro::ParseCodec(parts.metadata["avro.codec"]);
  while (!decoder.rest().empty()) {
    const auto count = decoder.ReadLong();
    const auto bytes = count ? decoder.ReadBytes() : Result<std::string_view>("");
    if (!count || !bytes || !decoder.ReadExactly(16)) break;
    auto plain = avro::Decompress(codec.value_or(avro::Codec::kNull), *bytes, 1 << 16);
    parts.blocks.emplace_back(*count, plain ? *std::move(plain) : std::string(*bytes));
  }
  return parts;
}

std::string PutTogether(Parts parts, bool deflate) {
  constexpr std::string_view kSync = "0123456789abcdef";
  parts.metadata["avro.codec"] = deflate ? "deflate" : "null";
  std::string out("Obj\1", 4);
  avro::AppendLong(static_cast<int64_t>(parts.metadata.size()), out);
  for (const auto& [key, value] : parts.metadata) {
    avro::AppendBytes(key, out);
    avro::AppendBytes(value, out);
  }
  avro::AppendLong(0, out);
  out += kSync;
  for (const auto& [count, bytes] : parts.blocks) {
    avro::AppendLong(count, out);
    avro::AppendBytes(deflate ? avro::Deflate(bytes).value_or("") : bytes, out);
    out += kSync;
  }
  return out;
}

/// Changes the schema, or a block's values as they are before compression: neither would survive a change of bytes.
std::string MutateFile(std::string_view file, size_t max_size, std::minstd_rand& random) {
  auto parts = TakeApart(file);
  if (!parts.has_value()) return Mutated(std::string(file), max_size);
  const auto kind = random() % 8;
  if (kind < 3 || parts->blocks.empty()) {
    auto& schema = parts->metadata["avro.schema"];
    schema = MutateJson(schema, max_size, random);
  } else {
    auto& [count, bytes] = parts->blocks[random() % parts->blocks.size()];
    if (kind == 3) count += static_cast<int64_t>(random() % 5) - 2;
    if (kind == 4 && bytes.size() < 4096) {
      bytes += bytes;
      count *= 2;
    }
    if (kind > 4) bytes = Mutated(bytes, bytes.size() + 64);
  }
  return PutTogether(*std::move(parts), random() % 16 == 0);
}

DataFile File(std::string path, PartitionTuple partition) {
  DataFile file{.file_path = std::move(path), .spec_id = 5, .partition = std::move(partition)};
  file.record_count = 10;
  file.file_size_in_bytes = 1234;
  file.column_sizes = {{1, 100}, {2, 200}};
  file.value_counts = {{1, 10}};
  file.null_value_counts = {{1, 0}};
  file.nan_value_counts = {{6, 1}};
  file.lower_bounds = {{1, std::string(8, '\1')}};
  file.upper_bounds = {{1, std::string(8, '\7')}};
  file.key_metadata = "key";
  file.split_offsets = {4, 99'999'999'999};
  file.sort_order_id = 0;
  return file;
}

Entries SomeEntries() {
  const PartitionTuple full = {19'000,     7,    Decimal128{-1234}, UuidBytes{}, std::string("å/b"), 1.5, Bytes{"xyz"},
                               Bytes{"a"}, true, Literal()};
  Entries entries = {{.data_file = File("s3://b/a.parquet", full)},
                     {.data_file = File("s3://b/n.parquet", PartitionTuple(10))},
                     {.data_file = File("s3://b/old.parquet", full)}};
  entries[2].status = ManifestEntry::Status::kExisting;
  entries[2].snapshot_id = 11;
  entries[2].sequence_number = entries[2].file_sequence_number = 2;
  return entries;
}

/// As an old engine writes it: v1, other order and types of fields, one we do not know.
std::string OldManifest() {
  const auto number = avro::Primitive(avro::Kind::kLong), text = avro::Primitive(avro::Kind::kString);
  const auto day = avro::Record("r102", {{"d", avro::Primitive(avro::Kind::kInt), 1000}});
  const auto file = avro::Record("r2", {{"block_size_in_bytes", number, 105},
                                        {"partition", day, 102},
                                        {"record_count", number, 103},
                                        {"path", text, 100},
                                        {"file_format", text, 101},
                                        {"file_size_in_bytes", number, 104}});
  const auto root =
      avro::Record("manifest_entry", {{"data_file", file, 2}, {"status", number, 0}, {"snapshot_id", number, 1}});
  avro::ContainerWriter writer(root, {{"format-version", "1"}});
  const auto value = [](auto v) { return avro::Value{v}; };
  avro::Values fields = {value(int64_t{64}),
                         {avro::Values{value(int64_t{200})}},
                         value(int64_t{3}),
                         value(std::string_view("f.parquet")),
                         value(std::string_view("PARQUET")),
                         value(int64_t{99})};
  (void)writer.Append({avro::Values{{std::move(fields)}, value(int64_t{1}), value(int64_t{42})}});
  return writer.Finish().value();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  Entries deletes = {SomeEntries()[0]};
  deletes[0].data_file.content = DataFile::Content::kPositionDeletes;
  deletes[0].data_file.referenced_data_file = "a.parquet";
  deletes[0].data_file.content_offset = 4;
  deletes[0].data_file.content_size_in_bytes = 40;
  std::vector<ManifestFile> list;
  for (const int32_t version : {2, 3}) {
    for (const Entries& entries : {SomeEntries(), deletes}) {
      const auto manifest = Encode(version, entries).value();
      seeds.push_back(manifest.bytes);
      list.push_back(Committed(manifest.summary));
    }
    (void)AssignFirstRowIds(0, list);
    const Snapshot snapshot{.snapshot_id = kSnapshotId, .sequence_number = 9, .first_row_id = 0};
    seeds.push_back(EncodeManifestList(version, snapshot, list).value());
  }
  seeds.push_back(OldManifest());
  // The same without compression, so that a changed byte is a changed value.
  for (size_t i = 0, compressed = seeds.size(); i < compressed; ++i) {
    seeds.push_back(PutTogether(TakeApart(seeds[i]).value(), /*deflate=*/false));
  }
  return seeds;
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = k2i::fuzz::TextOf(data, size);
  k2i::fuzz::CheckManifest(bytes);
  k2i::fuzz::CheckRowIds(bytes);
  k2i::fuzz::CheckList(bytes);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string mutated = k2i::fuzz::MutateFile(k2i::fuzz::TextOf(data, size), max_size, random);
  return k2i::fuzz::PutMutated(mutated, data, size, max_size);
}
