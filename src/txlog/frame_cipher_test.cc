// SPDX-License-Identifier: Apache-2.0
#include "txlog/frame_cipher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "txlog/frame.h"
#include "txlog/log.h"
#include "txlog/memory_log_storage_testing.h"

namespace k2i::txlog {
namespace {

constexpr std::string_view kHexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kSameInBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view kOtherKey = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

FrameCipher Cipher(std::string_view key = kHexKey) { return FrameCipher::FromText(key).value(); }

TEST(FrameCipherTest, OpensWhatItHasSealedAndNothingElse) {
  const auto cipher = Cipher();
  for (const auto& plain : {std::string(), std::string("x"), std::string(1000, 'y')}) {
    std::string sealed = cipher.Seal("head", plain).value();
    EXPECT_EQ(sealed.size(), plain.size() + FrameCipher::kOverhead);
    EXPECT_NE(sealed, cipher.Seal("head", plain).value());  // another nonce
    EXPECT_EQ(cipher.Open("head", sealed).value(), plain);
    EXPECT_EQ(Cipher(kSameInBase64).Open("head", sealed).value(), plain);
    EXPECT_FALSE(cipher.Open("tail", sealed).has_value());
    EXPECT_FALSE(Cipher(kOtherKey).Open("head", sealed).has_value());
    for (size_t at = 0; at < sealed.size(); at += 7) {
      sealed[at] ^= 1;
      EXPECT_FALSE(cipher.Open("head", sealed).has_value());
      sealed[at] ^= 1;
    }
  }
  EXPECT_FALSE(cipher.Open("head", "short").has_value());
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14: all zeros.
TEST(FrameCipherTest, IsAesGcmOf256Bits) {
  const auto cipher = Cipher(std::string(64, '0'));
  const unsigned char expected[] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5,
                                    0xd3, 0xba, 0xf3, 0x9d, 0x18, 0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99,
                                    0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
  const std::string sealed = std::string(FrameCipher::kNonceSize, '\0') +
                             std::string(reinterpret_cast<const char*>(expected), sizeof(expected));
  EXPECT_EQ(cipher.Open("", sealed).value(), std::string(16, '\0'));
}

TEST(FrameCipherTest, KeysOfAnotherShapeAreRefusedWithoutBeingShown) {
  for (const std::string_view text :
       {std::string_view("secret"), kHexKey.substr(2), std::string_view(""),
        std::string_view("zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        kSameInBase64.substr(4)}) {
    const auto cipher = FrameCipher::FromText(text);
    ASSERT_FALSE(cipher.has_value()) << text;
    EXPECT_EQ(cipher.error().code, ErrorCode::kInvalidConfig);
    if (text.empty()) continue;
    EXPECT_THAT(cipher.error().message, testing::Not(testing::HasSubstr(std::string(text))));
  }
  EXPECT_TRUE(FrameCipher::FromText(std::string(kHexKey) + "\n").has_value());  // as files end
}

class EncryptedLogTest : public testing::Test {
 protected:
  Result<Log::Opened> Open(std::optional<std::string_view> key) {
    LogOptions options;
    if (key) options.cipher = std::make_shared<const FrameCipher>(Cipher(*key));
    return Log::Open(storage_, options, clock_);
  }
  Status AppendTo(Log::Opened& opened, const std::string& flush_id) {
    K2I_RETURN_IF_ERROR(opened.log->Append(FlushStarted{flush_id, "db.secret", {}}));
    return opened.log->Sync();
  }
  const std::string& Newest() { return storage_.files.rbegin()->second.bytes; }

  MemoryLogStorage storage_;
  ManualClock clock_;
};

TEST_F(EncryptedLogTest, IsReadBackWithItsKeyAndShowsNothingWithout) {
  {
    auto opened = Open(kHexKey).value();
    ASSERT_TRUE(AppendTo(opened, "f1").has_value());
  }
  EXPECT_EQ(Newest().find("secret"), std::string::npos);
  EXPECT_EQ(Open(kHexKey)->state.flushes.size(), 1u);
}

TEST_F(EncryptedLogTest, AnotherKeyAndNoKeyAreClearErrors) {
  ASSERT_TRUE(Open(kHexKey).has_value());
  for (const std::optional<std::string_view> key : {std::optional(kOtherKey), std::optional<std::string_view>()}) {
    const auto opened = Open(key);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(ExitCode(opened.error()), 5);
    EXPECT_THAT(opened.error().message, testing::HasSubstr("transaction_log.encryption_key"));
    EXPECT_THAT(opened.error().message, testing::HasSubstr("txlog-"));
  }
}

TEST_F(EncryptedLogTest, APlainLogGoesOnEncryptedAndTheOtherWayNeedsTheKey) {
  {
    auto opened = Open(std::nullopt).value();
    ASSERT_TRUE(AppendTo(opened, "f1").has_value());
  }
  auto opened = Open(kHexKey).value();
  EXPECT_EQ(opened.state.flushes.size(), 1u);
  EXPECT_EQ(Newest().find("secret"), std::string::npos);
}

TEST_F(EncryptedLogTest, TornTailsAndDamageAreToldAsEver) {
  auto opened = Open(kHexKey).value();
  ASSERT_TRUE(AppendTo(opened, "f1").has_value());
  ASSERT_TRUE(AppendTo(opened, "f2").has_value());
  const auto saved = storage_.files;
  storage_.files.rbegin()->second.bytes.resize(Newest().size() - 3);
  auto torn = Open(kHexKey).value();
  EXPECT_GT(torn.torn_bytes, 0u);
  EXPECT_EQ(torn.state.flushes.size(), 1u);
  storage_.files = saved;
  storage_.files.rbegin()->second.bytes[40] ^= 1;
  EXPECT_EQ(Open(kHexKey).error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace k2i::txlog
