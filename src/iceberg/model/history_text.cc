// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/history_text.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>

namespace k2i::iceberg {
namespace {

namespace ondemand = simdjson::ondemand;

struct List {
  std::string_view all;  // with its brackets
  std::vector<std::string_view> elements;
};

struct Lists {
  std::optional<List> snapshots, snapshot_log;
};

// simdjson takes the white space that follows a value to be part of it.
std::string_view Trimmed(std::string_view text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

// These throw simdjson_error, which TakeHistoryOut takes for "leave it to the parser that says what is wrong".

void Give(bool condition) {
  if (!condition) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
}

List ReadList(ondemand::value value) {
  List list;
  ondemand::array array = value.get_array();
  for (ondemand::value element : array) list.elements.push_back(Trimmed(simdjson::to_json_string(element)));
  array.reset();
  list.all = Trimmed(array.raw_json());
  return list;
}

Lists ReadLists(ondemand::object metadata) {
  Lists lists;
  for (ondemand::field field : metadata) {
    const std::string_view key = field.unescaped_key();
    if (key != "snapshots" && key != "snapshot-log") continue;
    std::optional<List>& list = key == "snapshots" ? lists.snapshots : lists.snapshot_log;
    Give(!list.has_value());
    list = ReadList(field.value());
  }
  return lists;
}

Lists ReadDocument(const std::string& padded, std::string_view member) {
  ondemand::parser parser;
  ondemand::document document =
      parser.iterate(simdjson::padded_string_view(padded.data(), padded.size(), padded.capacity()));
  ondemand::object object = document.get_object();
  if (member.empty()) return ReadLists(object);
  std::optional<Lists> lists;
  for (ondemand::field field : object) {
    if (field.unescaped_key().value() != member) continue;
    Give(!lists.has_value());
    lists = ReadLists(field.value().get_object());
  }
  return std::move(lists).value_or(Lists{});
}

/// With the room behind it that simdjson reads.
std::unique_ptr<const std::string> Padded(std::string_view document) {
  auto padded = std::make_unique<std::string>();
  padded->reserve(document.size() + simdjson::SIMDJSON_PADDING);
  *padded = document;
  return padded;
}

}  // namespace

HistoryText TakeHistoryOut(std::string_view document, std::string_view member) {
  HistoryText text{.document = Padded(document)};
  const std::string& padded = *text.document;
  Lists lists;
  try {
    lists = ReadDocument(padded, member);
  } catch (const simdjson::simdjson_error&) {
    text.rest = padded;
    return text;
  }
  std::vector<std::string_view> taken;
  for (const auto& [list, elements] :
       {std::pair{&lists.snapshots, &text.snapshots}, {&lists.snapshot_log, &text.snapshot_log}}) {
    if (!list->has_value()) continue;
    taken.push_back((*list)->all);
    *elements = std::move((*list)->elements);
  }
  std::ranges::sort(taken, {}, [](std::string_view each) { return each.data(); });
  const char* from = padded.data();
  for (const std::string_view list : taken) {
    text.rest.append(from, list.data()).append("[]");
    from = list.data() + list.size();
  }
  text.rest.append(from, padded.data() + padded.size());
  return text;
}

}  // namespace k2i::iceberg
