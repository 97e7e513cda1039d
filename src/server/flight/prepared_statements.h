// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

struct PreparedStatement {
  std::string sql;
  query::Description description;
  std::vector<std::shared_ptr<arrow::Scalar>> parameters;  // as bound last
};

/// The prepared statements of all clients, by a handle that nobody can guess. Clients forget to close them, so they are
/// bounded in number and go when nobody has used them for a while. Thread-safe.
class PreparedStatements {
 public:
  /// `clock` must outlive this.
  PreparedStatements(Clock& clock, size_t limit, Duration idle);

  /// The handle. ResourceExhausted when there are `limit` statements, all in use of late.
  Result<std::string> Add(std::string sql, query::Description description);
  /// NotFound for a handle that was closed, has gone or never was.
  Result<PreparedStatement> Find(const std::string& handle);
  /// Values for the statement's parameters, in order. NotFound; InvalidArgument when their number is not the
  /// statement's.
  Status Bind(const std::string& handle, std::vector<std::shared_ptr<arrow::Scalar>> parameters);
  /// Closing what is not there is done already.
  void Close(const std::string& handle);

 private:
  struct Entry {
    PreparedStatement statement;
    Duration last_used;
  };

  Result<Entry*> FindLocked(const std::string& handle);
  void DropIdleLocked();

  Clock& clock_;
  const size_t limit_;
  const Duration idle_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace k2i::server::flight
