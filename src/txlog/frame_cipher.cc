// SPDX-License-Identifier: Apache-2.0
#include "txlog/frame_cipher.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cctype>
#include <charconv>
#include <memory>

#include "base/base64.h"

namespace k2i::txlog {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context NewContext() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

unsigned char* Bytes(std::string& text, size_t at = 0) { return reinterpret_cast<unsigned char*>(text.data()) + at; }
const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::unexpected<Error> LibraryFailed(const char* what) {
  return Fail(ErrorCode::kInternal, std::string("transaction log: OpenSSL cannot ") + what, Component::kTransactionLog);
}

std::string FromHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const char* end = text.data() + i + 2;
    if (std::from_chars(text.data() + i, end, value, 16) != std::from_chars_result{end, std::errc()}) return {};
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

}  // namespace

Result<FrameCipher> FrameCipher::FromText(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  std::string key = text.size() == 2 * kKeySize ? FromHex(text) : FromBase64(text).value_or("");
  if (key.size() == kKeySize) return FrameCipher(std::move(key));
  return Fail(ErrorCode::kInvalidConfig,
              "transaction_log.encryption_key is not a key of 32 bytes, in 64 hexadecimal digits or in base64 "
              "(`openssl rand -hex 32` makes one)",
              Component::kConfig);
}

Result<std::string> FrameCipher::Seal(std::string_view header, std::string_view plain) const {
  std::string sealed(kNonceSize + plain.size() + kTagSize, '\0');
  if (RAND_bytes(Bytes(sealed), kNonceSize) != 1) return LibraryFailed("make random numbers");
  const auto context = NewContext();
  int size = 0;
  const bool done =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(sealed)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(header), static_cast<int>(header.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), Bytes(sealed, kNonceSize), &size, Bytes(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), Bytes(sealed, kNonceSize + plain.size()), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, Bytes(sealed, kNonceSize + plain.size())) == 1;
  if (!done) return LibraryFailed("encrypt");
  return sealed;
}

Result<std::string> FrameCipher::Open(std::string_view header, std::string_view sealed) const {
  const auto refused = Fail(ErrorCode::kCorruption,
                            "cannot be decrypted: transaction_log.encryption_key is not the key it was written with",
                            Component::kTransactionLog);
  if (sealed.size() < kOverhead) return refused;
  const std::string_view text = sealed.substr(kNonceSize, sealed.size() - kOverhead);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plain(text.size(), '\0');
  const auto context = NewContext();
  int size = 0;
  const bool fed =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(sealed)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(header), static_cast<int>(header.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), Bytes(plain), &size, Bytes(text), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) == 1;
  if (!fed) return LibraryFailed("decrypt");
  if (EVP_DecryptFinal_ex(context.get(), Bytes(plain, plain.size()), &size) != 1) return refused;
  return plain;
}

}  // namespace k2i::txlog
