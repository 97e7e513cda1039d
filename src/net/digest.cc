// SPDX-License-Identifier: Apache-2.0
#include "net/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cassert>

namespace k2i::net {

namespace {

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

constexpr size_t kMd5Bytes = 16;
constexpr size_t kSha256Bytes = 32;

}  // namespace

std::string Md5(std::string_view bytes) {
  std::string digest(kMd5Bytes, '\0');
  [[maybe_unused]] const int done = EVP_Digest(bytes.data(), bytes.size(), Bytes(digest), nullptr, EVP_md5(), nullptr);
  assert(done == 1);
  return digest;
}

std::string Sha256(std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  [[maybe_unused]] const int done =
      EVP_Digest(bytes.data(), bytes.size(), Bytes(digest), nullptr, EVP_sha256(), nullptr);
  assert(done == 1);
  return digest;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  [[maybe_unused]] const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(bytes), bytes.size(), Bytes(digest), nullptr);
  assert(done != nullptr);
  return digest;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace k2i::net
