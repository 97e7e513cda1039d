// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace k2i::config {

/// A password, key or token. It prints as REDACTED wherever it is streamed or shown; only Reveal() gives the text, to
/// be called where it leaves for the service it belongs to.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  std::string ToString() const { return text_.empty() ? "" : "REDACTED"; }

  friend std::ostream& operator<<(std::ostream& out, const Secret& secret) { return out << secret.ToString(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

}  // namespace k2i::config
