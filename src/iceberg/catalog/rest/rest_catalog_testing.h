// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock_testing.h"
#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "iceberg/model/json.h"
#include "net/scripted_transport_testing.h"

namespace k2i::iceberg {

constexpr char kPlainRestConfig[] = R"({"defaults":{},"overrides":{}})";

inline CreateTableRequest EventsTable() {
  CreateTableRequest request;
  request.schema.type = Type::Struct(
      {{1, "id", Type::Primitive(TypeId::kLong), false}, {2, "ts", Type::Primitive(TypeId::kTimestampTz), true}});
  request.properties = {{"owner", "k2i"}};
  return request;
}

inline std::string TableAnswer(const nlohmann::json& extra = nlohmann::json::object()) {
  const TableMetadata metadata =
      NewTableMetadata(EventsTable(), "s3://b/wh/db/t", "9c12d441-03fe-4693-9a96-a0705ddf69c1", 1000).value();
  nlohmann::json answer = {{"metadata-location", "s3://b/wh/db/t/metadata/1.metadata.json"},
                           {"metadata", nlohmann::json::parse(TableMetadataJson(metadata))}};
  answer.update(extra);
  return answer.dump();
}

inline std::string ErrorAnswer(int code, const std::string& type, const std::string& message) {
  return nlohmann::json{{"error", {{"code", code}, {"type", type}, {"message", message}}}}.dump();
}

/// A catalog whose server answers as the test says.
class ScriptedRestCatalog : public ::testing::Test {
 protected:
  /// A catalog that has asked for `config` already.
  void Open(RestCatalogOptions options = {}, const std::string& config = kPlainRestConfig) {
    if (options.uri.empty()) options.uri = "http://rest:8181/";
    transport_.Answer(200, config);
    catalog_ = RestCatalog::Make(std::move(options), transport_, clock_).value();
    ASSERT_TRUE(catalog_->Ping().has_value());
  }

  LoadedTable Base() {
    LoadedTable base{.identifier = table_};
    base.config = {{"s3.endpoint", "http://e"}};
    return base;
  }

  Result<LoadedTable> Commit(const std::string& key = "") {
    return catalog_->CommitTable(Base(), {requirement::AssertRefSnapshotId{"main", 7}},
                                 {update::SetProperties{{{"a", "b"}}}}, key);
  }

  const TableIdentifier table_{{"db"}, "t"};
  ManualClock clock_;
  net::ScriptedTransport transport_;
  std::unique_ptr<RestCatalog> catalog_;
};

}  // namespace k2i::iceberg
