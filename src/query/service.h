// SPDX-License-Identifier: Apache-2.0
//
// query: reads of the newest rows and the whole table at once, with no seam between them (design.md §5). This file:
// what may be asked and what an answer is. Everything that lets questions in (HTTP, Flight, command line) stands on it
// alone.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace k2i::query {

/// Rows of one partition: all that Kafka has in `range` and that are asked for.
struct PartitionRows {
  OffsetRange range;
  int64_t row_count = 0;
};

/// What a tail gives to another process' query (TailRequest::share).
struct Share {
  std::string table_uuid;  // Iceberg's: a name may come to stand for another table
  int32_t schema_id = 0;   // of the rows
  OffsetVector committed;  // of the snapshot there
  /// The partitions that are read there, and all of whose rows are in memory from where they were asked for: in this
  /// order the tail gives them.
  std::map<TopicPartition, PartitionRows> rows;
  std::vector<TopicPartition> not_held;  // read there too, but memory no longer has all rows from there on
};

/// A process that was asked for its rows in vain.
struct PeerFailure {
  std::string peer;
  std::string reason;
};

/// What an answer saw of one table: the rows below `offsets`, each once, and no other row of Kafka's.
struct Pinned {
  std::string table;                   // "database.table"
  std::optional<int64_t> snapshot_id;  // none: the table has no snapshot yet
  OffsetVector offsets;                // next offset of every partition
  /// Partitions that other processes read, and whose rows above the snapshot are not in the answer.
  std::vector<TopicPartition> missing;
  std::vector<PeerFailure> failed_peers = {};
  std::optional<Share> share = {};  // of a tail that was asked to
};

/// The rows of an answer, a batch at a time. One thread at a time but for Cancel. Destroying it ends the query.
class Answer {
 public:
  virtual ~Answer() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  virtual const std::vector<Pinned>& pinned() const = 0;
  /// The next rows, never zero of them; null at the end. Timeout, Cancelled, ResourceExhausted (memory or row limit),
  /// InvalidArgument (such as a cast that fails on a value), errors of the store.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
  /// Makes Next, under way or to come, return Cancelled. Any thread.
  virtual void Cancel() = 0;
};

/// Rows to wait for: for each partition an offset that the answer must include. Read-your-writes for a producer.
using WaitFor = OffsetVector;

struct SqlRequest {
  std::string sql;                                         // one SELECT or EXPLAIN
  std::vector<std::shared_ptr<arrow::Scalar>> parameters;  // for ? or $1, in order; each may be null
  WaitFor wait_for;
  Duration timeout{0};   // 0: the configured limit; never more than that
  int64_t max_rows = 0;  // 0: the configured limit; never more than that
  /// Asked to stop when nobody waits for the answer any more, which then is Cancelled. From when there is an answer on,
  /// Answer::Cancel does it.
  std::stop_token gone = {};
};

/// One row of a table, as Kafka has it.
using Position = std::pair<TopicPartition, Offset>;

struct LookupRequest {
  std::string table;
  /// Exactly one of both. A key is the text of the key column's value, or the Kafka key's bytes.
  std::optional<std::string> key;
  std::optional<Position> position;
  bool all = false;       // every row of the key, newest first; else the newest one
  bool hot_only = false;  // do not look into the table when memory has no row of it
  WaitFor wait_for;
  Duration timeout{0};
  std::stop_token gone = {};  // as SqlRequest's
};

/// Hot rows for engines that read the table themselves, and live tails.
struct TailRequest {
  std::string table;
  /// Rows at or after these offsets; partitions not named: from the committed boundary on. InvalidArgument when memory
  /// no longer has some of them.
  OffsetVector from;
  bool follow = false;  // goes on with new rows as they are sealed, until cancelled
  /// For another process' query, which has a snapshot of its own: only partitions that are read here, and of these
  /// those with all rows from `from` on in memory; Pinned::share tells which. Not with `follow`.
  bool share = false;
  std::vector<TopicPartition> without = {};  // with `share`: not these, which the asker reads itself
  // At most one of both, with `share` alone: of these rows only those of a key, or the one of a position.
  std::optional<std::string> key = {};
  std::optional<Position> position = {};
};

/// What a statement wants and gives, without running it.
struct Description {
  std::shared_ptr<arrow::Schema> result;
  std::shared_ptr<arrow::Schema> parameters;  // a field for each; null type where the statement does not tell
};

struct TableInfo {
  std::string database;
  std::string table;
  std::shared_ptr<arrow::Schema> schema;
  std::string location;
  Pinned pinned;
  OffsetVector committed;  // the vector of the snapshot: rows below it are in the table
  int64_t hot_rows = 0;    // at or after `committed`, in memory
  int64_t hot_bytes = 0;
  int64_t retained_rows = 0;  // committed and still in memory for look-ups
  int64_t cold_rows = 0;      // as the snapshot's summary says
  int64_t cold_files = 0;
  std::string key;  // column that look-ups by key go by; "": none is configured
};

/// Thread-safe. Errors besides those named: InvalidArgument (SQL that is wrong or not allowed, an unknown table or
/// column: the message is for the user), NotFound (a table, or a key that no row has), Timeout (wait_for too),
/// ResourceExhausted (too many queries at once), Unavailable (the table is not there yet), errors of the store.
class Service {
 public:
  virtual ~Service() = default;
  virtual Result<std::unique_ptr<Answer>> Query(const SqlRequest& request) = 0;
  virtual Result<Description> Describe(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<Answer>> Lookup(const LookupRequest& request) = 0;
  virtual Result<std::unique_ptr<Answer>> Tail(const TailRequest& request) = 0;
  virtual std::vector<TableInfo> Tables() = 0;
  /// `name`: "database.table", or "table" where that is unique.
  virtual Result<TableInfo> Table(const std::string& name) = 0;
};

}  // namespace k2i::query
