// SPDX-License-Identifier: Apache-2.0
//
// What the parts of Engine share; engine.h for the outside.
#pragma once

#include <map>
#include <mutex>

#include "base/metrics.h"
#include "query/admission.h"
#include "query/cold_plan.h"
#include "query/duck_catalog.h"
#include "query/engine.h"
#include "query/peer_rows.h"
#include "query/sql_answer.h"
#include "query/statement_cache.h"
#include "query/watchdog.h"

namespace k2i::query {

/// The views that a query has pinned, by the table's index.
using Views = std::map<size_t, buffer::ViewPtr>;

/// Views and what an answer says of them.
struct Pins {
  Views views;
  std::vector<Pinned> pinned;
};

struct EngineCore {
  EngineCore(EngineOptions options, std::vector<ServedTable> tables);

  /// min(the request's, the configured) from now on; the configured one when the request has none.
  Deadline DeadlineFor(Duration timeout) const;
  /// The current views of these tables, once they have what `wait_for` asks. Unavailable for a table that is not there
  /// yet, Timeout, Cancelled when `gone`.
  Result<Views> Pin(const std::vector<size_t>& indexes, const WaitFor& wait_for, Deadline deadline,
                    const std::stop_token& gone) const;
  /// These views with the rows of the peers. Of `question` the table is filled in. Cancelled.
  Result<Pins> Complete(Views views, PeerQuestion question);
  /// As Pin; waits also until a peer has what is asked of the partitions that it reads.
  Result<Views> PinWithPeers(const std::vector<size_t>& indexes, const WaitFor& wait_for, const PeerQuestion& question);
  /// Views, complete and with what `wait_for` asks. Errors of Pin.
  Result<Pins> PinAll(const std::vector<size_t>& indexes, const WaitFor& wait_for, const PeerQuestion& question);
  /// A catalog in which these views' tables have their columns; for no view, any.
  Result<std::shared_ptr<DuckCatalog>> CatalogFor(const Views& views);
  Result<std::unique_ptr<SqlSession>> Open(std::shared_ptr<DuckCatalog> catalog, const Views& views, Deadline deadline);
  Result<std::shared_ptr<const Statement>> Parse(const std::string& sql);
  /// A statement of the user's or ours, with its parameters bound.
  Result<std::unique_ptr<Answer>> Run(const Statement& statement,
                                      const std::vector<std::shared_ptr<arrow::Scalar>>& parameters, Pins pins,
                                      Admission::Slot slot, Deadline deadline, int64_t max_rows);
  Status AwaitPeer(size_t index, const Position& row, PeerQuestion question);
  Pinned PinnedOf(size_t index, const buffer::View& view) const;
  Result<TableInfo> InfoOf(size_t index) const;
  std::string NameOf(size_t index) const { return tables[index].database + "." + tables[index].table; }

  const EngineOptions options;
  const std::vector<ServedTable> tables;
  const TableNames names;
  ManifestCache manifests;
  StatementCache statements;
  Admission admission;
  PeerAsker peers;
  std::vector<std::unique_ptr<TableReloader>> reloaders;  // by table; null: it cannot be loaded
  std::mutex catalog_mutex;
  std::shared_ptr<DuckCatalog> catalog;  // guarded by catalog_mutex
  Watchdog watchdog;
};

}  // namespace k2i::query
