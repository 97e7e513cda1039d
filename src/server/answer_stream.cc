// SPDX-License-Identifier: Apache-2.0
#include "server/answer_stream.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "base/logging.h"

namespace k2i::server {
namespace {

/// Rows encoded at a time, for the text of a large batch would be large too.
constexpr int64_t kRowsAtOnce = 4096;
/// Headers of more than this are left out: clients bound theirs, and JSON and Arrow bodies say the same.
constexpr size_t kMaxHeaderBytes = 4096;

/// A query on its way into a body.
class Encoding {
 public:
  Encoding(std::unique_ptr<query::Answer> answer, const PinnedTexts& pinned, AnswerOptions options)
      : answer_(std::move(answer)),
        ticket_(std::move(options.ticket)),
        encoder_(MakeEncoder(options.format, answer_->schema(), pinned)) {}

  query::Answer& answer() { return *answer_; }
  Status Begin(std::string* out) { return encoder_->Begin(out); }
  /// Appends the next rows, or the end. True: that was all.
  Result<bool> Next(std::string* out) {
    if (batch_ == nullptr) {
      K2I_ASSIGN_OR_RETURN(batch_, answer_->Next());
      done_rows_ = 0;
    }
    if (batch_ == nullptr) {
      K2I_RETURN_IF_ERROR(encoder_->End(out));
      return true;
    }
    const int64_t rows = std::min(kRowsAtOnce, batch_->num_rows() - done_rows_);
    K2I_RETURN_IF_ERROR(encoder_->Append(*batch_->Slice(done_rows_, rows), out));
    done_rows_ += rows;
    if (done_rows_ == batch_->num_rows()) batch_ = nullptr;
    return false;
  }

 private:
  const std::unique_ptr<query::Answer> answer_;
  const std::shared_ptr<void> ticket_;
  const std::unique_ptr<AnswerEncoder> encoder_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t done_rows_ = 0;
};

/// Encodes until the end, an error or `limit` bytes. True: all of it.
Result<bool> EncodeUpTo(size_t limit, Encoding& encoding, std::string* out) {
  while (out->size() < limit) {
    K2I_ASSIGN_OR_RETURN(const bool done, encoding.Next(out));
    if (done) return true;
  }
  return false;
}

bool WriteRest(Encoding& encoding, const std::stop_token& gone, BodyWriter& out) {
  const std::stop_callback cancel(gone, [&encoding] { encoding.answer().Cancel(); });
  while (true) {
    std::string piece;
    const auto done = encoding.Next(&piece);
    if (!done) {
      if (!gone.stop_requested()) log::Warn("answer_cut", {{"error", done.error().ToString()}});
      return false;
    }
    if (!piece.empty() && !out.Write(piece)) return false;
    if (*done) return true;
  }
}

NamedValues PinnedHeaders(const PinnedTexts& pinned, size_t tables) {
  NamedValues headers;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.size() <= kMaxHeaderBytes) headers.emplace_back(name, value);
  };
  if (tables == 1) {
    add("K2I-Snapshot-Id", pinned.snapshot_id);
    add("K2I-Offsets", pinned.offsets);
  }
  add("K2I-Tables", pinned.tables);
  return headers;
}

std::string ContentType(Format format) {
  const std::string type(MediaType(format));
  return format == Format::kCsv ? type + "; charset=utf-8; header=present" : type;
}

}  // namespace

HttpAnswer StreamAnswer(std::unique_ptr<query::Answer> answer, AnswerOptions options, const std::stop_token& gone) {
  const PinnedTexts pinned = MakePinnedTexts(answer->pinned());
  HttpAnswer http{.content_type = ContentType(options.format),
                  .body = {},
                  .headers = PinnedHeaders(pinned, answer->pinned().size()),
                  .stream = nullptr};
  const size_t held_bytes = options.held_bytes;
  const auto encoding = std::make_shared<Encoding>(std::move(answer), pinned, std::move(options));
  const Status begun = encoding->Begin(&http.body);
  if (!begun) return ErrorAnswer(begun.error());
  {
    const std::stop_callback cancel(gone, [&encoding] { encoding->answer().Cancel(); });
    const auto whole = EncodeUpTo(held_bytes, *encoding, &http.body);
    if (!whole) return ErrorAnswer(whole.error());
    if (*whole) return http;
  }
  http.stream = [encoding, gone](BodyWriter& out) { return WriteRest(*encoding, gone, out); };
  return http;
}

}  // namespace k2i::server
