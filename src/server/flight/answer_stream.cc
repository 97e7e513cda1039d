// SPDX-License-Identifier: Apache-2.0
#include "server/flight/answer_stream.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <vector>

#include "server/flight/flight_status.h"

namespace k2i::server::flight {
namespace {

class AnswerReader final : public arrow::RecordBatchReader {
 public:
  AnswerReader(const arrow::flight::ServerCallContext& context, std::unique_ptr<query::Answer> answer,
               RunningStreams::Slot slot, std::shared_ptr<arrow::Schema> schema)
      : context_(context), answer_(std::move(answer)), slot_(std::move(slot)), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    if (pieces_.empty()) {
      auto batch = answer_->Next();
      if (!batch.has_value()) {
        context_.AddTrailer(kErrorTrailer, std::string(ToString(batch.error().code)));
        return ToFlightStatus(batch.error());
      }
      if (*batch != nullptr) pieces_.push_back(*std::move(batch));
    }
    return TakePiece(out);
  }

 private:
  /// The first of the pieces, halved until it is small enough.
  arrow::Status TakePiece(std::shared_ptr<arrow::RecordBatch>* out) {
    *out = nullptr;
    while (!pieces_.empty()) {
      const std::shared_ptr<arrow::RecordBatch> piece = std::move(pieces_.back());
      pieces_.pop_back();
      const int64_t rows = piece->num_rows();
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*piece));
      if (bytes <= kMaxBatchBytes || rows <= 1) {
        *out = piece;
        return arrow::Status::OK();
      }
      pieces_.push_back(piece->Slice(rows / 2));
      pieces_.push_back(piece->Slice(0, rows / 2));
    }
    return arrow::Status::OK();
  }

  const arrow::flight::ServerCallContext& context_;  // Flight destroys the stream before it
  std::unique_ptr<query::Answer> answer_;
  RunningStreams::Slot slot_;  // after the answer: it is to leave first
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> pieces_;  // of one batch, last piece first
};

}  // namespace

std::unique_ptr<arrow::flight::FlightDataStream> StreamAnswer(const arrow::flight::ServerCallContext& context,
                                                              std::unique_ptr<query::Answer> answer,
                                                              RunningStreams::Slot slot,
                                                              std::shared_ptr<arrow::Schema> schema) {
  return std::make_unique<arrow::flight::RecordBatchStream>(
      std::make_shared<AnswerReader>(context, std::move(answer), std::move(slot), std::move(schema)));
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> StreamBatch(std::shared_ptr<arrow::RecordBatch> batch) {
  FLIGHT_ASSIGN_OR_RETURN(auto reader, arrow::RecordBatchReader::Make({std::move(batch)}));
  return std::make_unique<arrow::flight::RecordBatchStream>(std::move(reader));
}

}  // namespace k2i::server::flight
