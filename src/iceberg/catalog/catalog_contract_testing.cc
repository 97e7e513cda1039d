// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/catalog_contract_testing.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <set>
#include <thread>

#include "iceberg/update/append.h"
#include "net/cutting_proxy_testing.h"

namespace k2i::iceberg {
namespace {

using net::CuttingProxy;

CreateTableRequest Request() {
  CreateTableRequest request;
  request.schema.type = Type::Struct(
      {{10, "id", Type::Primitive(TypeId::kLong), false}, {20, "ts", Type::Primitive(TypeId::kTimestampTz), true}});
  request.spec.fields = {{.source_id = 20, .name = "ts_day", .transform = {TransformKind::kDay}}};
  request.properties = {{"owner", "k2i"}};
  return request;
}

/// One column of each type that format version 2 has.
CreateTableRequest EveryType() {
  CreateTableRequest request;
  std::vector<NestedField> fields;
  for (const TypeId id :
       {TypeId::kBoolean, TypeId::kInt, TypeId::kLong, TypeId::kFloat, TypeId::kDouble, TypeId::kDate, TypeId::kTime,
        TypeId::kTimestamp, TypeId::kTimestampTz, TypeId::kString, TypeId::kUuid, TypeId::kBinary}) {
    const TypePtr type = Type::Primitive(id);
    fields.push_back({static_cast<int32_t>(fields.size()) + 1, "a_" + type->ToString(), type, true, "a comment"});
  }
  const TypePtr text = Type::Primitive(TypeId::kString);
  fields.push_back({20, "a_decimal", Type::Decimal(38, 9)});
  fields.push_back({21, "a_fixed", Type::Fixed(7)});
  fields.push_back({22, "a_list", Type::List({30, "element", Type::Struct({{31, "inner", text}})})});
  fields.push_back({23, "a_map", Type::Map({32, "key", text, false}, {33, "value", Type::Primitive(TypeId::kLong)})});
  request.schema.type = Type::Struct(std::move(fields));
  return request;
}

TableRequirement SameTable(const LoadedTable& table) {
  return requirement::AssertTableUuid{table.metadata->table_uuid};
}
TableRequirement SameMain(const LoadedTable& table) {
  return requirement::AssertRefSnapshotId{"main", table.metadata->current_snapshot_id};
}
std::vector<TableUpdate> Set(const std::string& key) { return {update::SetProperties{{{key, "1"}}}}; }

bool Has(const Result<LoadedTable>& table, const std::string& key) {
  return table.has_value() && table->metadata->properties.contains(key);
}

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.has_value()) << "succeeded, against expectation";
  if (result.has_value()) return ErrorCode::kInternal;
  EXPECT_NE(result.error().component, Component::kNone) << result.error().ToString();
  return result.error().code;
}

int RaceCommits() {
  const char* given = std::getenv("K2I_TEST_CONTRACT_COMMITS");
  return given ? std::atoi(given) : 50;
}

}  // namespace

void CatalogContractTest::SetUp() {
  contract_ = GetParam().open();
  if (!contract_.skip.empty()) GTEST_SKIP() << contract_.skip;
  catalog_ = Connect();
  ASSERT_NE(catalog_, nullptr);
  const Status made = catalog_->EnsureNamespace(contract_.name_space);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
}

void CatalogContractTest::TearDown() {
  for (const TableIdentifier& table : tables_) static_cast<void>(catalog_->DropTable(table));
}

std::unique_ptr<Catalog> CatalogContractTest::ConnectTo(const std::string& server) {
  auto catalog = contract_.make_catalog(server);
  EXPECT_TRUE(catalog.has_value()) << catalog.error().ToString();
  return catalog.has_value() ? *std::move(catalog) : nullptr;
}

TableIdentifier CatalogContractTest::NewName() {
  std::string name = "t_" + random_.Uuid();  // lower case, digits and underscores: what every catalog takes
  std::ranges::replace(name, '-', '_');
  tables_.push_back({contract_.name_space, std::move(name)});
  return tables_.back();
}

LoadedTable CatalogContractTest::Create(const TableIdentifier& table) {
  auto created = catalog_->CreateTable(table, Request());
  EXPECT_TRUE(created.has_value()) << created.error().ToString();
  return created.value();
}

