// SPDX-License-Identifier: Apache-2.0
//
// XML documents as AWS answers with them, by Expat.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace k2i::net {

/// An element without its attributes. Names come without a namespace's prefix.
struct XmlElement {
  std::string name;
  std::string text;  // between its children too
  std::vector<XmlElement> children;

  /// The first child of that name, or null.
  const XmlElement* Find(std::string_view child) const;
  /// Its text, or "".
  std::string TextOf(std::string_view child) const;
};

/// The root element. Corruption for what is not well-formed, for a document with a DTD (whose entities could blow it
/// up), and for elements nested more than 32 deep.
Result<XmlElement> ParseXml(std::string_view document);

/// `text` as it may stand between two tags: markup and line ends escaped.
std::string XmlEscape(std::string_view text);
/// False for text that no XML document can hold: a control character.
bool FitsXml(std::string_view text);

}  // namespace k2i::net
