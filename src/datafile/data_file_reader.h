// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "datafile/row_lineage.h"
#include "iceberg/model/data_file.h"
#include "iceberg/model/name_mapping.h"
#include "iceberg/model/schema.h"
#include "io/object_store.h"

namespace parquet::arrow {
class FileReader;
struct SchemaManifest;
}  // namespace parquet::arrow

namespace k2i::datafile {

class RowGroupStatistics;
class RowRuns;
class StoreInputFile;
struct FieldProjection;

struct ReaderOptions {
  int64_t batch_rows = 65'536;
  /// Read ahead in each column.
  int64_t buffer_bytes = int64_t{1} << 20;
  /// Row groups to read, by index; none: all.
  std::optional<std::vector<int>> row_groups;
  /// Of those, the ones that may hold rows that are wanted; empty: all. Called in Open.
  std::function<bool(const RowGroupStatistics&)> keep_row_group;
  /// The table the file is of; must outlive Open. By its name mapping the columns of a file without field ids are
  /// found, by its specs the values of identity partitions that the file does not hold. Null: neither.
  const iceberg::TableMetadata* table = nullptr;
  /// Of the file's data: what its rows inherit where the columns of row lineage are read (WithRowLineage).
  std::optional<int64_t> sequence_number;
  /// Top-level strings that the file encodes by a small dictionary, in all of the row groups, come as
  /// dictionary(int32, utf8), valid indexes all; a batch has dictionaries of its own. Else they come plain.
  bool dictionaries = false;
};

/// Reads chosen columns of a Parquet data file, a batch at a time: what is in memory is one batch and the buffers of
/// the columns, whatever the size of the file. One thread at a time.
class DataFileReader {
 public:
  /// Opens the file and reads its footer. `columns`: the fields wanted, of the table's schema; each is found in the
  /// file by its field id, and is null where the file lacks it (row ids and sequence numbers of row lineage are then
  /// those that the rows inherit). `store` and `pool` must outlive the reader. Errors of
  /// the store; Corruption for a file that is no Parquet or does not fit; NotSupported for another format, an encrypted
  /// file, and a file that carries no field ids where there is no name mapping.
  static Result<std::unique_ptr<DataFileReader>> Open(io::ObjectStore& store, const iceberg::DataFile& file,
                                                      const iceberg::Schema& columns, arrow::MemoryPool* pool,
                                                      const ReaderOptions& options = {});
  ~DataFileReader();

  /// The row groups that are read, of those asked for.
  const std::vector<int>& row_groups() const { return row_groups_; }
  int row_group_count() const;
  /// Rows of the file, as its footer says.
  int64_t row_count() const;
  /// Bytes of the file, as the store says.
  int64_t size_bytes() const;
  /// ToArrowSchema(columns), but for columns that come as dictionaries.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// The next rows, in the file's order, of schema(); null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  /// Where the rows of the last batch stand in the file: one run, or more where row groups between them were left out.
  const std::vector<RowRun>& positions() const { return positions_; }
  /// Next until the end, or until `visit` returns an error, which is returned.
  Status ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit);

 private:
  DataFileReader(std::string location, std::shared_ptr<StoreInputFile> file, arrow::MemoryPool* pool);
  Status OpenParquet(const iceberg::DataFile& file, const iceberg::Schema& columns, const ReaderOptions& options);
  void KeepDictionaries();
  /// The fields of the file have ids afterwards, its own or those of the name mapping, which is given back.
  Result<iceberg::NameMapping> FindFieldIds(const iceberg::TableMetadata* table);
  Error Explain(Error error) const;

  std::string location_;
  std::shared_ptr<StoreInputFile> file_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<FieldProjection> projections_;
  RowLineage lineage_;
  std::vector<int> row_groups_;
  std::unique_ptr<RowRuns> runs_;  // of row_groups_, those not given yet
  std::vector<RowRun> positions_;
  std::unique_ptr<parquet::arrow::FileReader> parquet_;
  std::unique_ptr<parquet::arrow::SchemaManifest> mapped_;  // with ids from the name mapping; null: parquet_'s own
  std::unique_ptr<arrow::RecordBatchReader> batches_;       // goes before parquet_
};

}  // namespace k2i::datafile
