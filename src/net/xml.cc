// SPDX-License-Identifier: Apache-2.0
#include "net/xml.h"

#include <expat.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace k2i::net {

namespace {

constexpr size_t kDeepest = 32;

/// The elements that are open, outermost first; a closed one moves into the one around it.
struct Reading {
  XML_Parser parser = nullptr;
  std::vector<XmlElement> open;
  XmlElement root;
  const char* refused = nullptr;
};

void Refuse(Reading& reading, const char* why) {
  reading.refused = why;
  XML_StopParser(reading.parser, XML_FALSE);
}

void OnStart(void* user, const char* name, const char**) {
  auto& reading = *static_cast<Reading*>(user);
  if (reading.open.size() >= kDeepest) return Refuse(reading, "elements are nested too deep");
  const std::string_view whole(name);
  const size_t colon = whole.rfind(':');
  reading.open.push_back({.name = std::string(colon == whole.npos ? whole : whole.substr(colon + 1))});
}

void OnEnd(void* user, const char*) {
  auto& reading = *static_cast<Reading*>(user);
  XmlElement closed = std::move(reading.open.back());
  reading.open.pop_back();
  if (reading.open.empty()) {
    reading.root = std::move(closed);
  } else {
    reading.open.back().children.push_back(std::move(closed));
  }
}

void OnText(void* user, const char* text, int length) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.open.empty()) reading.open.back().text.append(text, static_cast<size_t>(length));
}

void OnDoctype(void* user, const char*, const char*, const char*, int) {
  Refuse(*static_cast<Reading*>(user), "it has a DTD");
}

}  // namespace

const XmlElement* XmlElement::Find(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::TextOf(std::string_view child) const {
  const XmlElement* found = Find(child);
  return found == nullptr ? "" : found->text;
}

Result<XmlElement> ParseXml(std::string_view document) {
  if (document.size() > std::numeric_limits<int>::max()) return Fail(ErrorCode::kCorruption, "XML of more than 2 GB");
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr),
                                                                                             XML_ParserFree);
  if (!parser) return Fail(ErrorCode::kResourceExhausted, "no memory to read XML");
  Reading reading{.parser = parser.get()};
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), OnStart, OnEnd);
  XML_SetCharacterDataHandler(parser.get(), OnText);
  XML_SetStartDoctypeDeclHandler(parser.get(), OnDoctype);
  const auto done = XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), XML_TRUE);
  if (done == XML_STATUS_OK) return std::move(reading.root);
  return Fail(ErrorCode::kCorruption,
              std::string("not the XML that was expected: ") +
                  (reading.refused ? reading.refused : XML_ErrorString(XML_GetErrorCode(parser.get()))));
}

std::string XmlEscape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\r':
      case '\n':
      case '\t':
        escaped += "&#" + std::to_string(static_cast<int>(c)) + ";";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

bool FitsXml(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\r' && c != '\n' && c != '\t'; });
}

}  // namespace k2i::net
