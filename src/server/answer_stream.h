// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "query/service.h"
#include "server/answer_encoder.h"
#include "server/http_message.h"

namespace k2i::server {

struct AnswerOptions {
  Format format = Format::kJson;
  /// The beginning of the body that is held back, so that an error by then still has its status. 0: none is.
  size_t held_bytes = 1 << 20;
  std::shared_ptr<void> ticket;  // held until the answer has been sent
};

/// `answer` as the body of an HTTP answer, with what it was pinned to in headers. A body that fits into `held_bytes` is
/// whole; of a longer one the rest is streamed, and an error then cuts the connection. Cancels the query when `gone`.
HttpAnswer StreamAnswer(std::unique_ptr<query::Answer> answer, AnswerOptions options, const std::stop_token& gone);

}  // namespace k2i::server
