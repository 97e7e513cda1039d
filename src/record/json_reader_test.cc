// SPDX-License-Identifier: Apache-2.0
#include "record/json_reader.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace k2i::record {
namespace {

/// Walks the whole object; true when it is well-formed.
bool Walk(JsonReader& reader, std::string_view json) {
  if (!reader.Start(json)) return false;
  reader.TakeChar();
  bool more = reader.Peek() != '}';
  if (!more) reader.TakeChar();
  while (more) {
    std::string_view key, value;
    if (!reader.TakeKey(&key) || !reader.TakeValue(&value) || !reader.TakeCommaOr('}', &more)) return false;
  }
  return reader.CheckEnd();
}

TEST(JsonReader, AcceptsObjects) {
  JsonReader reader;
  for (const char* json : {"{}", " { } \n", R"({"a":1})", R"({"a":[],"b":{},"c":[{},[]],"d":null})", R"({"":""})",
                           R"({"a":"\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t"})", "{\"a\" : [ 1 , 2.5e3 , true ] }"}) {
    EXPECT_TRUE(Walk(reader, json)) << json << ": " << reader.reason();
  }
}

TEST(JsonReader, RefusesEverythingElse) {
  JsonReader reader;
  for (const std::string& json : std::vector<std::string>{"",
                                                          " ",
                                                          "null",
                                                          "1",
                                                          "[]",
                                                          "\"a\"",
                                                          "{",
                                                          "}",
                                                          "{}}",
                                                          "{{}}",
                                                          "{}{}",
                                                          "{} x",
                                                          R"({"a"})",
                                                          R"({"a":})",
                                                          R"({"a":1,})",
                                                          R"({,"a":1})",
                                                          R"({"a" 1})",
                                                          R"({"a":1 "b":2})",
                                                          R"({"a":[1,]})",
                                                          R"({"a":[1})",
                                                          R"({"a":{"b":1})",
                                                          R"({"a":1]})",
                                                          R"({"a":tru})",
                                                          R"({"a":nul})",
                                                          R"({"a":truex})",
                                                          R"({"a":1"b"})",
                                                          R"({"a":"b"c})",
                                                          R"({"a":"b})",
                                                          R"({"a":"\x"})",
                                                          R"({"a":"\ud800"})",
                                                          R"({"a":"\udc00"})",
                                                          R"({"a":"\ud800\u0041"})",
                                                          R"({"a":"\u12"})",
                                                          R"({"\q":1})",
                                                          R"({a:1})",
                                                          R"({'a':1})",
                                                          R"({"a":01})",
                                                          R"({"a":NaN})",
                                                          R"({"a":\"b\"})",
                                                          "{\"a\":\"\n\"}",
                                                          "{\"a\":\"\xff\"}",
                                                          "{\"a\":1\x0c}",
                                                          "{\"a\"\x1a 1}",
                                                          "\xef\xbb\xbf{}",
                                                          "{\"a\":\"\xed\xa0\x80\"}",
                                                          R"({"a":[[[[}]]]]})",
                                                          std::string("{\"a\":1}\0", 8)}) {
    EXPECT_FALSE(Walk(reader, json)) << json;
    EXPECT_FALSE(reader.reason().empty()) << json;
  }
}

TEST(JsonReader, RefusesDeepNesting) {
  JsonReader reader;
  const int levels = 100'000;
  EXPECT_FALSE(Walk(reader, "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}"));
  EXPECT_TRUE(Walk(reader, "{\"a\":" + std::string(500, '[') + std::string(500, ']') + "}"));
}

TEST(JsonReader, HandsOutTheTextOfValues) {
  JsonReader reader;
  ASSERT_TRUE(reader.Start(R"({ "k\u0065y" : { "b" : [1, 2] } , "s": "x\ny" , "t": 1 })"));
  reader.TakeChar();
  std::string_view key, value;
  bool more = false;
  ASSERT_TRUE(reader.TakeKey(&key));
  EXPECT_EQ(key, "key");
  ASSERT_TRUE(reader.TakeValue(&value));
  EXPECT_EQ(value, R"({ "b" : [1, 2] })");
  ASSERT_TRUE(reader.TakeCommaOr('}', &more));
  EXPECT_FALSE(reader.TakeKeyIf(KeyPattern("t")));
  EXPECT_FALSE(reader.TakeKeyIf(KeyPattern("ss")));
  ASSERT_TRUE(reader.TakeKeyIf(KeyPattern("s")));
  ASSERT_TRUE(reader.Unquote(reader.TakeScalar(), &value));
  EXPECT_EQ(value, "x\ny");
}

