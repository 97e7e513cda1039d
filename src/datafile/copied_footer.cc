// SPDX-License-Identifier: Apache-2.0
#include "datafile/copied_footer.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "datafile/arrow_status.h"

namespace k2i::datafile {
namespace {

using parquet::ColumnChunkMetaData;
using parquet::Encoding;
using parquet::IndexKind;
using parquet::IndexLocation;
using parquet::PageType;

std::optional<IndexLocation> LocationOf(const ColumnChunkMetaData& chunk, IndexKind kind) {
  if (kind == IndexKind::kColumnIndex) return chunk.GetColumnIndexLocation();
  const auto start = chunk.bloom_filter_offset(), length = chunk.bloom_filter_length();
  if (!start || !length) return std::nullopt;
  return IndexLocation{*start, static_cast<int32_t>(*length)};
}

/// Pages of `type` by their encoding.
std::map<Encoding::type, int32_t> PagesOf(const ColumnChunkMetaData& chunk, PageType::type type) {
  std::map<Encoding::type, int32_t> pages;
  for (const auto& stats : chunk.encoding_stats()) {
    if (stats.page_type == type) pages[stats.encoding] += stats.count;
  }
  return pages;
}

/// Each column with the codec that its chunk has.
std::shared_ptr<parquet::WriterProperties> PropertiesOf(const parquet::RowGroupMetaData& group) {
  parquet::WriterProperties::Builder builder;
  builder.version(parquet::ParquetVersion::PARQUET_2_6);
  for (int column = 0; column < group.num_columns(); ++column) {
    const auto chunk = group.ColumnChunk(column);
    builder.compression(chunk->path_in_schema(), chunk->compression());
  }
  return builder.build();
}

void DescribeChunk(const ColumnChunkMetaData& chunk, int64_t shift, parquet::ColumnChunkMetaDataBuilder& builder) {
  if (const auto statistics = chunk.encoded_statistics(); statistics != nullptr) {
    parquet::EncodedStatistics copied = *statistics;
    copied.set_is_signed(builder.descr()->sort_order() == parquet::SortOrder::SIGNED);
    builder.SetStatistics(copied);
  }
  if (const auto sizes = chunk.size_statistics(); sizes != nullptr) builder.SetSizeStatistics(*sizes);
  const bool dictionary = chunk.has_dictionary_page();
  builder.Finish(chunk.num_values(), dictionary ? chunk.dictionary_page_offset() + shift : 0,
                 chunk.has_index_page() ? chunk.index_page_offset() + shift : -1, chunk.data_page_offset() + shift,
                 chunk.total_compressed_size(), chunk.total_uncompressed_size(), dictionary,
                 /*dictionary_fallback=*/false, PagesOf(chunk, PageType::DICTIONARY_PAGE),
                 PagesOf(chunk, PageType::DATA_PAGE));
}

}  // namespace

ChunkRange RangeOf(const ColumnChunkMetaData& chunk) {
  int64_t start = chunk.data_page_offset();
  // Some writers give 0 for a dictionary that is not there.
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0) {
    start = std::min(start, chunk.dictionary_page_offset());
  }
  return {start, chunk.total_compressed_size()};
}

bool MayMoveChunk(const ColumnChunkMetaData& chunk) {
  if (chunk.crypto_metadata() != nullptr || !chunk.file_path().empty()) return false;
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() <= 0) return false;
  const auto known = [](const auto& stats) {
    return stats.page_type == PageType::DATA_PAGE || stats.page_type == PageType::DICTIONARY_PAGE;
  };
  return !chunk.encoding_stats().empty() && std::ranges::all_of(chunk.encoding_stats(), known);
}

void CopiedFooter::AddRowGroup(parquet::ParquetFileReader& source, std::shared_ptr<arrow::io::RandomAccessFile> file,
                               int group, std::vector<ChunkMove> moves) {
  groups_.push_back({&source, std::move(file), group, std::move(moves)});
}