bool CatalogContractTest::CommitProperty(Catalog& catalog, const TableIdentifier& table, const std::string& key) {
  const Duration deadline = clock_.monotonic() + std::chrono::seconds(30);
  while (clock_.monotonic() < deadline) {
    const auto base = catalog.LoadTable(table);
    if (Has(base, key)) return true;
    if (base.has_value() && catalog.CommitTable(*base, {SameTable(*base)}, Set(key), "").has_value()) return true;
    clock_.SleepFor(std::chrono::milliseconds(5), {});
  }
  return false;
}

std::vector<TableUpdate> CatalogContractTest::EmptySnapshot(const TableMetadata& base, const std::string& writer) {
  Snapshot snapshot;
  snapshot.snapshot_id = random_.PositiveInt64();
  snapshot.parent_snapshot_id = base.current_snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(clock_.wall_ms(), base.last_updated_ms);
  snapshot.manifest_list = base.location + "/metadata/snap-" + std::to_string(snapshot.snapshot_id) + ".avro";
  snapshot.summary = {{"operation", "append"}, {"k2i.writer", writer}};
  snapshot.schema_id = base.current_schema_id;
  return {update::AddSnapshot{snapshot}, update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}};
}

TEST_P(CatalogContractTest, AnswersAndKeepsNamespaces) {
  EXPECT_TRUE(catalog_->Ping().has_value());
  EXPECT_TRUE(catalog_->EnsureNamespace(contract_.name_space).has_value());
  std::vector<std::string> missing = contract_.name_space;
  missing.back() += "_missing";
  EXPECT_EQ(CodeOf(catalog_->LoadTable({missing, "t"})), ErrorCode::kNotFound);
}

TEST_P(CatalogContractTest, CreatesLoadsListsAndDrops) {
  const TableIdentifier table = NewName();
  EXPECT_EQ(CodeOf(catalog_->LoadTable(table)), ErrorCode::kNotFound);
  const LoadedTable created = Create(table);
  EXPECT_EQ(created.identifier, table);
  EXPECT_EQ(CodeOf(catalog_->CreateTable(table, Request())), ErrorCode::kAlreadyExists);

  const auto other = Connect();
  const auto loaded = other->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata_location, created.metadata_location);
  EXPECT_EQ(loaded->metadata->table_uuid, created.metadata->table_uuid);
  EXPECT_EQ(loaded->metadata->default_spec().fields.at(0).source_id, 2);  // ids were assigned afresh
  EXPECT_EQ(loaded->metadata->PropertyOr("owner", ""), "k2i");

  const auto listed = other->ListTables();
  if (contract_.lists_tables) {
    ASSERT_TRUE(listed.has_value()) << listed.error().ToString();
    EXPECT_EQ(std::ranges::count(*listed, table), 1);
  } else {
    EXPECT_EQ(CodeOf(listed), ErrorCode::kNotSupported);
  }

  EXPECT_TRUE(other->DropTable(table).has_value());
  EXPECT_EQ(CodeOf(catalog_->DropTable(table)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(catalog_->LoadTable(table)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(catalog_->CommitTable(created, {SameTable(created)}, Set("late"), "")), ErrorCode::kNotFound);
  if (contract_.lists_tables) {
    EXPECT_EQ(std::ranges::count(*catalog_->ListTables(), table), 0);
  }
}

TEST_P(CatalogContractTest, CreatesWhereItIsTold) {
  const TableIdentifier table = NewName();
  CreateTableRequest request = Request();
  request.location = contract_.warehouse + "/elsewhere/" + table.name;
  const auto created = catalog_->CreateTable(table, request);
  ASSERT_TRUE(created.has_value()) << created.error().ToString();
  const auto loaded = catalog_->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata->location, request.location);
}

