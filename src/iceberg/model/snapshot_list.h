// SPDX-License-Identifier: Apache-2.0
//
// The snapshots of a table. Each commit takes over all of them and writes them to the next metadata file, and a table
// may have thousands: so lists share their snapshots, which never change, and the JSON of each is made once.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::iceberg {

struct Snapshot {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;
  std::map<std::string, std::string> summary;  // holds "operation"
  std::optional<int32_t> schema_id;
  std::optional<int64_t> first_row_id;  // v3
  std::optional<int64_t> added_rows;    // v3
  std::optional<std::string> key_id;    // v3: key of an encrypted manifest list
  OtherMembers other = {};
};

/// Oldest first, as writers append them. Copies share their snapshots. Like std::vector, thread-safe where nobody
/// changes the list; references to a snapshot hold as long as a list has it.
class SnapshotList {
 public:
  class const_iterator;
  using value_type = Snapshot;

  SnapshotList() = default;
  SnapshotList(std::initializer_list<Snapshot> snapshots) {
    for (const Snapshot& each : snapshots) push_back(each);
  }

  size_t size() const { return held_.size(); }
  bool empty() const { return held_.empty(); }
  void reserve(size_t count) { held_.reserve(count); }
  const Snapshot& operator[](size_t index) const { return held_[index]->snapshot; }
  const Snapshot& front() const { return held_.front()->snapshot; }
  const Snapshot& back() const { return held_.back()->snapshot; }
  inline const_iterator begin() const;
  inline const_iterator end() const;

  /// Where the snapshot stands, or size(). Looked for from before `from` backwards and then in the rest, for parents
  /// stand just before their children, and the newest are asked for most.
  size_t PositionOf(int64_t snapshot_id, size_t from) const;

  void push_back(Snapshot snapshot) { held_.push_back(std::make_shared<Held>(std::move(snapshot))); }
  /// A copy in the place of a snapshot, to be changed before the list is copied or written.
  Snapshot& Edit(size_t index) {
    held_[index] = std::make_shared<Held>(held_[index]->snapshot);
    return held_[index]->snapshot;
  }
  template <typename Condition>
  friend size_t erase_if(SnapshotList& list, Condition condition) {
    return std::erase_if(list.held_, [&](const auto& held) { return condition(held->snapshot); });
  }

  /// As it stands in metadata files; made at the first call for this snapshot, whichever list it comes through.
  const std::string& JsonOf(size_t index) const;

 private:
  struct Held {
    explicit Held(Snapshot held) : snapshot(std::move(held)) {}
    Snapshot snapshot;
    std::once_flag written;
    std::string json;
  };
  std::vector<std::shared_ptr<Held>> held_;
};

class SnapshotList::const_iterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = Snapshot;
  using difference_type = std::ptrdiff_t;
  using pointer = const Snapshot*;
  using reference = const Snapshot&;

  const_iterator() = default;
  reference operator*() const { return (*list_)[static_cast<size_t>(index_)]; }
  pointer operator->() const { return &**this; }
  reference operator[](difference_type n) const { return *(*this + n); }
  const_iterator& operator+=(difference_type n) {
    index_ += n;
    return *this;
  }
  const_iterator& operator-=(difference_type n) { return *this += -n; }
  const_iterator& operator++() { return *this += 1; }
  const_iterator& operator--() { return *this += -1; }
  const_iterator operator++(int) { return std::exchange(*this, *this + 1); }
  const_iterator operator--(int) { return std::exchange(*this, *this - 1); }
  friend const_iterator operator+(const_iterator it, difference_type n) { return it += n; }
  friend const_iterator operator+(difference_type n, const_iterator it) { return it += n; }
  friend const_iterator operator-(const_iterator it, difference_type n) { return it -= n; }
  friend difference_type operator-(const const_iterator& a, const const_iterator& b) { return a.index_ - b.index_; }
  friend bool operator==(const const_iterator& a, const const_iterator& b) { return a.index_ == b.index_; }
  friend std::strong_ordering operator<=>(const const_iterator& a, const const_iterator& b) {
    return a.index_ <=> b.index_;
  }

 private:
  friend class SnapshotList;
  const_iterator(const SnapshotList* list, difference_type index) : list_(list), index_(index) {}
  const SnapshotList* list_ = nullptr;
  difference_type index_ = 0;
};

inline SnapshotList::const_iterator SnapshotList::begin() const { return {this, 0}; }
inline SnapshotList::const_iterator SnapshotList::end() const { return {this, std::ssize(held_)}; }

}  // namespace k2i::iceberg
