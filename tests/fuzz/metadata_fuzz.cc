// SPDX-License-Identifier: Apache-2.0
//
// The reader of table metadata: what it takes, it writes and reads again as the same, and every part of it can be used.
#include <optional>
#include <random>

#include "fuzz/fuzz_target.h"
#include "fuzz/json_mutation.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/model/gzip.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::fuzz {
namespace {

using namespace iceberg;

bool MayRefuse(const Error& error) {
  return !error.message.empty() && (error.code == ErrorCode::kCorruption || error.code == ErrorCode::kNotSupported);
}

/// What the rest of the product asks of a table's metadata once it has it.
void Use(const TableMetadata& metadata) {
  Require(metadata.FindSchema(metadata.current_schema_id) != nullptr, "the current schema is there");
  for (const auto& [name, ref] : metadata.refs) {
    Require(metadata.FindRef(name) != nullptr, "a ref points to a snapshot that is there");
  }
  const Schema& schema = metadata.current_schema();
  (void)ExplainMismatch(schema, schema);
  (void)NameMappingJson(schema);
  (void)ToArrowSchema(schema);
  (void)MinFormatVersion(*schema.type);
  (void)metadata.default_spec().PartitionType(schema);
  const Schema fresh = AssignFreshIds(schema);
  Require(fresh.fields().size() == schema.fields().size(), "fresh ids change no column");
}

void CheckSame(const TableMetadata& a, const TableMetadata& b) {
  Require(a.schemas.size() == b.schemas.size(), "every schema is kept");
  for (size_t i = 0; i < a.schemas.size(); ++i) {
    Require(a.schemas[i].type->Equals(*b.schemas[i].type), "a schema is kept as it is");
  }
  Require(a.partition_specs.size() == b.partition_specs.size(), "every spec is kept");
  Require(a.snapshots.size() == b.snapshots.size(), "every snapshot is kept");
  for (size_t i = 0; i < a.snapshots.size(); ++i) {
    Require(a.snapshots[i].summary == b.snapshots[i].summary, "a summary is kept as it is");
  }
  Require(a.properties == b.properties, "properties are kept as they are");
  Require(a.refs == b.refs, "refs are kept as they are");
  Require(a.other == b.other, "members that we do not know are kept as they are");
  Require(a.current_snapshot_id == b.current_snapshot_id, "the current snapshot stays");
}

/// What shares an earlier state is what reads everything.
void CheckKnown(const TableMetadata& metadata, std::string_view text) {
  TableMetadata known = metadata;
  if (!known.snapshots.empty()) known.snapshots.Edit(known.snapshots.size() / 2).summary["edited"] = "true";
  known.snapshot_log.EraseFront(known.snapshot_log.size() / 2);
  const auto read = ParseTableMetadata(text, &known);
  Require(read.has_value(), "an earlier state makes nothing unreadable");
  RequireSame(TableMetadataJson(*read), TableMetadataJson(metadata), "an earlier state changes nothing");
}

void Check(std::string_view text) {
  const auto metadata = ParseTableMetadata(text);
  if (!metadata.has_value()) return Require(MayRefuse(metadata.error()), "bad metadata is Corruption or NotSupported");
  Use(*metadata);
  const std::string written = TableMetadataJson(*metadata);
  const auto again = ParseTableMetadata(written);
  Require(again.has_value(), again.has_value() ? "" : "what was written can be read: " + again.error().message);
  RequireSame(TableMetadataJson(*again), written, "what is written reads back the same");
  CheckSame(*metadata, *again);
  CheckKnown(*metadata, text);
  const auto gzip = TableMetadataGzip(*metadata);
  Require(gzip.has_value(), "metadata can be deflated");
  RequireSame(Gunzip(*gzip, size_t{1} << 30).value_or("does not inflate"), written, "a gzip file holds the text");
}

Schema EveryType() {
  const TypePtr text = Type::Primitive(TypeId::kString);
  return {.schema_id = 1,
          .type = Type::Struct(
              {{1, "b", Type::Primitive(TypeId::kBoolean), true, "", true, false},
               {2, "i", Type::Primitive(TypeId::kInt), true, "doc", 34, -1},
               {3, "l", Type::Primitive(TypeId::kLong), false, "", int64_t{1} << 60, {}},
               {4, "f", Type::Primitive(TypeId::kFloat), true, "", 1.5F, {}},
               {5, "d", Type::Primitive(TypeId::kDouble), true, "", -0.25, {}},
               {6, "m", Type::Decimal(9, 2), true, "", Decimal128{-150}, {}},
               {7, "day", Type::Primitive(TypeId::kDate), true, "", 17486, {}},
               {8, "t", Type::Primitive(TypeId::kTime), true, "", int64_t{81'068'123'456}, {}},
               {9, "ts", Type::Primitive(TypeId::kTimestamp), true, "", int64_t{-1}, {}},
               {10, "tz", Type::Primitive(TypeId::kTimestampTz), true, "", int64_t{1} << 50, {}},
               {11, "ns", Type::Primitive(TypeId::kTimestampNs), true, "", int64_t{-1}, {}},
               {12, "tn", Type::Primitive(TypeId::kTimestampTzNs), true, "", int64_t{1} << 60, {}},
               {13, "s", text, true, "", std::string("å"), {}},
               {14, "u", Type::Primitive(TypeId::kUuid), true, "", UuidBytes{}, {}},
               {15, "x", Type::Fixed(2), true, "", Bytes{"\x01\xff"}, {}},
               {16, "y", Type::Primitive(TypeId::kBinary), true, "", Bytes{"a"}, {}},
               {17, "n", Type::Primitive(TypeId::kUnknown)},
               {18, "list", Type::List({19, "element", text, false})},
               {20, "map", Type::Map({21, "key", text, false}, {22, "value", Type::Struct({{23, "z", text}})})}}),
          .identifier_field_ids = {3}};
}

TableMetadata Table(int32_t format_version) {
  TableMetadata table{.format_version = format_version, .table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1"};
  table.location = "s3://b/t";
  table.last_sequence_number = 2;
  table.last_updated_ms = 1'602'638'573'590;
  table.last_column_id = 23;
  table.schemas = {EveryType()};
  table.current_schema_id = 1;
  table.partition_specs = {
      {0, {}}, {1, {{10, 1000, "tz_day", {TransformKind::kDay}}, {3, 1001, "l_bucket", {TransformKind::kBucket, 16}}}}};
  table.default_spec_id = 1;
  table.last_partition_id = 1001;
  table.properties = {{"write.format.default", "parquet"}, {"k2i.p.offsets", R"({"v":1})"}};
  table.current_snapshot_id = 12;
  table.snapshots = {{11, {}, 1, 1'602'638'573'000, "s3://b/t/1.avro", {{"operation", "append"}}, 1, {}, {}, {}},
                     {12,
                      11,
                      2,
                      1'602'638'573'590,
                      "s3://b/t/2.avro",
                      {{"operation", "append"}, {"k2i.pipeline", "p"}},
                      1,
                      {},
                      {},
                      {}}};
  table.snapshot_log = {{1'602'638'573'000, 11}, {1'602'638'573'590, 12}};
  table.metadata_log = {{1'602'638'573'000, "s3://b/t/v1.json"}};
  table.sort_orders = {{0, {}}, {1, {{{TransformKind::kTruncate, 4}, 13, false, false}}}};
  table.refs = {{"main", {12, SnapshotRef::Kind::kBranch, 5, {}, {}}},
                {"k2i-p", {12, SnapshotRef::Kind::kTag, {}, {}, 1000}}};
  table.other = {{"statistics", R"([{"snapshot-id":12,"blobs":[{"fields":[1],"x":null}]}])"}};
  if (format_version >= 3) {
    table.next_row_id = 70;
    table.snapshots.Edit(1).first_row_id = 60;
    table.snapshots.Edit(1).added_rows = 10;
    table.snapshots.Edit(1).key_id = "k";
  }
  return table;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const int32_t version : {1, 2, 3}) seeds.push_back(TableMetadataJson(Table(version)));
  return seeds;
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  k2i::fuzz::Check(k2i::fuzz::TextOf(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  return k2i::fuzz::PutMutated(k2i::fuzz::MutateJson(k2i::fuzz::TextOf(data, size), max_size, random), data, size,
                               max_size);
}