TEST_P(CatalogContractTest, RegistersATableThatIsThereAlready) {
  if (!contract_.registers_tables) GTEST_SKIP() << "this catalog registers none";
  const LoadedTable made = Create(NewName());
  const auto before = catalog_->CommitTable(made, {SameTable(made)}, EmptySnapshot(*made.metadata, "before"), "");
  ASSERT_TRUE(before.has_value()) << before.error().ToString();
  EXPECT_EQ(CodeOf(catalog_->RegisterTable(made.identifier, before->metadata_location)), ErrorCode::kAlreadyExists);
  ASSERT_TRUE(catalog_->DropTable(made.identifier).has_value());

  const TableIdentifier table = NewName();
  const auto registered = catalog_->RegisterTable(table, before->metadata_location);
  ASSERT_TRUE(registered.has_value()) << registered.error().ToString();
  EXPECT_EQ(registered->identifier, table);
  const auto loaded = Connect()->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata_location, before->metadata_location);
  EXPECT_EQ(loaded->metadata->table_uuid, made.metadata->table_uuid);
  EXPECT_EQ(loaded->metadata->current_snapshot_id, before->metadata->current_snapshot_id);
  EXPECT_EQ(CodeOf(catalog_->RegisterTable(table, made.metadata_location)), ErrorCode::kAlreadyExists);

  const auto after = catalog_->CommitTable(*loaded, {SameTable(*loaded), SameMain(*loaded)},
                                           EmptySnapshot(*loaded->metadata, "after"), "");
  ASSERT_TRUE(after.has_value()) << after.error().ToString();
  EXPECT_EQ(Connect()->LoadTable(table)->metadata->snapshots.size(), 2U);
}

TEST_P(CatalogContractTest, RegistersNothingThatIsNoTable) {
  if (!contract_.registers_tables) GTEST_SKIP() << "this catalog registers none";
  const TableIdentifier table = NewName();
  const std::string folder = contract_.warehouse + "/" + table.name + "/metadata/";
  const std::string garbage = folder + "00000-garbage.metadata.json";
  ASSERT_TRUE(contract_.store->Create(garbage, "{}").has_value());
  for (const std::string& location : {garbage, folder + "00000-nowhere.metadata.json"}) {
    CodeOf(catalog_->RegisterTable(table, location));
    EXPECT_EQ(CodeOf(catalog_->LoadTable(table)), ErrorCode::kNotFound);
  }
}

TEST_P(CatalogContractTest, OfManyThatCreateOneWins) {
  const TableIdentifier table = NewName();
  std::atomic<int> won{0}, late{0};
  std::barrier start(4);
  std::vector<std::jthread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      const auto own = Connect();
      start.arrive_and_wait();
      const auto created = own->CreateTable(table, Request());
      won += created.has_value();
      late += !created.has_value() && created.error().code == ErrorCode::kAlreadyExists;
    });
  }
  writers.clear();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(late, 3);
}

TEST_P(CatalogContractTest, KeepsEveryTypeAndEvolves) {
  const TableIdentifier table = NewName();
  const auto created = catalog_->CreateTable(table, EveryType());
  ASSERT_TRUE(created.has_value()) << created.error().ToString();
  auto loaded = catalog_->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_TRUE(loaded->metadata->current_schema().type->Equals(*created->metadata->current_schema().type));

  // A column dropped, one renamed, one promoted, one new in front.
  std::vector<NestedField> fields = loaded->metadata->current_schema().fields();
  fields.erase(fields.begin());
  fields[0].type = Type::Primitive(TypeId::kLong);
  fields[1].name = "renamed";
  fields.insert(fields.begin(), {loaded->metadata->last_column_id + 1, "new_one", Type::Decimal(9, 2)});
  const TypePtr evolved = Type::Struct(fields);
  const requirement::AssertLastAssignedFieldId same_columns{loaded->metadata->last_column_id};
  const auto committed =
      catalog_->CommitTable(*loaded, {SameTable(*loaded), same_columns},
                            {update::AddSchema{{.type = evolved}}, update::SetCurrentSchema{-1}}, "");
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  loaded = Connect()->LoadTable(table);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_TRUE(loaded->metadata->current_schema().type->Equals(*evolved));
}

