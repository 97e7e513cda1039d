// SPDX-License-Identifier: Apache-2.0
#include "datafile/merged_metrics.h"

#include <map>

#include "datafile/bounds.h"
#include "iceberg/model/literal.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::Type;
using iceberg::TypeId;
using Counts = std::map<int32_t, int64_t>;
using Bounds = std::map<int32_t, std::string>;

bool IsFloating(const Type& type) { return type.id() == TypeId::kFloat || type.id() == TypeId::kDouble; }
bool IsText(const Type& type) { return type.id() == TypeId::kString || type.id() == TypeId::kBinary; }

/// False when `from` has no count of the field.
bool AddCount(const Counts& from, int32_t id, Counts& to) {
  const auto found = from.find(id);
  if (found == from.end()) return false;
  to[id] += found->second;
  return true;
}

bool HasValues(const DataFile& file, const LeafColumn& leaf) {
  int64_t none = file.null_value_counts.at(leaf.field_id);
  if (const auto nans = file.nan_value_counts.find(leaf.field_id); nans != file.nan_value_counts.end()) {
    none += nans->second;
  }
  return none < file.value_counts.at(leaf.field_id);
}

/// nullopt for bytes that are no value of the type.
std::optional<iceberg::Literal> ReadBound(const Type& type, const std::string& bytes) {
  const auto value = iceberg::DeserializeLiteral(type, bytes);
  if (!value || iceberg::is_null(*value)) return std::nullopt;
  return *value;
}

/// The outermost of the bounds that files have. An upper bound that one lacks (text that cannot be cut) is none at all.
class MergedBounds {
 public:
  explicit MergedBounds(const LeafColumn& leaf) : leaf_(leaf) {}

  /// False when the file has values but does not say where they begin.
  bool Include(const DataFile& file) {
    const auto lower = file.lower_bounds.find(leaf_.field_id);
    if (lower == file.lower_bounds.end()) return false;
    const auto smallest = ReadBound(*leaf_.type, lower->second);
    if (!smallest) return false;
    lower_.Include({*smallest, *smallest});
    const auto upper = file.upper_bounds.find(leaf_.field_id);
    const auto largest = upper == file.upper_bounds.end() ? std::nullopt : ReadBound(*leaf_.type, upper->second);
    if (largest) upper_.Include({*largest, *largest});
    open_ = open_ || !largest;
    return true;
  }

  void WriteTo(DataFile& file) const {
    if (lower_.empty()) return;
    file.lower_bounds[leaf_.field_id] = iceberg::SerializeLiteral(*leaf_.type, lower_.smallest);
    if (!open_) file.upper_bounds[leaf_.field_id] = iceberg::SerializeLiteral(*leaf_.type, upper_.largest);
  }

 private:
  const LeafColumn& leaf_;
  Extremes lower_, upper_;
  bool open_ = false;
};

bool MergeLeaf(const std::vector<const DataFile*>& sources, const LeafColumn& leaf, const MetricsMode& mode,
               DataFile& merged) {
  if (!mode.counts()) return true;
  const bool bounded = mode.bounds() && !leaf.repeated;
  // Bounds of text may have been cut shorter than whole ones.
  if (bounded && mode.kind == MetricsMode::Kind::kFull && IsText(*leaf.type)) return false;
  MergedBounds bounds(leaf);
  bool nans_known = IsFloating(*leaf.type);
  for (const DataFile* source : sources) {
    const bool counted = AddCount(source->value_counts, leaf.field_id, merged.value_counts) &&
                         AddCount(source->null_value_counts, leaf.field_id, merged.null_value_counts);
    if (!counted) return false;
    nans_known = AddCount(source->nan_value_counts, leaf.field_id, merged.nan_value_counts) && nans_known;
    if (bounded && HasValues(*source, leaf) && !bounds.Include(*source)) return false;
  }
  if (!nans_known) merged.nan_value_counts.erase(leaf.field_id);
  bounds.WriteTo(merged);
  return true;
}

}  // namespace

std::optional<DataFile> MergeMetrics(const std::vector<const DataFile*>& sources, const std::vector<LeafColumn>& leaves,
                                     const std::vector<MetricsMode>& modes) {
  DataFile merged;
  for (const DataFile* source : sources) merged.record_count += source->record_count;
  for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    if (!MergeLeaf(sources, leaves[leaf], modes[leaf], merged)) return std::nullopt;
  }
  return merged;
}

}  // namespace k2i::datafile
