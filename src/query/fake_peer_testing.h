// SPDX-License-Identifier: Apache-2.0
//
// Peers for tests, without a network.
#pragma once

#include <arrow/record_batch.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "query/hot_peers.h"

namespace k2i::query {

/// Answers with what a function gives, and counts.
class FakePeer final : public HotPeer {
 public:
  using Answers = std::function<Result<PeerRows>(const PeerRequest& request)>;
  FakePeer(std::string name, Answers answers) : name_(std::move(name)), answers_(std::move(answers)) {}

  const std::string& name() const override { return name_; }
  Result<PeerRows> Fetch(const PeerRequest& request) override {
    ++calls_;
    auto rows = answers_(request);
    last_rows_ = 0;
    if (rows) {
      for (const auto& batch : rows->batches) last_rows_ += batch->num_rows();
    }
    return rows;
  }
  int calls() const { return calls_; }
  int64_t last_rows() const { return last_rows_; }

 private:
  const std::string name_;
  const Answers answers_;
  std::atomic<int> calls_ = 0;
  std::atomic<int64_t> last_rows_ = 0;
};

/// What the peer whose queries `service` answers would send.
inline Result<PeerRows> AskEngine(Service& service, const PeerRequest& request) {
  K2I_ASSIGN_OR_RETURN(const auto tail, service.Tail({.table = request.table,
                                                      .from = request.from,
                                                      .share = true,
                                                      .without = request.without,
                                                      .key = request.key,
                                                      .position = request.position}));
  PeerRows rows{.share = tail->pinned().at(0).share.value(), .schema = tail->schema(), .batches = {}};
  while (true) {
    K2I_ASSIGN_OR_RETURN(auto batch, tail->Next());
    if (batch == nullptr) return rows;
    rows.batches.push_back(std::move(batch));
  }
}

}  // namespace k2i::query
