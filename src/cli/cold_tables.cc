// SPDX-License-Identifier: Apache-2.0
#include "cli/cold_tables.h"

#include "cli/query_engine.h"
#include "cli/wiring.h"
#include "ingest/committed_table.h"
#include "ingest/table_opening.h"

namespace k2i::cli {
namespace {

/// An engine over views without hot rows, and all it stands on. The table is loaded anew for each question.
class ColdTables final : public query::Service {
 public:
  static Result<std::unique_ptr<query::Service>> Open(const config::Config& config) {
    auto cold = std::make_unique<ColdTables>(config);
    K2I_ASSIGN_OR_RETURN(cold->catalog_, MakeCatalog(config, cold->clock_, cold->random_));
    K2I_ASSIGN_OR_RETURN(cold->engine_, MakeColdEngine(config, cold->views_, *cold->catalog_.store));
    K2I_RETURN_IF_ERROR(cold->Load());
    return cold;
  }

  explicit ColdTables(const config::Config& config)
      : table_(MakeTableOptions(config)),
        dead_letters_{.identifier = MakePipelineOptions(config).stream.dead_letters},
        pipeline_(config.kafka.group_id),
        branch_(config.iceberg.branch) {}

  Result<std::unique_ptr<query::Answer>> Query(const query::SqlRequest& request) override {
    K2I_RETURN_IF_ERROR(Load());
    return engine_->Query(request);
  }
  Result<query::Description> Describe(const std::string& sql) override {
    K2I_RETURN_IF_ERROR(Load());
    return engine_->Describe(sql);
  }
  Result<std::unique_ptr<query::Answer>> Lookup(const query::LookupRequest& request) override {
    K2I_RETURN_IF_ERROR(Load());
    return engine_->Lookup(request);
  }
  Result<std::unique_ptr<query::Answer>> Tail(const query::TailRequest& request) override {
    return engine_->Tail(request);
  }
  std::vector<query::TableInfo> Tables() override { return engine_->Tables(); }
  Result<query::TableInfo> Table(const std::string& name) override { return engine_->Table(name); }

 private:
  Status Load() {
    K2I_ASSIGN_OR_RETURN(const auto found, ingest::FindTable(*catalog_.catalog, table_));
    if (!found) {
      return Fail(ErrorCode::kNotFound, "there is no table " + table_.identifier.ToString(), Component::kCatalog);
    }
    K2I_RETURN_IF_ERROR(Show(found->metadata, views_.table));
    K2I_ASSIGN_OR_RETURN(const auto letters, ingest::FindTable(*catalog_.catalog, dead_letters_));
    return letters ? Show(letters->metadata, views_.dead_letters) : Status{};
  }

  Status Show(std::shared_ptr<const iceberg::TableMetadata> table, buffer::ViewPublisher& views) const {
    K2I_ASSIGN_OR_RETURN(auto committed, ingest::ReadCommitted(std::move(table), pipeline_, branch_));
    auto view = std::make_shared<buffer::View>();
    view->table = std::move(committed.table);
    view->snapshot_id = committed.snapshot_id;
    view->committed = view->end = std::move(committed.offsets);
    views.Publish(std::move(view));
    return {};
  }

  const ingest::TableOptions table_, dead_letters_;
  const std::string pipeline_, branch_;
  SystemClock clock_;
  Random random_{Random::SystemSeed()};
  CatalogParts catalog_;
  StreamViews views_;
  std::unique_ptr<query::Engine> engine_;
};

}  // namespace

Result<std::unique_ptr<query::Service>> OpenColdTables(const config::Config& config) {
  return ColdTables::Open(config);
}

}  // namespace k2i::cli