TEST(KeyPattern, ComparesNamesOfAnyLength) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 40; ++size) {
    const std::string name(size, 'n');
    const std::string text = "\"" + name + "\":";
    const std::string padded = text + std::string(16, '1');
    const KeyPattern pattern(name);
    EXPECT_TRUE(pattern.Matches(padded.data(), padded.data() + padded.size())) << size;
    for (size_t i = 0; i < text.size(); ++i) {
      std::string other = padded;
      other[i] = 'x';
      EXPECT_FALSE(pattern.Matches(other.data(), other.data() + other.size())) << size << " " << i;
    }
    EXPECT_FALSE(pattern.Matches(text.data(), text.data() + text.size() - 1)) << size;
  }
  const std::string quoted = "\"a\\\"b\":111111111111111";
  EXPECT_FALSE(KeyPattern("a\\\"b").Matches(quoted.data(), quoted.data() + quoted.size()));
}

TEST(JsonReader, TakesShortIntegers) {
  JsonReader reader;
  for (const std::string& digits :
       std::vector<std::string>{"0", "7", "10", "99", "123", "1234", "98765", "123456", "1234567", "12345678"}) {
    const std::string json = "{\"a\":" + digits + "}";
    ASSERT_TRUE(reader.Start(json));
    reader.TakeChar();
    std::string_view key;
    ASSERT_TRUE(reader.TakeKey(&key));
    int64_t value = -1;
    if (json.size() - 1 < 8) {
      EXPECT_FALSE(reader.TakeShortInteger(&value));  // too near the beginning for eight bytes
      continue;
    }
    ASSERT_TRUE(reader.TakeShortInteger(&value)) << json;
    EXPECT_EQ(value, std::stoll(digits));
    EXPECT_EQ(reader.Peek(), '}');
  }
  for (const char* token : {"123456789", "-1", "01", "1.5", "1e5", "\"12\"", "true", "[]", "1 ", "1/2"}) {
    const std::string json = "{\"abcdefgh\":" + std::string(token) + "}";
    ASSERT_TRUE(reader.Start(json));
    reader.TakeChar();
    std::string_view key;
    ASSERT_TRUE(reader.TakeKey(&key));
    int64_t value = -1;
    EXPECT_FALSE(reader.TakeShortInteger(&value)) << json;
  }
}

TEST(JsonReader, ReadsNothingOutsideTheText) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto* memory =
      static_cast<char*>(mmap(nullptr, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory, page, PROT_NONE), 0);
  ASSERT_EQ(mprotect(memory + 2 * page, page, PROT_NONE), 0);
  JsonReader reader;
  for (size_t padding = 0; padding < 300; ++padding) {
    const std::string json = R"({"a":[1,"b\n"],"x":")" + std::string(padding, 'x') + R"(","n":12})";
    char* at_end = memory + 2 * page - json.size();
    std::memcpy(at_end, json.data(), json.size());
    EXPECT_TRUE(Walk(reader, {at_end, json.size()})) << padding;
    std::memcpy(memory + page, json.data(), json.size());
    EXPECT_TRUE(Walk(reader, {memory + page, json.size()})) << padding;
  }
  munmap(memory, 3 * page);
}

/// Random damage: the reader must agree with nlohmann's parser on what is well-formed.
TEST(JsonReader, AgreesWithAnotherParser) {
  std::mt19937 random(11);
  const std::string base = R"({"a":[1,-2.5e+3,"x\u00e9\n",null,true],"b":{"c":"d","e":[{}]},"f":""})";
  const std::string alphabet = "{}[]:,\"\\ 019.eE+-truefalsn\n\tx";
  JsonReader reader;
  for (int i = 0; i < 200'000; ++i) {
    std::string json = base;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % json.size();
      switch (random() % 3) {
        case 0:
          json[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          json.erase(at, 1);
          break;
        default:
          json.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    const bool expected = nlohmann::json::accept(json) && nlohmann::json::parse(json).is_object();
    ASSERT_EQ(Walk(reader, json), expected) << json << ": " << reader.reason();
  }
}

TEST(AppendJsonString, Escapes) {
  std::string out;
  AppendJsonString("a\"b\\c\n\x01ä", &out);
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\u000a\\u0001ä\"");
}

}  // namespace
}  // namespace k2i::record
