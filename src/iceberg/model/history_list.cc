// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/history_list.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "iceberg/model/gzip.h"
#include "iceberg/model/json.h"
#include "iceberg/model/snapshot.h"

namespace k2i::iceberg {
namespace {

std::atomic<uint64_t> next_number = 1;
/// For what elements of all lists get after they were made: held for as long as it takes to write one element.
std::mutex made_later;
constexpr size_t kLongestRun = 128;
constexpr size_t kRoom = 64;  // for what follows a list, so that the text need not be moved for it

nlohmann::json ToJson(const Snapshot& snapshot) { return SnapshotToJson(snapshot); }
nlohmann::json ToJson(const SnapshotLogEntry& entry) { return SnapshotLogEntryToJson(entry); }

/// One of 32, in no order that writers could have given their ids. The factor is 2^64 divided by the golden ratio.
bool BeginsRun(int64_t snapshot_id) {
  return (static_cast<uint64_t>(snapshot_id) * 0x9e3779b97f4a7c15U) >> (64 - 5) == 0;
}

}  // namespace

template <typename T>
struct HistoryList<T>::Run {
  std::vector<uint64_t> elements;  // their numbers
  bool last = false;               // of its list: no comma follows
  DeflatedText text;
};

template <typename T>
HistoryList<T>::Held::Held(T held) : value(std::move(held)), number(next_number.fetch_add(1)) {}

template <typename T>
size_t HistoryList<T>::PositionOf(int64_t snapshot_id, size_t from) const {
  for (size_t i = from; i-- > 0;) {
    if (held_[i]->value.snapshot_id == snapshot_id) return i;
  }
  while (from < size() && held_[from]->value.snapshot_id != snapshot_id) ++from;
  return from;
}

template <typename T>
void HistoryList<T>::Append(T value, std::string_view json) {
  push_back(std::move(value));
  if (JsonOf(size() - 1) != json) held_.back()->read_from = json;
}

template <typename T>
const std::string& HistoryList<T>::JsonOf(size_t index) const {
  Held& held = *held_[index];
  if (held.has_json) return held.json;
  std::lock_guard lock(made_later);
  if (!held.has_json) {
    held.json = JsonText(ToJson(held.value));
    held.has_json = true;
  }
  return held.json;
}

template <typename T>
bool HistoryList<T>::HasJson(size_t index, std::string_view json) const {
  const Held& held = *held_[index];
  return held.read_from.empty() ? held.has_json && held.json == json : held.read_from == json;
}

template <typename T>
void HistoryList<T>::WriteJson(std::string& text) const {
  size_t bytes = text.size() + size() + kRoom;
  for (size_t i = 0; i < size(); ++i) bytes += JsonOf(i).size();
  text.reserve(bytes);
  for (size_t i = 0; i < size(); ++i) {
    if (i > 0) text += ',';
    text += JsonOf(i);
  }
}

template <typename T>
Status HistoryList<T>::WriteJson(GzipWriter& gzip) const {
  for (size_t begin = 0; begin < size();) {
    const size_t end = EndOfRun(begin);
    K2I_ASSIGN_OR_RETURN(const auto run, RunOf(begin, end));
    gzip.Append(run->text);
    begin = end;
  }
  return {};
}

template <typename T>
size_t HistoryList<T>::EndOfRun(size_t begin) const {
  size_t end = begin + 1;
  while (end < size() && end - begin < kLongestRun && !BeginsRun(held_[end]->value.snapshot_id)) ++end;
  return end;
}

template <typename T>
bool HistoryList<T>::Holds(const Run& run, size_t begin, size_t end) const {
  if (run.last != (end == size()) || run.elements.size() != end - begin) return false;
  return std::equal(run.elements.begin(), run.elements.end(), held_.begin() + static_cast<std::ptrdiff_t>(begin),
                    [](uint64_t number, const auto& held) { return number == held->number; });
}

template <typename T>
size_t HistoryList<T>::CountDeflated() const {
  size_t count = 0;
  for (size_t begin = 0; begin < size();) {
    const size_t end = EndOfRun(begin);
    if (FindRun(begin, end) != nullptr) count += end - begin;
    begin = end;
  }
  return count;
}

template <typename T>
auto HistoryList<T>::FindRun(size_t begin, size_t end) const -> std::shared_ptr<const Run> {
  std::lock_guard lock(made_later);
  const auto& known = held_[begin]->run;
  return known != nullptr && Holds(*known, begin, end) ? known : nullptr;
}

template <typename T>
auto HistoryList<T>::RunOf(size_t begin, size_t end) const -> Result<std::shared_ptr<const Run>> {
  if (auto known = FindRun(begin, end)) return known;
  auto run = std::make_shared<Run>();
  run->last = end == size();
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    run->elements.push_back(held_[i]->number);
    text += JsonOf(i);
    if (i + 1 < size()) text += ',';
  }
  K2I_ASSIGN_OR_RETURN(run->text, Deflate(text));
  std::lock_guard lock(made_later);
  return held_[begin]->run = std::move(run);
}

template class HistoryList<Snapshot>;
template class HistoryList<SnapshotLogEntry>;

}  // namespace k2i::iceberg