TEST_P(CatalogContractTest, CommitsASnapshotOnceAndRefusesAMovedBase) {
  const LoadedTable base = Create(NewName());
  DataFile file;
  file.file_path = base.metadata->location + "/data/one.parquet";
  file.record_count = 3;
  file.file_size_in_bytes = 100;
  file.spec_id = base.metadata->default_spec_id;
  file.partition = {Literal(int32_t{19000})};
  const int64_t id = random_.PositiveInt64();
  Append append(
      *contract_.store,
      {.snapshot_id = id, .commit_uuid = random_.Uuid(), .files = {file}, .summary = {{"k2i.pipeline", "contract"}}});
  const auto snapshot = append.Prepare(*base.metadata, clock_.wall_ms());
  ASSERT_TRUE(snapshot.has_value()) << snapshot.error().ToString();
  const std::vector<TableUpdate> updates = {
      update::AddSnapshot{*snapshot}, update::SetSnapshotRef{"main", {.snapshot_id = id}},
      update::SetSnapshotRef{"k2i-contract", {.snapshot_id = id, .kind = SnapshotRef::Kind::kTag}},
      update::SetProperties{{{"k2i.contract.offsets", "{}"}}}};
  const auto committed = catalog_->CommitTable(base, {SameTable(base), SameMain(base)}, updates, "");
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  EXPECT_EQ(committed->metadata->current_snapshot_id, id);

  const auto loaded = Connect()->LoadTable(base.identifier);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  ASSERT_NE(loaded->metadata->FindRef("k2i-contract"), nullptr);
  EXPECT_EQ(loaded->metadata->FindRef("k2i-contract")->summary.at("k2i.pipeline"), "contract");
  EXPECT_EQ(loaded->metadata->PropertyOr("k2i.contract.offsets", ""), "{}");
  EXPECT_EQ(loaded->metadata_location, committed->metadata_location);

  const auto stale =
      catalog_->CommitTable(base, {SameTable(base), SameMain(base)}, EmptySnapshot(*base.metadata, "late"), "");
  EXPECT_EQ(CodeOf(stale), ErrorCode::kCommitConflict);
  EXPECT_EQ(catalog_->LoadTable(base.identifier)->metadata_location, committed->metadata_location);
}

TEST_P(CatalogContractTest, KeepsWhatOthersCommittedInBetween) {
  const LoadedTable base = Create(NewName());
  const auto foreign = Connect();
  const auto theirs =
      foreign->CommitTable(base, {SameTable(base), SameMain(base)}, EmptySnapshot(*base.metadata, "foreign"), "");
  ASSERT_TRUE(theirs.has_value()) << theirs.error().ToString();
  ASSERT_TRUE(catalog_->CommitTable(base, {SameTable(base)}, Set("ours"), "").has_value());
  const auto loaded = catalog_->LoadTable(base.identifier);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->metadata->current_snapshot_id, theirs->metadata->current_snapshot_id);
  EXPECT_TRUE(Has(loaded, "ours"));
}

TEST_P(CatalogContractTest, RacingWritersLandEachCommitOnce) {
  const TableIdentifier table = Create(NewName()).identifier;
  const int each = RaceCommits() / 2;
  std::atomic<int> conflicts{0}, strange{0};
  const auto writer = [&](const std::string& name) {
    const auto own = Connect();
    const Duration deadline = clock_.monotonic() + std::chrono::minutes(5);
    for (int n = 0; n < each && clock_.monotonic() < deadline;) {
      const auto base = own->LoadTable(table);
      if (!base.has_value()) {
        strange += !base.error().retryable();
        continue;
      }
      const std::string mark = name + std::to_string(n);
      const auto done =
          own->CommitTable(*base, {SameTable(*base), SameMain(*base)}, EmptySnapshot(*base->metadata, mark), "");
      n += done.has_value();
      if (done.has_value()) continue;
      conflicts += done.error().code == ErrorCode::kCommitConflict;
      // Locked for too long is fair; an outcome that nobody knows is not, with every connection whole.
      if (done.error().code != ErrorCode::kCommitConflict && !done.error().retryable()) {
        ++strange;
        ADD_FAILURE() << done.error().ToString();
        return;
      }
    }
  };
  std::jthread other([&] { writer("b"); });
  writer("a");
  other.join();
  EXPECT_EQ(strange, 0);
  const auto loaded = catalog_->LoadTable(table);
  ASSERT_TRUE(loaded.has_value());
  std::multiset<std::string> landed;
  const Snapshot* at = loaded->metadata->FindRef("main");
  while (at != nullptr) {
    landed.insert(at->summary.at("k2i.writer"));
    at = at->parent_snapshot_id ? loaded->metadata->FindSnapshot(*at->parent_snapshot_id) : nullptr;
  }
  std::multiset<std::string> wanted;
  for (int n = 0; n < each; ++n) wanted.insert({"a" + std::to_string(n), "b" + std::to_string(n)});
  EXPECT_EQ(landed, wanted);
  EXPECT_EQ(loaded->metadata->snapshots.size(), wanted.size());
  RecordProperty("conflicts", conflicts);
}

