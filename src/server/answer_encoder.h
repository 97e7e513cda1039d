// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "query/service.h"
#include "server/pinned_text.h"

namespace k2i::server {

enum class Format { kJson, kNdjson, kCsv, kArrow };

/// "application/json" and so on.
std::string_view MediaType(Format format);

/// The format of `offered`, in the server's order of preference, that an Accept header (RFC 9110 §12.5.1) likes best;
/// nullopt: it takes none of them. An empty header takes all.
std::optional<Format> Negotiate(std::string_view accept, std::span<const Format> offered);

/// Turns an answer into the bytes of a body, piece by piece. One thread.
class AnswerEncoder {
 public:
  virtual ~AnswerEncoder() = default;
  /// Each appends to `out`. Errors: Internal.
  virtual Status Begin(std::string* out) = 0;
  virtual Status Append(const arrow::RecordBatch& batch, std::string* out) = 0;
  virtual Status End(std::string* out) = 0;
};

std::unique_ptr<AnswerEncoder> MakeEncoder(Format format, const std::shared_ptr<arrow::Schema>& schema,
                                           const PinnedTexts& pinned);

}  // namespace k2i::server
