// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "iceberg/catalog/sql/database.h"

struct pg_conn;
struct pg_result;

namespace k2i::iceberg {

struct PostgresOptions {
  std::string uri;  // "postgresql://host:5432/db?sslmode=…", also with "jdbc:" in front
  // These stand above what the URI says, where they are given.
  std::string user;
  std::string password;
  std::string sslmode;      // disable, prefer, require, verify-ca, verify-full
  std::string sslrootcert;  // file of CA certificates
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds statement_timeout{10'000};  // of one statement, here and on the server
};

/// "postgresql://", "postgres://", or one of them after "jdbc:".
bool IsPostgresUri(std::string_view uri);

/// "postgresql://host:5432/db": what may be shown of such a URI.
std::string WithoutSecrets(std::string_view uri);

/// A connection to PostgreSQL, made again when it was lost. Transactions are READ COMMITTED whatever the server's
/// default: an UPDATE that waited for another's looks at its WHERE clause anew, which is what a compare-and-set needs.
class Postgres final : public SqlDatabase {
 public:
  /// InvalidConfig for a URI that libpq does not take, or a database that is not there.
  static Result<std::unique_ptr<Postgres>> Open(const PostgresOptions& options);
  ~Postgres() override;
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// Tried a second time on a new connection when the connection was lost.
  Result<std::vector<Row>> Query(const std::string& sql, const Arguments& arguments) override;
  /// A connection that is lost, or an answer that does not come, at COMMIT is CommitStateUnknown.
  Result<int64_t> Write(const std::vector<std::string>& statements, const Arguments& arguments) override;
  Result<std::set<std::string>> Columns(const std::string& table) override;
  std::string Describe() const override { return WithoutSecrets(options_.uri); }

 private:
  using Clock = std::chrono::steady_clock;
  struct ResultDeleter {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, ResultDeleter>;

  explicit Postgres(PostgresOptions options) : options_(std::move(options)) {}
  Status Connect();
  Status FinishConnecting();
  void Disconnect();
  bool connected() const;
  /// The answer to one statement, if it is a success. Disconnects when it does not come, so that nothing is left over.
  Result<Answer> Run(const std::string& sql, const Arguments& arguments);
  Result<Answer> Receive(const std::string& sql);
  /// Run; on a lost connection once more, on a new one. For statements without effect.
  Result<Answer> RunAgain(const std::string& sql, const Arguments& arguments);
  Result<int64_t> RunAll(const std::vector<std::string>& statements, const Arguments& arguments);
  Status Commit();
  std::unexpected<Error> Lost(const std::string& doing);

  const PostgresOptions options_;
  pg_conn* connection_ = nullptr;
};

}  // namespace k2i::iceberg
