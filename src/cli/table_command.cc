// SPDX-License-Identifier: Apache-2.0
#include "cli/table_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/table_describe.h"
#include "iceberg/scan/scan.h"

namespace k2i::cli {
namespace {

Result<TableView> LookAt(TableDesk& desk) {
  TableView view{.table = {}, .branch = desk.config.iceberg.branch, .now_ms = desk.clock.wall_ms()};
  K2I_ASSIGN_OR_RETURN(view.table, desk.parts.catalog->LoadTable(desk.table));
  const auto& metadata = *view.table.metadata;
  if (const auto* head = metadata.FindRef(view.branch)) {
    K2I_ASSIGN_OR_RETURN(view.manifests, iceberg::ListManifests(*desk.parts.store, *head));
  }
  K2I_ASSIGN_OR_RETURN(view.leases, progress::ReadLeases(metadata));
  for (const std::string& name : progress::PipelinesOf(metadata, view.branch)) {
    auto boundary = progress::FindBoundary(metadata, name, view.branch);
    view.pipelines.push_back({name, boundary ? *boundary : std::nullopt, boundary ? "" : boundary.error().message});
  }
  return view;
}

Status Describe(TableDesk& desk) {
  K2I_ASSIGN_OR_RETURN(const auto view, LookAt(desk));
  std::fputs((desk.flags.json ? DescribeJson(view) : DescribeText(view)).c_str(), stdout);
  return {};
}

/// Only the metadata changes: manifests and files stay as they are, with sequence number 0 where they have none.
Status Upgrade(TableDesk& desk) {
  K2I_ASSIGN_OR_RETURN(const auto loaded, desk.parts.catalog->LoadTable(desk.table));
  const auto& metadata = *loaded.metadata;
  const int32_t to = desk.flags.to_version;
  if (metadata.format_version >= to) {
    std::printf("table %s is of format version %d already\n", desk.table.ToString().c_str(), metadata.format_version);
    return {};
  }
  std::printf(
      "table %s: format version %d becomes %d, for good; engines that know only older ones cannot read it then\n",
      desk.table.ToString().c_str(), metadata.format_version, to);
  if (desk.flags.dry_run) {
    std::printf("nothing has been changed (--dry-run)\n");
    return {};
  }
  K2I_RETURN_IF_ERROR(Confirm(desk.flags.yes));
  std::vector<iceberg::TableRequirement> requirements;
  std::vector<iceberg::TableUpdate> updates;
  if (metadata.table_uuid.empty()) {  // v1 may do without
    updates.push_back(iceberg::update::AssignUuid{desk.random.Uuid()});
  } else {
    requirements.push_back(iceberg::requirement::AssertTableUuid{metadata.table_uuid});
  }
  updates.push_back(iceberg::update::UpgradeFormatVersion{to});
  K2I_RETURN_IF_ERROR(desk.parts.catalog->CommitTable(loaded, requirements, updates,
                                                      desk.random.TimeOrderedUuid(desk.clock.wall_ms())));
  std::printf("done\n");
  return {};
}

}  // namespace

void AddTableCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<TableFlags>();
  CLI::App* table = app.add_subcommand("table", "Show a table, take one over, upgrade it, or forget its offsets");
  table->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, Status (*action)(TableDesk&)) {
    CLI::App* command = table->add_subcommand(name, what);
    AddConfigFlags(*command, flags->config);
    command->add_option("--table", flags->table, "database.table, where it is not the configuration's");
    command->callback([flags, &exit_code, action] {
      exit_code = RunWithConfig(flags->config, [&](const config::Config& config, std::stop_token stop) {
        TableDesk desk(config, *flags, std::move(stop));
        Status done = desk.Open(flags->table);
        if (done) done = action(desk);
        return done ? kExitOk : ReportError(done.error());
      });
    });
    return command;
  };
  const auto can_print_json = [&](CLI::App* command) { command->add_flag("--json", flags->json, "Print JSON"); };
  const auto can_try = [&](CLI::App* command) {
    command->add_flag("--dry-run", flags->dry_run, "Say what would be done, and change nothing");
  };
  can_print_json(
      add("describe", "Columns, layout, properties, snapshots, files, and where K2I stands in it", Describe));
  CLI::App* adopt =
      add("register", "Make an existing table, or existing Parquet files, a table of the catalog", RegisterTable);
  can_print_json(adopt);
  can_try(adopt);
  auto* from = adopt->add_option_group("from");
  from->add_option("--metadata", flags->metadata, "The metadata file of an existing table");
  from->add_option("--parquet", flags->parquet, "Parquet files, or folders of them (ending with /); may be repeated");
  from->require_option(1);
  CLI::App* upgrade = add("upgrade", "Raise the format version of a table that others have made", Upgrade);
  can_try(upgrade);
  upgrade->add_option("--to", flags->to_version, "Format version")->check(CLI::IsMember({2, 3}))->capture_default_str();
  upgrade->add_flag("--yes,-y", flags->yes, "Do not ask");
  CLI::App* reset = add("reset", "Forget the offsets of the pipeline; rows stay", ResetTable);
  can_try(reset);
  reset->add_flag("--yes,-y", flags->yes, "Do not ask");
}

}  // namespace k2i::cli
