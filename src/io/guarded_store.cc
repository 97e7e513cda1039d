// SPDX-License-Identifier: Apache-2.0
#include "io/guarded_store.h"

#include <algorithm>

namespace k2i::io {

class GuardedStore::GuardedFile final : public OutputFile {
 public:
  GuardedFile(std::unique_ptr<OutputFile> file, CircuitBreaker& breaker) : file_(std::move(file)), breaker_(breaker) {}

  Status Append(std::string_view bytes) override { return Watch(file_->Append(bytes)); }
  Status Close() override { return Watch(file_->Close()); }
  void Abort() override { file_->Abort(); }
  int64_t bytes_written() const override { return file_->bytes_written(); }

 private:
  Status Watch(Status done) {
    breaker_.Observe(done ? std::nullopt : std::optional(done.error()));
    return done;
  }

  const std::unique_ptr<OutputFile> file_;
  CircuitBreaker& breaker_;
};

Result<std::unique_ptr<OutputFile>> GuardedStore::OpenForWrite(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(auto file, breaker_.Run([&] { return store_.OpenForWrite(location); }));
  return std::make_unique<GuardedFile>(std::move(file), breaker_);
}

std::vector<Status> GuardedStore::DeleteMany(std::span<const std::string> locations) {
  if (auto refused = breaker_.Admit()) return {locations.size(), std::unexpected(*refused)};
  std::vector<Status> outcomes = store_.DeleteMany(locations);
  // Whatever failed for the store's sake failed for all; one that was done shows that the store works.
  const auto failed = std::ranges::find_if(outcomes, [](const Status& each) { return !each.has_value(); });
  const bool any_done = std::ranges::any_of(outcomes, [](const Status& each) { return each.has_value(); });
  breaker_.Observe(any_done || failed == outcomes.end() ? std::nullopt : std::optional(failed->error()));
  return outcomes;
}

}  // namespace k2i::io
