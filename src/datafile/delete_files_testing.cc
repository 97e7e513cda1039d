// SPDX-License-Identifier: Apache-2.0
#include "datafile/delete_files_testing.h"

#include <arrow/api.h>
#include <roaring/roaring.h>
#include <zlib.h>

#include <bit>
#include <map>
#include <stdexcept>

#include "datafile/rolling_writer.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/model/reserved_fields.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::Type;
using iceberg::TypeId;

template <typename T>
std::string Raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

std::string EncodeBitmap(const std::vector<uint32_t>& values) {
  roaring_bitmap_t* bitmap = roaring_bitmap_of_ptr(values.size(), values.data());
  roaring_bitmap_run_optimize(bitmap);
  std::string bytes(roaring_bitmap_portable_size_in_bytes(bitmap), '\0');
  roaring_bitmap_portable_serialize(bitmap, bytes.data());
  roaring_bitmap_free(bitmap);
  return bytes;
}

DataFile WriteParquet(io::ObjectStore& store, WriterOptions options, const std::shared_ptr<arrow::RecordBatch>& rows) {
  auto writer = RollingWriter::Make(store, std::move(options), arrow::default_memory_pool()).value();
  const arrow::RecordBatchVector batches{rows};
  if (const auto written = writer->Write(batches); !written) throw std::runtime_error(written.error().ToString());
  return writer->Finish().value().at(0);
}

}  // namespace

std::string EncodePositions(const std::vector<int64_t>& positions) {
  std::map<uint32_t, std::vector<uint32_t>> by_key;
  for (const int64_t position : positions) {
    by_key[static_cast<uint32_t>(position >> 32)].push_back(static_cast<uint32_t>(position));
  }
  std::string bytes = Raw(uint64_t{by_key.size()});
  for (const auto& [key, values] : by_key) bytes += Raw(key) + EncodeBitmap(values);
  return bytes;
}

std::string EncodeDeletionVector(const std::vector<int64_t>& positions) {
  return SealDeletionVector(EncodePositions(positions));
}

std::string SealDeletionVector(const std::string& positions) {
  const std::string checked = "\xD1\xD3\x39\x64" + positions;
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
  return Raw(std::byteswap(static_cast<uint32_t>(checked.size()))) + checked +
         Raw(std::byteswap(static_cast<uint32_t>(crc)));
}

DataFile WriteDeletionVector(io::ObjectStore& store, const std::string& folder, const std::string& name,
                             const std::string& data_file, const std::vector<int64_t>& positions) {
  const std::string magic = "PFA1", blob = EncodeDeletionVector(positions);
  DataFile file;
  file.content = DataFile::Content::kPositionDeletes;
  file.file_path = folder + "/" + name + ".puffin";
  file.file_format = "PUFFIN";
  file.record_count = std::ssize(positions);
  file.referenced_data_file = data_file;
  file.content_offset = std::ssize(magic);
  file.content_size_in_bytes = std::ssize(blob);
  const std::string bytes = magic + blob + "what comes after is not read";
  file.file_size_in_bytes = std::ssize(bytes);
  if (const auto written = store.Create(file.file_path, bytes); !written) {
    throw std::runtime_error(written.error().ToString());
  }
  return file;
}

DataFile WritePositionDeletes(io::ObjectStore& store, const std::string& folder, const std::string& name,
                              const std::vector<std::pair<std::string, int64_t>>& deletes, int64_t row_group_rows) {
  WriterOptions options{.data_location = folder, .file_name_prefix = name, .row_group_rows = row_group_rows};
  options.schema.type =
      Type::Struct({{iceberg::kDeleteFilePathFieldId, "file_path", Type::Primitive(TypeId::kString), false},
                    {iceberg::kDeletePositionFieldId, "pos", Type::Primitive(TypeId::kLong), false}});
  options.properties["write.metadata.metrics.default"] = "full";
  arrow::StringBuilder paths;
  arrow::Int64Builder positions;
  for (const auto& [path, position] : deletes) {
    if (!paths.Append(path).ok() || !positions.Append(position).ok()) throw std::bad_alloc();
  }
  const auto schema = iceberg::ToArrowSchema(options.schema).value();
  const auto rows = arrow::RecordBatch::Make(
      schema, std::ssize(deletes), arrow::ArrayVector{paths.Finish().ValueOrDie(), positions.Finish().ValueOrDie()});
  DataFile file = WriteParquet(store, std::move(options), rows);
  file.content = DataFile::Content::kPositionDeletes;
  return file;
}

DataFile WriteEqualityDeletes(io::ObjectStore& store, const std::string& folder, const std::string& name,
                              const iceberg::Schema& columns, const std::shared_ptr<arrow::RecordBatch>& rows) {
  WriterOptions options{.data_location = folder, .file_name_prefix = name, .schema = columns};
  DataFile file = WriteParquet(store, std::move(options), rows);
  file.content = DataFile::Content::kEqualityDeletes;
  for (const auto& field : columns.fields()) file.equality_ids.push_back(field.field_id);
  return file;
}

}  // namespace k2i::datafile
