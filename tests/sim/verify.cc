// SPDX-License-Identifier: Apache-2.0
#include "sim/verify.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <set>

#include "iceberg/manifest/manifest.h"
#include "sim/process.h"

namespace k2i::sim {
namespace {

using iceberg::TableMetadata;

struct Row {
  TopicPartition tp;
  int64_t offset;
  std::string value;  // the id and the name, or the bytes of a dead letter
};

struct FileOf {
  std::string path;
  int64_t sequence;
  int64_t records;
  int64_t size;
};

std::string Place(const TopicPartition& tp, int64_t offset) {
  return fmt::format("{}/{}@{}", tp.topic, tp.partition.value, offset);
}

std::vector<iceberg::ManifestFile> ManifestsOf(World& world, const std::string& name,
                                               const iceberg::Snapshot& snapshot) {
  const auto list = world.store.Read(snapshot.manifest_list);
  if (!list) {
    world.Break("file-missing", name + ": manifest list " + snapshot.manifest_list);
    return {};
  }
  auto manifests = iceberg::DecodeManifestList(*list);
  if (!manifests) {
    world.Break("metadata-broken", name + ": " + manifests.error().ToString());
    return {};
  }
  return *std::move(manifests);
}

/// Live data files of a manifest.
std::vector<FileOf> FilesOf(World& world, const std::string& name, const TableMetadata& table,
                            const iceberg::ManifestFile& manifest) {
  const auto bytes = world.store.Read(manifest.manifest_path);
  if (!bytes) {
    world.Break("file-missing", name + ": manifest " + manifest.manifest_path);
    return {};
  }
  const auto entries = iceberg::DecodeManifest(*bytes, manifest, table.default_spec(), table.current_schema());
  if (!entries) {
    world.Break("metadata-broken", name + ": " + entries.error().ToString());
    return {};
  }
  std::vector<FileOf> files;
  for (const auto& entry : *entries) {
    if (entry.status == iceberg::ManifestEntry::Status::kDeleted) continue;
    files.push_back({entry.data_file.file_path, entry.sequence_number.value_or(-1), entry.data_file.record_count,
                     entry.data_file.file_size_in_bytes});
  }
  return files;
}

/// Of every snapshot that is kept each file is there, and after the last clean-up no other.
void CheckFiles(World& world, const std::string& name, const TableMetadata& table) {
  std::set<std::string> reached;
  for (const auto& snapshot : table.snapshots) {
    reached.insert(snapshot.manifest_list);
    for (const auto& manifest : ManifestsOf(world, name, snapshot)) {
      if (!reached.insert(manifest.manifest_path).second) continue;
      for (const auto& file : FilesOf(world, name, table, manifest)) {
        reached.insert(file.path);
        if (!world.store.Exists(file.path)) world.Break("file-missing", name + ": " + file.path);
      }
    }
  }
  for (const auto& location : world.store.locations()) {
    if (location.starts_with(table.location + "/") && !reached.contains(location)) {
      world.Break("orphan-left", name + ": " + location);
    }
  }
}

template <typename ArrayType>
const ArrayType* Column(const arrow::Table& table, const std::string& name) {
  const auto column = table.GetColumnByName(name);
  return column == nullptr || column->num_chunks() != 1 ? nullptr
                                                        : dynamic_cast<const ArrayType*>(column->chunk(0).get());
}

std::shared_ptr<arrow::Table> ReadParquet(const std::string& bytes) {
  auto opened = parquet::arrow::OpenFile(
      std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes)), arrow::default_memory_pool());
  if (!opened.ok()) return nullptr;
  auto table = (*opened)->ReadTable();
  if (!table.ok()) return nullptr;
  auto combined = (*table)->CombineChunks();
  return combined.ok() ? *combined : nullptr;
}

/// Rows of a file in their order; nullopt when it cannot be read.
std::optional<std::vector<Row>> RowsOf(const std::string& bytes, bool letters) {
  const auto table = ReadParquet(bytes);
  if (table == nullptr) return std::nullopt;
  const std::string prefix = letters ? "" : "_kafka_";
  const auto* topic = Column<arrow::StringArray>(*table, prefix + "topic");
  const auto* partition = Column<arrow::Int32Array>(*table, prefix + "partition");
  const auto* offset = Column<arrow::Int64Array>(*table, prefix + "offset");
  const auto* value = letters ? Column<arrow::BinaryArray>(*table, "value") : nullptr;
  const auto* id = letters ? nullptr : Column<arrow::Int64Array>(*table, "id");
  const auto* name = letters ? nullptr : Column<arrow::StringArray>(*table, "name");
  if (topic == nullptr || partition == nullptr || offset == nullptr) return std::nullopt;
  if (letters ? value == nullptr : id == nullptr || name == nullptr) return std::nullopt;
  std::vector<Row> rows;
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    rows.push_back(
        {{topic->GetString(i), PartitionId{partition->Value(i)}},
         offset->Value(i),
         letters ? value->GetString(i) : fmt::format(R"({{"id":{},"name":"{}"}})", id->Value(i), name->GetString(i))});
  }
  return rows;
}