Result<std::shared_ptr<parquet::FileMetaData>> CopiedFooter::Write(arrow::io::OutputStream& sink) const {
  std::vector<Locations> locations(groups_.size());
  // In the order in which readers expect to find them.
  for (const IndexKind kind : {IndexKind::kBloomFilter, IndexKind::kColumnIndex}) {
    for (size_t i = 0; i < groups_.size(); ++i) K2I_RETURN_IF_ERROR(CopyIndex(groups_[i], kind, sink, locations[i]));
  }
  for (size_t i = 0; i < groups_.size(); ++i) K2I_RETURN_IF_ERROR(MoveOffsetIndex(groups_[i], sink, locations[i]));
  std::shared_ptr<parquet::FileMetaData> footer;
  for (size_t i = 0; i < groups_.size(); ++i) {
    auto part = Describe(groups_[i], static_cast<int>(i), locations[i]);
    if (footer == nullptr) {
      footer = std::move(part);
    } else {
      footer->AppendRowGroups(*part);
    }
  }
  parquet::WriteFileMetaData(*footer, &sink);
  return footer;
}

/// Its bytes say nothing of places.
Status CopiedFooter::CopyIndex(const RowGroup& group, IndexKind kind, arrow::io::OutputStream& sink,
                               Locations& locations) {
  const auto metadata = group.source->metadata()->RowGroup(group.group);
  for (int column = 0; column < metadata->num_columns(); ++column) {
    const auto from = LocationOf(*metadata->ColumnChunk(column), kind);
    if (!from) continue;
    K2I_ASSIGN_OR_RETURN(const int64_t to, FromArrow(sink.Tell()));
    K2I_ASSIGN_OR_RETURN(const auto bytes, FromArrow(group.file->ReadAt(from->offset, from->length)));
    if (bytes->size() != from->length) return Fail(ErrorCode::kCorruption, "an index ends behind the file");
    K2I_RETURN_IF_ERROR(FromArrow(sink.Write(bytes)));
    locations[kind].push_back({{0, column}, {to, from->length}});
  }
  return {};
}

Status CopiedFooter::MoveOffsetIndex(const RowGroup& group, arrow::io::OutputStream& sink, Locations& locations) {
  const auto indexes = group.source->GetPageIndexReader();
  const auto reader = indexes == nullptr ? nullptr : indexes->RowGroup(group.group);
  if (reader == nullptr) return {};
  for (int column = 0; column < static_cast<int>(group.moves.size()); ++column) {
    const auto index = reader->GetOffsetIndex(column);
    if (index == nullptr) continue;
    const ChunkMove& move = group.moves[static_cast<size_t>(column)];
    const auto builder = parquet::OffsetIndexBuilder::Make();
    const auto& lengths = index->unencoded_byte_array_data_bytes();
    for (size_t page = 0; page < index->page_locations().size(); ++page) {
      const auto& at = index->page_locations()[page];
      builder->AddPage(at.offset, at.compressed_page_size, at.first_row_index,
                       page < lengths.size() ? std::optional(lengths[page]) : std::nullopt);
    }
    builder->Finish(move.to - move.from.start);
    K2I_ASSIGN_OR_RETURN(const int64_t to, FromArrow(sink.Tell()));
    builder->WriteTo(&sink);
    K2I_ASSIGN_OR_RETURN(const int64_t end, FromArrow(sink.Tell()));
    locations[IndexKind::kOffsetIndex].push_back({{0, column}, {to, static_cast<int32_t>(end - to)}});
  }
  return {};
}

std::shared_ptr<parquet::FileMetaData> CopiedFooter::Describe(const RowGroup& group, int ordinal,
                                                              const Locations& locations) {
  const auto& file = *group.source->metadata();
  const auto from = file.RowGroup(group.group);
  const auto builder = parquet::FileMetaDataBuilder::Make(file.schema(), PropertiesOf(*from));
  auto* to = builder->AppendRowGroup();
  to->set_num_rows(from->num_rows());
  for (int column = 0; column < from->num_columns(); ++column) {
    const ChunkMove& move = group.moves[static_cast<size_t>(column)];
    DescribeChunk(*from->ColumnChunk(column), move.to - move.from.start, *to->NextColumnChunk());
  }
  to->Finish(from->total_byte_size(), static_cast<int16_t>(ordinal));
  for (const auto& [kind, where] : locations) builder->SetIndexLocations(kind, where);
  return builder->Finish();
}

}  // namespace k2i::datafile
