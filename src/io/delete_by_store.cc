// SPDX-License-Identifier: Apache-2.0
#include "io/delete_by_store.h"

#include <map>
#include <utility>

namespace k2i::io {

std::vector<Status> DeleteByStore(std::span<const std::string> locations,
                                  const std::function<Result<ObjectStore*>(size_t i)>& store_of) {
  std::vector<Status> outcomes(locations.size());
  std::map<ObjectStore*, std::vector<size_t>> stores;
  for (size_t i = 0; i < locations.size(); ++i) {
    const Result<ObjectStore*> store = store_of(i);
    if (store.has_value()) {
      stores[*store].push_back(i);
    } else {
      outcomes[i] = std::unexpected(store.error());
    }
  }
  for (const auto& [store, which] : stores) {
    std::vector<std::string> some;
    for (const size_t i : which) some.push_back(locations[i]);
    std::vector<Status> done = store->DeleteMany(some);
    for (size_t i = 0; i < which.size(); ++i) outcomes[which[i]] = std::move(done[i]);
  }
  return outcomes;
}

}  // namespace k2i::io