using Seen = std::map<std::pair<TopicPartition, int64_t>, int>;

/// All rows of the table's newest snapshot; breaks the history where something is not right with them.
Seen ReadTable(World& world, const iceberg::TableIdentifier& identifier, bool letters) {
  Seen seen;
  const auto loaded = world.catalog.LoadTable(identifier);
  if (!loaded) return seen;
  const auto& table = *loaded->metadata;
  const std::string& name = identifier.name;
  if (const auto again = iceberg::ParseTableMetadata(iceberg::TableMetadataJson(table)); !again) {
    world.Break("metadata-broken", name + ": " + again.error().ToString());
  }
  CheckFiles(world, name, table);
  const auto* head = table.FindRef("main");
  if (head == nullptr) return seen;
  std::vector<FileOf> files;
  for (const auto& manifest : ManifestsOf(world, name, *head)) {
    std::ranges::move(FilesOf(world, name, table, manifest), std::back_inserter(files));
  }
  std::ranges::stable_sort(files, {}, &FileOf::sequence);
  const bool compacted = world.history.counters().contains("compaction");
  std::set<std::string> paths;
  std::map<TopicPartition, int64_t> before, until;  // largest offset of earlier snapshots, and of all so far
  int64_t sequence = -1;
  int64_t total = 0;
  for (const auto& file : files) {
    if (!paths.insert(file.path).second) world.Break("file-twice", name + ": " + file.path);
    const auto bytes = world.store.Read(file.path);
    if (!bytes) {
      world.Break("file-missing", name + ": " + file.path);
      continue;
    }
    const auto rows = RowsOf(*bytes, letters);
    if (!rows || static_cast<int64_t>(rows->size()) != file.records ||
        static_cast<int64_t>(bytes->size()) != file.size) {
      world.Break("file-broken", name + ": " + file.path);
      continue;
    }
    total += file.records;
    if (file.sequence != std::exchange(sequence, file.sequence)) before = until;
    std::map<TopicPartition, int64_t> last = before;  // in the file; those of one snapshot divide the rows
    for (const auto& row : *rows) {
      if (row.offset >= world.broker.end(row.tp) || world.broker.at(row.tp, row.offset).value != row.value) {
        world.Break("value-wrong", fmt::format("{}: {} holds {}", name, Place(row.tp, row.offset), row.value));
      }
      if (++seen[{row.tp, row.offset}] > 1) world.Break("row-twice", name + ": " + Place(row.tp, row.offset));
      const auto [at, first] = last.try_emplace(row.tp, row.offset);
      // A compacted file holds rows of several snapshots, and has the number of the newest.
      if (!first && at->second >= row.offset && !compacted) {
        world.Break("out-of-order", name + ": " + Place(row.tp, row.offset));
      }
      at->second = row.offset;
      until[row.tp] = std::max(until[row.tp], row.offset);
    }
  }
  if (const auto said = head->summary.find("total-records");
      said == head->summary.end() || said->second != std::to_string(total)) {
    world.Break("total-wrong", fmt::format("{}: {} rows, the snapshot says {}", name, total,
                                           said == head->summary.end() ? "nothing" : said->second));
  }
  return seen;
}

}  // namespace

void VerifyEnd(World& world) {
  const Seen rows = ReadTable(world, kTable, /*letters=*/false);
  const Seen letters = ReadTable(world, kDeadLetters, /*letters=*/true);
  for (const auto& tp : world.broker.partitions()) {
    for (int64_t offset = 0; offset < world.broker.end(tp); ++offset) {
      const auto& record = world.broker.at(tp, offset);
      const bool in_rows = rows.contains({tp, offset}), in_letters = letters.contains({tp, offset});
      const bool row = record.kind == BrokerRecord::Kind::kRow, poison = record.kind == BrokerRecord::Kind::kPoison;
      if (row && in_rows) world.Count("row");
      if (poison && in_letters) world.Count("dead letter");
      // Before the place where a partition was begun at its end, nothing is promised.
      const auto begin = world.ledger.begins(kTable.name).find(tp);
      if (world.scenario.latest && begin != world.ledger.begins(kTable.name).end() && offset < begin->second.value)
        continue;
      if (row && !in_rows && !record.may_be_missing) world.Break("row-lost", Place(tp, offset));
      if (poison && !in_letters) world.Break("dead-letter-lost", Place(tp, offset));
      if ((!row && in_rows) || (!poison && in_letters)) world.Break("row-of-nothing", Place(tp, offset));
    }
  }
}

}  // namespace k2i::sim
