// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "ingest/table_committer.h"
#include "txlog/log.h"

namespace k2i::ingest {

/// The transaction log for whoever flushes: while its disk is full it waits for room, and says so (component "txlog"),
/// so that a flush goes on where it stood. One thread.
class PatientLog {
 public:
  /// All must outlive this.
  PatientLog(txlog::Log& log, const TableCommitter::Parts& parts)
      : log_(log), clock_(parts.clock), random_(parts.random), health_(parts.health) {}

  /// ResourceExhausted only once `stop` is requested; else errors of the log, which are final.
  Status Append(const txlog::Entry& entry, std::stop_token stop);
  /// Without waiting: for what a later start finds out in any case.
  void AppendIfThereIsRoom(const txlog::Entry& entry) { (void)log_.Append(entry); }
  Status Sync() { return log_.Sync(); }

 private:
  txlog::Log& log_;
  Clock& clock_;
  Random& random_;
  ComponentHealth& health_;
};

}  // namespace k2i::ingest