TEST_P(CatalogContractTest, AnOldBaseDoesNotCommitToATableMadeAnew) {
  const LoadedTable old = Create(NewName());
  ASSERT_TRUE(catalog_->DropTable(old.identifier).has_value());
  const LoadedTable fresh = Create(old.identifier);
  EXPECT_NE(fresh.metadata->table_uuid, old.metadata->table_uuid);
  EXPECT_EQ(CodeOf(catalog_->CommitTable(old, {SameTable(old)}, Set("stray"), "")), ErrorCode::kCommitConflict);
  EXPECT_EQ(catalog_->LoadTable(old.identifier)->metadata_location, fresh.metadata_location);
}

TEST_P(CatalogContractTest, CarriesLargeMetadata) {
  constexpr int kSnapshots = 2'000, kProperties = 5'000;
  const LoadedTable base = Create(NewName());
  std::vector<TableUpdate> updates;
  TableMetadata head = *base.metadata;
  for (int i = 0; i < kSnapshots; ++i) {
    const auto next = EmptySnapshot(head, std::to_string(i));
    const Snapshot& added = std::get<update::AddSnapshot>(next[0]).snapshot;
    head.current_snapshot_id = added.snapshot_id;
    head.last_sequence_number = added.sequence_number;
    updates.push_back(next[0]);
  }
  updates.push_back(update::SetSnapshotRef{"main", {.snapshot_id = *head.current_snapshot_id}});
  std::map<std::string, std::string> properties;
  for (int i = 0; i < kProperties; ++i) properties["key-" + std::to_string(i)] = std::string(40, 'v');
  updates.push_back(update::SetProperties{properties});
  const auto committed = catalog_->CommitTable(base, {SameTable(base)}, updates, "");
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  const auto loaded = Connect()->LoadTable(base.identifier);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata->snapshots.size(), size_t{kSnapshots});
  EXPECT_EQ(loaded->metadata->PropertyOr("key-4999", ""), std::string(40, 'v'));
  EXPECT_TRUE(CommitProperty(*catalog_, base.identifier, "another"));
}

TEST_P(CatalogContractTest, ACutConnectionNeverMakesItLie) {
  if (contract_.server.empty()) GTEST_SKIP() << "there is no connection to cut";
  CuttingProxy proxy(contract_.server);
  const TableIdentifier table = Create(NewName()).identifier;
  const auto through = ConnectTo(proxy.address());
  int tries = 0, cut = 0, left_open = 0, confirmed = 0;
  const auto try_cut = [&](CuttingProxy::Cut where) {
    const std::string key = "cut." + std::to_string(++tries);
    const auto base = catalog_->LoadTable(table);
    ASSERT_TRUE(base.has_value()) << base.error().ToString();
    proxy.Arm(where);
    const auto result = through->CommitTable(*base, {SameTable(*base)}, Set(key), "");
    if (!proxy.Disarm()) {
      EXPECT_TRUE(result.has_value()) << result.error().ToString();
      return;
    }
    ++cut;
    const auto truth = catalog_->LoadTable(table);
    ASSERT_TRUE(truth.has_value()) << truth.error().ToString();
    const bool applied = Has(truth, key);
    const bool unknown = !result.has_value() && result.error().code == ErrorCode::kCommitStateUnknown;
    left_open += unknown;
    confirmed += result.has_value();
    if (!unknown) {
      EXPECT_EQ(result.has_value(), applied) << where.after << " messages of side " << static_cast<int>(where.side)
                                             << (result.has_value() ? "" : ": " + result.error().ToString());
    }
    // The catalog finds its way back.
    ASSERT_TRUE(CommitProperty(*through, table, "after." + std::to_string(cut)));
  };
  for (const auto side : {CuttingProxy::Side::kReply, CuttingProxy::Side::kRequest}) {
    for (const bool stay_down : {false, true}) {
      for (int after = 0, before = -1; before != cut; ++after) {
        ASSERT_LT(after, 100) << "a commit takes more messages than can be";
        before = cut;
        try_cut({side, after, stay_down});
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GE(cut, 4);
  EXPECT_GE(left_open + confirmed, 1) << "no cut hit the commit itself";
}

}  // namespace k2i::iceberg
