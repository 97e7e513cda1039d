// SPDX-License-Identifier: Apache-2.0
#include "net/xml.h"

#include <gtest/gtest.h>

namespace k2i::net {
namespace {

TEST(ParseXml, ReadsElementsAndTheirText) {
  const XmlElement root =
      ParseXml("<?xml version=\"1.0\"?><r xmlns=\"u\"><a>1 &lt; 2&#10;</a><x:b><c/>t</x:b><a>\u00fc</a></r>").value();
  EXPECT_EQ(root.name, "r");
  EXPECT_EQ(root.TextOf("a"), "1 < 2\n");
  EXPECT_EQ(root.children.size(), 3u);
  EXPECT_EQ(root.children[2].text, "\u00fc");
  ASSERT_NE(root.Find("b"), nullptr);
  EXPECT_NE(root.Find("b")->Find("c"), nullptr);
  EXPECT_EQ(root.Find("b")->text, "t");
  EXPECT_EQ(root.Find("none"), nullptr);
  EXPECT_EQ(root.TextOf("none"), "");
}

TEST(ParseXml, RefusesWhatItShouldNotRead) {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "<a>";
    for (int i = 0; i < 40; ++i) text += "</a>";
    return text;
  }();
  for (const std::string& text : {std::string(""), std::string("<a>"), std::string("<a></b>"), std::string("text"),
                                  std::string("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"), deep}) {
    const auto parsed = ParseXml(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorruption);
  }
}

TEST(XmlEscape, ReadsBackAsItWas) {
  const std::string text = "a<b>&\"c'\r\n\t\u00fc\U0001F680";
  EXPECT_EQ(ParseXml("<a>" + XmlEscape(text) + "</a>").value().text, text);
  EXPECT_TRUE(FitsXml(text));
  EXPECT_FALSE(FitsXml("a\x01"));
}

}  // namespace
}  // namespace k2i::net
