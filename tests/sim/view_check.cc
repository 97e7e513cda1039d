// SPDX-License-Identifier: Apache-2.0
#include "sim/view_check.h"

#include <set>
#include <string>
#include <utility>

namespace k2i::sim {
namespace {

std::string Name(const TopicPartition& tp, int64_t offset) {
  return tp.topic + "/" + std::to_string(tp.partition.value) + " offset " + std::to_string(offset);
}

class ViewCheck {
 public:
  /// `kind`: what the view's rows are of.
  ViewCheck(World& world, const std::string& who, const buffer::View& view, BrokerRecord::Kind kind)
      : world_(world), who_(who), view_(view), kind_(kind) {}

  void Run() {
    CollectRows();
    for (const auto& [tp, end] : view_.end) CheckPartition(tp, end.value);
    for (const auto& [tp, offsets] : rows_) {
      if (!view_.end.contains(tp)) Break("row of a partition without an end, " + Name(tp, *offsets.begin()));
    }
    if (kind_ == BrokerRecord::Kind::kPoison) {
      if (!rows_.empty()) world_.Count("view with hot dead letters checked");
      return;
    }
    world_.Count("view checked");
    if (!rows_.empty()) world_.Count("view with hot rows checked");
    if (!view_.retained.empty()) world_.Count("view with retained rows checked");
  }

 private:
  void Break(const std::string& what) { world_.Break("view", who_ + ": " + what); }

  void CollectRows() {
    for (const auto& slice : view_.slices) {
      for (const auto& run : slice->runs) {
        for (int64_t row = run.first_row; row < run.first_row + run.row_count; ++row) {
          const int64_t offset = slice->offsets[static_cast<size_t>(row)];
          if (!rows_[run.partition].insert(offset).second) Break("row twice, " + Name(run.partition, offset));
        }
      }
    }
  }

  void CheckPartition(const TopicPartition& tp, int64_t end) {
    const auto found = rows_.find(tp);
    const std::set<int64_t> rows = found == rows_.end() ? std::set<int64_t>{} : found->second;
    const auto committed = view_.committed.find(tp);
    // Without a boundary the partition begins where its first row was.
    int64_t from = committed != view_.committed.end() ? committed->second.value : rows.empty() ? end : *rows.begin();
    if (!rows.empty() && (*rows.begin() < from || *rows.rbegin() >= end)) Break("row out of bounds, " + Name(tp, end));
    from = std::max(from, world_.broker.start(tp));
    for (int64_t offset = from; offset < std::min(end, world_.broker.end(tp)); ++offset) {
      const BrokerRecord& record = world_.broker.at(tp, offset);
      if (record.kind == BrokerRecord::Kind::kHole || record.may_be_missing) continue;
      const bool is_row = record.kind == kind_;
      if (is_row != rows.contains(offset)) Break((is_row ? "no row, " : "row that is none, ") + Name(tp, offset));
    }
  }

  World& world_;
  const std::string& who_;
  const buffer::View& view_;
  const BrokerRecord::Kind kind_;
  std::map<TopicPartition, std::set<int64_t>> rows_;
};

class CheckingSource final : public kafka::Source {
 public:
  CheckingSource(World& world, Life& life, const buffer::ViewPublisher& views,
                 const buffer::ViewPublisher& letter_views, std::unique_ptr<kafka::Source> inner)
      : world_(world), life_(life), views_(views), letter_views_(letter_views), inner_(std::move(inner)) {}

  Result<kafka::MessageBatch> Poll(Duration timeout) override {
    Check(views_, BrokerRecord::Kind::kRow, checked_);
    Check(letter_views_, BrokerRecord::Kind::kPoison, checked_letters_);
    return inner_->Poll(timeout);
  }
  Status Pause() override { return inner_->Pause(); }
  Status Resume() override { return inner_->Resume(); }
  Status Acknowledge(const OffsetVector& next) override { return inner_->Acknowledge(next); }
  Result<kafka::ClusterInfo> Describe() override { return inner_->Describe(); }
  std::map<TopicPartition, kafka::PartitionLag> Lag() override { return inner_->Lag(); }
  std::optional<Error> LastError() const override { return inner_->LastError(); }
  Status Close() override { return inner_->Close(); }

 private:
  void Check(const buffer::ViewPublisher& views, BrokerRecord::Kind kind, buffer::ViewPtr& checked) {
    const auto view = views.Current();
    if (view == nullptr || view == checked) return;
    ViewCheck(world_, life_.name, *view, kind).Run();
    checked = view;
  }

  World& world_;
  Life& life_;
  const buffer::ViewPublisher& views_;
  const buffer::ViewPublisher& letter_views_;
  std::unique_ptr<kafka::Source> inner_;
  buffer::ViewPtr checked_, checked_letters_;
};

}  // namespace

std::unique_ptr<kafka::Source> CheckingViews(World& world, Life& life, const buffer::ViewPublisher& views,
                                             const buffer::ViewPublisher& letter_views,
                                             std::unique_ptr<kafka::Source> source) {
  return std::make_unique<CheckingSource>(world, life, views, letter_views, std::move(source));
}

}  // namespace k2i::sim
