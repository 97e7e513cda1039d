// SPDX-License-Identifier: Apache-2.0
//
// The lists of table metadata that grow by an element a commit: snapshots and the log of what main has been. Each
// commit takes over all of them and writes them to the next metadata file, and a table may have thousands: so lists
// share their elements, which never change, and what is made of them to be written is made once.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace k2i::iceberg {

class GzipWriter;

/// T has a member snapshot_id. Oldest first, as writers append them. Copies share their elements. Like std::vector,
/// thread-safe where nobody changes the list; references to an element hold as long as a list has it.
template <typename T>
class HistoryList {
 public:
  class const_iterator;
  using value_type = T;

  HistoryList() = default;
  HistoryList(std::initializer_list<T> elements) {
    for (const T& each : elements) push_back(each);
  }

  size_t size() const { return held_.size(); }
  bool empty() const { return held_.empty(); }
  void reserve(size_t count) { held_.reserve(count); }
  const T& operator[](size_t index) const { return held_[index]->value; }
  const T& front() const { return held_.front()->value; }
  const T& back() const { return held_.back()->value; }
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, std::ssize(held_)}; }

  /// Where the snapshot stands, or size(). Looked for from before `from` backwards and then in the rest, for parents
  /// stand just before their children, and the newest are asked for most.
  size_t PositionOf(int64_t snapshot_id, size_t from) const;

  void push_back(T value) { held_.push_back(std::make_shared<Held>(std::move(value))); }
  /// An element that was read from `json`, by which it can be known again.
  void Append(T value, std::string_view json);
  /// The element of another list, shared.
  void AppendShared(const HistoryList& from, size_t index) { held_.push_back(from.held_[index]); }
  /// A copy in the place of an element, to be changed before the list is copied or written.
  T& Edit(size_t index) {
    held_[index] = std::make_shared<Held>(held_[index]->value);
    return held_[index]->value;
  }
  void EraseFront(size_t count) { held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count)); }
  template <typename Condition>
  friend size_t erase_if(HistoryList& list, Condition condition) {
    return std::erase_if(list.held_, [&](const auto& held) { return condition(held->value); });
  }

  /// As it stands in the metadata files that we write; made at the first call for this element, whichever list it comes
  /// through.
  const std::string& JsonOf(size_t index) const;
  /// Whether `json` is the text that the element was read from or has been written as; false where neither was done.
  bool HasJson(size_t index, std::string_view json) const;

  /// The elements' JSON with commas between them.
  void WriteJson(std::string& text) const;
  /// The same. Elements are deflated in runs of some 32, and a run only if it has changed: where one begins is up to
  /// the elements' snapshot ids, so that it stays the same while elements are added behind it or removed before it.
  Status WriteJson(GzipWriter& gzip) const;
  /// How many elements stand in runs that the next call would not deflate again.
  size_t CountDeflated() const;

 private:
  struct Run;
  struct Held {
    explicit Held(T held);
    T value;
    const uint64_t number;  // of this element and no other in this process
    std::string read_from;  // where that was another text than `json`
    std::atomic<bool> has_json = false;
    std::string json;                // written once, before has_json is true
    std::shared_ptr<const Run> run;  // the one that begins here, as it was last; guarded by a mutex of all lists
  };

  size_t EndOfRun(size_t begin) const;
  bool Holds(const Run& run, size_t begin, size_t end) const;
  std::shared_ptr<const Run> FindRun(size_t begin, size_t end) const;
  Result<std::shared_ptr<const Run>> RunOf(size_t begin, size_t end) const;

  std::vector<std::shared_ptr<Held>> held_;
};

template <typename T>
class HistoryList<T>::const_iterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = const T&;

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
  friend class HistoryList;
  const_iterator(const HistoryList* list, difference_type index) : list_(list), index_(index) {}
  const HistoryList* list_ = nullptr;
  difference_type index_ = 0;
};

}  // namespace k2i::iceberg
