// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "txlog/entry.h"
#include "txlog/frame_cipher.h"

namespace k2i::cli {

/// Prints a transaction log (docs/format/txlog.md), one line an entry. Give it the segments from the oldest to the
/// newest, then ask for the state.
class TxlogPrinter {
 public:
  enum class Format { kText, kJson };
  /// Gets each line, without its end.
  using Print = std::function<void(const std::string& line)>;

  /// `cipher`, which may be null, is for segments that are encrypted, and must outlive this.
  TxlogPrinter(Format format, Print print, const txlog::FrameCipher* cipher = nullptr)
      : format_(format), print_(std::move(print)), cipher_(cipher) {}

  /// Prints one segment. An error, which is printed too, when it is damaged (Corruption) or of a newer version
  /// (NotSupported).
  Status PrintSegment(const std::string& name, std::string_view bytes);
  /// Prints what a start would know now; nothing, if the newest segment keeps it from starting.
  void PrintState();

 private:
  void PrintEntry(const std::string& segment, size_t offset, std::string_view payload, const txlog::Entry& entry);
  void PrintTornTail(const std::string& segment, size_t offset, size_t size);
  void PrintOpenFlush(const txlog::OpenFlush& flush);

  const Format format_;
  const Print print_;
  const txlog::FrameCipher* const cipher_;
  std::optional<txlog::RecoveryState> state_ = txlog::RecoveryState{};
};

}  // namespace k2i::cli
