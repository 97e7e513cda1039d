// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/object_store.h"
#include "io/s3_client.h"
#include "io/upload_threads.h"

namespace k2i::io {

/// Bytes of part number `part` (from 1). Those of the first thousand parts are alike, as some services want all of a
/// file; then they grow, so that the 10,000 parts that S3 allows make a file of 385 GB.
int64_t PartBytes(int64_t part);

/// Writes an object by one request, which replaces what is there.
Status PutObject(S3Client& client, const S3Place& place, std::string bytes);

/// The same where nothing is there. AlreadyExists: something is, and it is not what a lost reply has left of this very
/// call. NotSupported: the store knows no such condition, and has written nothing.
Status PutNewObject(S3Client& client, const S3Place& place, std::string bytes);

/// An object as it grows: parts go to the store while more is appended, as many at a time as there are threads. One
/// that fits one part goes by one request. When it is given up, or fails, its parts are taken back.
class S3OutputFile final : public OutputFile {
 public:
  S3OutputFile(std::shared_ptr<S3Client> client, std::shared_ptr<UploadThreads> threads, S3Place place)
      : client_(std::move(client)), threads_(std::move(threads)), place_(std::move(place)) {}
  ~S3OutputFile() override { Abort(); }

  /// Waits while all threads are at work. An error is of any part that was sent before.
  Status Append(std::string_view bytes) override;
  Status Close() override;
  void Abort() override;
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  struct Part {
    std::string etag;
    std::string checksum;
  };

  Status CheckOpen() const;
  Status Begin();
  Status SendPart();
  Status UploadPart(int64_t number, std::string bytes);
  /// Until no part is on its way; the first error of those.
  Status WaitForParts();
  Status Complete();
  Status ConfirmComplete(const Error& error);
  /// Gives up, and passes the error on.
  std::unexpected<Error> GiveUp(const Error& error);

  const std::shared_ptr<S3Client> client_;
  const std::shared_ptr<UploadThreads> threads_;
  const S3Place place_;
  std::string upload_id_;  // empty: not begun
  std::string gathered_;   // the next part
  int64_t bytes_written_ = 0;
  bool finished_ = false;

  std::mutex mutex_;
  std::condition_variable done_;
  std::vector<Part> parts_;       // guarded by mutex_
  int on_the_way_ = 0;            // guarded by mutex_
  std::optional<Error> failure_;  // guarded by mutex_; the first
};

}  // namespace k2i::io
