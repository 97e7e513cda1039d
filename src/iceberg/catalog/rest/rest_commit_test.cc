// SPDX-License-Identifier: Apache-2.0
//
// What a REST catalog is sent with a commit, and what became of it.
#include <thread>

#include "iceberg/catalog/rest/rest_catalog_testing.h"

namespace k2i::iceberg {
namespace {

using net::HeaderOf;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUuidV7[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

class RestCommitTest : public ScriptedRestCatalog {};

TEST_F(RestCommitTest, StagesATableAndCreatesItWithItsFirstCommit) {
  Open();
  transport_.Answer(200, TableAnswer({{"metadata-location", nullptr}}));
  const auto staged = catalog_->StageTable(table_, EventsTable());
  ASSERT_TRUE(staged.has_value()) << staged.error().ToString();
  EXPECT_EQ(json::parse(transport_.last_request().body).at("stage-create"), true);
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitStaged(*staged, {update::SetProperties{{{"a", "b"}}}}, "").has_value());
  const json body = json::parse(transport_.last_request().body);
  EXPECT_EQ(body.at("requirements"), json::parse(R"([{"type":"assert-create"}])"));
  std::vector<std::string> actions;
  for (const json& each : body.at("updates")) actions.push_back(each.at("action"));
  EXPECT_THAT(actions,
              ::testing::ElementsAre("assign-uuid", "upgrade-format-version", "add-schema", "set-current-schema",
                                     "add-spec", "set-default-spec", "add-sort-order", "set-default-sort-order",
                                     "set-location", "set-properties", "set-properties"));
  transport_.Answer(409, ErrorAnswer(409, "CommitFailedException", "Requirement failed: table already exists"));
  EXPECT_EQ(catalog_->CommitStaged(*staged, {}, "").error().code, ErrorCode::kAlreadyExists);
  transport_.Answer(500);
  EXPECT_EQ(catalog_->CommitStaged(*staged, {}, "").error().code, ErrorCode::kCommitStateUnknown);
}

TEST_F(RestCommitTest, CommitsToSeveralTablesAtOnce) {
  Open();
  const std::vector<TableChange> changes = {
      {table_, {requirement::AssertRefSnapshotId{"main", 7}}, {update::SetProperties{{{"a", "b"}}}}},
      {{{"db"}, "u"}, {}, {update::RemoveProperties{{"c"}}}}};
  transport_.Answer(204);
  ASSERT_TRUE(catalog_->CommitTransaction(changes, "").has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/transactions/commit");
  const json body = json::parse(transport_.last_request().body);
  ASSERT_EQ(body.at("table-changes").size(), 2u);
  EXPECT_EQ(body.at("table-changes").at(1).at("identifier").at("name"), "u");
  transport_.Answer(409);
  EXPECT_EQ(catalog_->CommitTransaction(changes, "").error().code, ErrorCode::kCommitConflict);
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ(catalog_->CommitTransaction(changes, "").error().code, ErrorCode::kCommitStateUnknown);
}

/// The answer about a table of so many snapshots, as servers write it, which is not our way.
std::string AnswerWithSnapshots(size_t count) {
  json answer = json::parse(TableAnswer());
  json& metadata = answer["metadata"];
  for (size_t i = 1; i <= count; ++i) {
    metadata["snapshots"].push_back({{"snapshot-id", i}, {"timestamp-ms", 1'000 + i}, {"manifest-list", "s3://l"}});
    metadata["snapshot-log"].push_back({{"timestamp-ms", 1'000 + i}, {"snapshot-id", i}});
    metadata["current-snapshot-id"] = i;
    metadata["refs"]["main"] = {{"snapshot-id", i}, {"type", "branch"}};
  }
  return answer.dump(1);
}

TEST_F(RestCommitTest, OfTheAnswerOnlyNewSnapshotsAreReadWithAnETagOrWithout) {
  for (const auto& headers : {std::map<std::string, std::string>{}, {{"etag", "v1"}}}) {
    Open();
    transport_.Answer(200, AnswerWithSnapshots(3), headers);
    const auto loaded = catalog_->LoadTable(table_);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
    transport_.Answer(200, AnswerWithSnapshots(4));
    const auto committed = Commit();
    ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
    const SnapshotList& before = loaded->metadata->snapshots;
    const SnapshotList& after = committed->metadata->snapshots;
    ASSERT_EQ(after.size(), 4U);
    EXPECT_EQ(after[3].timestamp_ms, 1'004);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(&after[i], &before[i]) << i;
    transport_.Answer(204);
    ASSERT_TRUE(catalog_->DropTable(table_).has_value());
    transport_.Answer(200, AnswerWithSnapshots(4));  // of another table that has its name now
    EXPECT_NE(&catalog_->LoadTable(table_)->metadata->snapshots[0], &after[0]);
  }
}

TEST_F(RestCommitTest, ReportsACommitOfASnapshot) {
  Open();
  transport_.Answer(200, TableAnswer());
  transport_.Answer(500);  // nobody cares
  const Snapshot snapshot{.snapshot_id = 5,
                          .sequence_number = 3,
                          .summary = {{"operation", "append"}, {"added-records", "17"}, {"total-files-size", "x"}}};
  ASSERT_TRUE(catalog_->CommitTable(Base(), {}, {update::AddSnapshot{snapshot}}, "").has_value());
  for (int i = 0; i < 1'000 && transport_.remaining() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(transport_.remaining(), 0u);
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t/metrics");
  const json body = json::parse(transport_.last_request().body);
  EXPECT_EQ(body.at("report-type"), "commit-report");
  EXPECT_EQ(body.at("table-name"), "db.t");
  EXPECT_EQ(body.at("snapshot-id"), 5);
  EXPECT_EQ(body.at("sequence-number"), 3);
  EXPECT_EQ(body.at("operation"), "append");
  EXPECT_EQ(body.at("metrics").at("added-records"), json::parse(R"({"unit":"count","value":17})"));
  EXPECT_EQ(body.at("metrics").at("total-duration").at("count"), 1);
  EXPECT_FALSE(body.at("metrics").contains("total-files-size-bytes"));
}

TEST_F(RestCommitTest, ReportsNothingWhereNobodyWantsToKnow) {
  const std::vector<TableUpdate> updates = {update::AddSnapshot{{.snapshot_id = 5}}};
  for (const char* config :
       {R"({"defaults":{},"overrides":{"rest-metrics-reporting-enabled":"false"}})",
        R"({"defaults":{},"overrides":{},"endpoints":["POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"]})"}) {
    Open({}, config);
    transport_.Answer(200, TableAnswer());
    ASSERT_TRUE(catalog_->CommitTable(Base(), {}, updates, "").has_value());
  }
  Open({.metrics_reports = false});
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitTable(Base(), {}, updates, "").has_value());
  catalog_.reset();  // ends what is under way
  EXPECT_THAT(transport_.last_request().url, Not(HasSubstr("metrics")));
}

TEST_F(RestCommitTest, CommitsRequirementsAndUpdates) {
  Open();
  transport_.Answer(200, TableAnswer());
  const auto committed = Commit();
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  EXPECT_EQ(committed->config.at("s3.endpoint"), "http://e");
  const net::HttpRequest request = transport_.last_request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://rest:8181/v1/namespaces/db/tables/t");
  EXPECT_EQ(HeaderOf(request, "Content-Type"), "application/json");
  const json body = json::parse(request.body);
  EXPECT_EQ(body.at("identifier"), json::parse(R"({"namespace":["db"],"name":"t"})"));
  EXPECT_EQ(body.at("requirements"),
            json::parse(R"([{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":7}])"));
  EXPECT_EQ(body.at("updates"), json::parse(R"([{"action":"set-properties","updates":{"a":"b"}}])"));
}

struct CommitCase {
  int status;
  ErrorCode code;
};

TEST_F(RestCommitTest, TellsWhatBecameOfACommitByItsStatus) {
  Open();
  for (const CommitCase& c : {CommitCase{409, ErrorCode::kCommitConflict},
                              {404, ErrorCode::kNotFound},
                              {400, ErrorCode::kInvalidArgument},
                              {422, ErrorCode::kInvalidArgument},
                              {401, ErrorCode::kPermissionDenied},
                              {403, ErrorCode::kPermissionDenied},
                              {419, ErrorCode::kPermissionDenied},
                              {429, ErrorCode::kUnavailable},
                              {408, ErrorCode::kCommitStateUnknown},
                              {500, ErrorCode::kCommitStateUnknown},
                              {502, ErrorCode::kCommitStateUnknown},
                              {503, ErrorCode::kCommitStateUnknown},
                              {504, ErrorCode::kCommitStateUnknown},
                              {302, ErrorCode::kCommitStateUnknown}}) {
    transport_.Answer(c.status, "some proxy's page");
    const auto result = Commit();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, c.code) << c.status;
    EXPECT_EQ(result.error().component, Component::kCatalog);
    EXPECT_THAT(result.error().message, HasSubstr("some proxy's page"));
  }
}

TEST_F(RestCommitTest, TellsWhatBecameOfACommitWithoutAnAnswer) {
  Open();
  transport_.FailNext(ErrorCode::kUnavailable);  // connection refused: never sent
  EXPECT_EQ(Commit().error().code, ErrorCode::kUnavailable);
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown);
  transport_.FailNext(ErrorCode::kResourceExhausted);  // the answer was too long
  EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown);
  for (const char* body : {"", "{\"metadata", "{}", "<html>"}) {
    transport_.Answer(200, body);
    EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown) << body;
  }
}

TEST_F(RestCommitTest, SendsTheIdempotencyKeyWhereItIsHeeded) {
  Open({}, R"({"defaults":{},"overrides":{},"idempotency-key-lifetime":"PT30M"})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit(kUuidV7).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), kUuidV7);
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit("9c12d441-03fe-4693-9a96-a0705ddf69c1").has_value());  // version 4: the protocol forbids it
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), "");
}

TEST_F(RestCommitTest, SendsNoIdempotencyKeyElsewhere) {
  Open();
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit(kUuidV7).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), "");
}

}  // namespace
}  // namespace k2i::iceberg
