// SPDX-License-Identifier: Apache-2.0
#include "ingest/metered_store.h"

namespace k2i::ingest {

class MeteredStore::MeteredFile final : public io::OutputFile {
 public:
  MeteredFile(MeteredStore& store, std::unique_ptr<io::OutputFile> file) : store_(store), file_(std::move(file)) {}
  Status Append(std::string_view bytes) override {
    return store_.Timed([&] { return file_->Append(bytes); });
  }
  Status Close() override {
    return store_.Timed([&] { return file_->Close(); });
  }
  void Abort() override { file_->Abort(); }
  int64_t bytes_written() const override { return file_->bytes_written(); }

 private:
  MeteredStore& store_;
  std::unique_ptr<io::OutputFile> file_;
};

Result<std::unique_ptr<io::OutputFile>> MeteredStore::OpenForWrite(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(auto file, Timed([&] { return store_.OpenForWrite(location); }));
  return std::make_unique<MeteredFile>(*this, std::move(file));
}

}  // namespace k2i::ingest
