// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/client.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "query/hot_peers.h"

namespace k2i::server::flight {

/// Another process of the group, asked over plain Flight (tail_ticket.h) on one connection that all calls share.
class FlightPeer final : public query::HotPeer {
 public:
  /// `uri`: "grpc://host:port", which nobody need answer at yet. `timeout`: of an attempt to connect.
  FlightPeer(std::string uri, Duration timeout) : uri_(std::move(uri)), timeout_(timeout) {}

  const std::string& name() const override { return uri_; }
  Result<query::PeerRows> Fetch(const query::PeerRequest& request) override;

 private:
  Result<std::shared_ptr<arrow::flight::FlightClient>> Client();

  const std::string uri_;
  const Duration timeout_;
  std::mutex mutex_;
  std::shared_ptr<arrow::flight::FlightClient> client_;  // guarded by mutex_; null: not made yet
};

}  // namespace k2i::server::flight
