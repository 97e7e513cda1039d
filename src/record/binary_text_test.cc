// SPDX-License-Identifier: Apache-2.0
#include "record/binary_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace k2i::record {
namespace {

std::string Base64(std::string_view text) {
  std::array<uint8_t, 64> out{};
  int64_t size = 0;
  if (const Why why = ParseBase64(text, out.data(), &size)) return why;
  return {reinterpret_cast<const char*>(out.data()), static_cast<size_t>(size)};
}

TEST(BinaryText, ReadsBase64) {  // vectors of RFC 4648 §10
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("Zg=="), "f");
  EXPECT_EQ(Base64("Zm8="), "fo");
  EXPECT_EQ(Base64("Zm9v"), "foo");
  EXPECT_EQ(Base64("Zm9vYg=="), "foob");
  EXPECT_EQ(Base64("Zm9vYmE="), "fooba");
  EXPECT_EQ(Base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(Base64("+/+/"), "\xfb\xff\xbf");
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Z g=", "-_-_", "Zg==Zg=="}) {
    EXPECT_EQ(Base64(text), "is not base64") << text;
  }
}

TEST(BinaryText, ReadsUuids) {
  std::array<uint8_t, 16> bytes{};
  EXPECT_EQ(ParseUuid("f81d4fae-7dec-11d0-a765-00A0C91E6BF6", bytes), nullptr);
  const std::array<uint8_t, 16> expected = {0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0,
                                            0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6};
  EXPECT_EQ(bytes, expected);
  for (const char* text : {"", "f81d4fae7dec11d0a76500a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
                           "f81d4fae-7dec-11d0-a765-00a0c91e6bf", "f81d4fae-7dec-11d0-a765_00a0c91e6bf6"}) {
    EXPECT_NE(ParseUuid(text, bytes), nullptr) << text;
  }
}

}  // namespace
}  // namespace k2i::record
