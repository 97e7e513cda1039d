// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::txlog {

/// Encrypts payloads with AES-256-GCM (NIST SP 800-38D), each under a random nonce of its own. A key may be used for
/// 2^32 payloads; a log does not get there. Thread-safe.
class FrameCipher {
 public:
  static constexpr size_t kKeySize = 32;
  static constexpr size_t kNonceSize = 12;
  static constexpr size_t kTagSize = 16;
  static constexpr size_t kOverhead = kNonceSize + kTagSize;

  /// `text` is the key in 64 hexadecimal digits or in base64. InvalidConfig for anything else; the message does not
  /// hold it.
  static Result<FrameCipher> FromText(std::string_view text);

  /// Nonce, ciphertext, tag. `header` is authenticated with them.
  Result<std::string> Seal(std::string_view header, std::string_view plain) const;
  /// Corruption: sealed with another key or with another header, or changed since.
  Result<std::string> Open(std::string_view header, std::string_view sealed) const;

 private:
  explicit FrameCipher(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace k2i::txlog
