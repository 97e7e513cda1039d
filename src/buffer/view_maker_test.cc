// SPDX-License-Identifier: Apache-2.0
#include "buffer/view_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "buffer/hot_buffer.h"
#include "buffer/lookup.h"
#include "buffer/slices_testing.h"

namespace k2i::buffer {
namespace {

using std::chrono::seconds;

/// Views only carry the table: any address does.
CommittedTable At(int64_t snapshot_id, OffsetVector offsets) {
  static const int64_t table = 0;
  return {{std::shared_ptr<void>(), reinterpret_cast<const iceberg::TableMetadata*>(&table)},
          snapshot_id,
          std::move(offsets)};
}

OffsetVector Next(int64_t p0, int64_t p1) { return {{Where(0), Offset{p0}}, {Where(1), Offset{p1}}}; }

class ViewMakerTest : public testing::Test {
 protected:
  const View& view() {
    view_ = views_.Current();
    return *view_;
  }
  ViewPublisher views_;
  ViewPtr view_;
  ViewMaker maker_{views_, {.retain_for = seconds(60)}, arrow::default_memory_pool()};
};

TEST_F(ViewMakerTest, RowsMoveWithTheCommitThatHoldsThem) {
  maker_.SetCommitted(At(1, {}), seconds(0));
  maker_.Append(SliceOf({{0, 0}, {0, 1}}, 0, 1));
  maker_.Append(SliceOf({{0, 2}, {1, 0}}, 0, 2));
  EXPECT_EQ(view().end, Next(3, 1));
  EXPECT_EQ(PositionsOf(view().slices).size(), 4u);
  maker_.SetCommitted(At(2, {{Where(0), Offset{2}}}), seconds(1));
  EXPECT_EQ(view().snapshot_id, 2);
  EXPECT_EQ(PositionsOf(view().slices), (std::vector<Position>{{0, 2}, {1, 0}}));
  EXPECT_EQ(PositionsOf(view().retained), (std::vector<Position>{{0, 0}, {0, 1}}));
  EXPECT_EQ(view().end, Next(3, 1));
  EXPECT_EQ(maker_.retained().rows, 2);
}

TEST_F(ViewMakerTest, OthersPartitionsEndWhereTheTableEnds) {
  maker_.SetCommitted(At(1, Next(5, 70)), seconds(0));
  maker_.Append(SliceOf({{0, 5}}, 0, 1));
  EXPECT_EQ(view().end, Next(6, 70));
  maker_.SetCommitted(At(2, Next(5, 90)), seconds(0));
  EXPECT_EQ(view().end, Next(6, 90));
  EXPECT_EQ(view().slices.size(), 1u);
}

TEST_F(ViewMakerTest, SaysWhichPartitionsAreReadHere) {
  maker_.SetAssigned({Where(0)});
  EXPECT_EQ(views_.Current(), nullptr) << "there is no table yet";
  maker_.SetCommitted(At(1, Next(5, 70)), seconds(0));
  EXPECT_EQ(view().assigned, std::vector{Where(0)});
  maker_.SetAssigned({Where(0), Where(1)});
  EXPECT_EQ(view().assigned, (std::vector{Where(0), Where(1)}));
}

TEST_F(ViewMakerTest, RowsThatOthersHaveCommittedNeverShow) {
  maker_.SetCommitted(At(1, {{Where(0), Offset{10}}}), seconds(0));
  maker_.Append(SliceOf({{0, 8}, {0, 9}, {0, 10}, {0, 11}}, 0, 1));
  EXPECT_EQ(PositionsOf(view().slices), (std::vector<Position>{{0, 10}, {0, 11}}));
  maker_.SetCommitted(At(2, {{Where(0), Offset{30}}}), seconds(0));
  maker_.Append(SliceOf({{0, 12}}, 0, 2));
  EXPECT_TRUE(view().slices.empty());
  EXPECT_EQ(view().end.at(Where(0)), Offset{30});
}

TEST_F(ViewMakerTest, HolesAreBelowTheEnd) {
  maker_.SetCommitted(At(1, {}), seconds(0));
  maker_.Append(SliceOf({}, 0, 1, {{Where(0), {Offset{0}, Offset{7}}}}));
  EXPECT_EQ(view().end.at(Where(0)), Offset{7});
  maker_.SetCommitted(At(2, {{Where(0), Offset{3}}}), seconds(0));
  EXPECT_EQ(view().end.at(Where(0)), Offset{7});
}

TEST_F(ViewMakerTest, ARolledBackTableIsToldApart) {
  maker_.SetCommitted(At(1, Next(10, 10)), seconds(0));
  maker_.Append(SliceOf({{0, 10}}, 0, 1));
  EXPECT_TRUE(maker_.WouldLeaveGap(Next(9, 10)));
  EXPECT_TRUE(maker_.WouldLeaveGap({}));
  EXPECT_FALSE(maker_.WouldLeaveGap(Next(10, 3)));  // no hot rows: nothing is between
  EXPECT_FALSE(maker_.WouldLeaveGap(Next(12, 10)));
}

/// A process that began at the latest offset commits where, but reads from further on (simulator seed 4614).
TEST_F(ViewMakerTest, RowsThatDoNotComeNextAreNotShown) {
  maker_.SetCommitted(At(1, {}), seconds(0));
  maker_.Append(SliceOf({{0, 163}}, 0, 1));
  EXPECT_EQ(view().slices.size(), 1u) << "a partition that is not known begins where it is read";
  EXPECT_TRUE(maker_.WouldLeaveGap({{Where(0), Offset{102}}}));
  maker_.Drop({Where(0)});
  maker_.SetCommitted(At(2, {{Where(0), Offset{102}}}), seconds(0));
  maker_.Append(SliceOf({{0, 163}}, 0, 2));
  EXPECT_TRUE(view().slices.empty());
  EXPECT_EQ(view().end, (OffsetVector{{Where(0), Offset{102}}}));
}

TEST_F(ViewMakerTest, RetainedRowsGoByAgeByNeedAndAfterARollBack) {
  maker_.SetCommitted(At(1, {}), seconds(0));
  for (int64_t i = 0; i < 10; ++i) {
    maker_.Append(SliceOf({{0, i}}, 0, i));
    maker_.SetCommitted(At(2 + i, {{Where(0), Offset{i + 1}}}), seconds(i));
  }
  EXPECT_EQ(maker_.retained().rows, 10);
  maker_.ExpireRetained(seconds(62));
  EXPECT_EQ(PositionsOf(view().retained).front(), (Position{0, 3}));
  maker_.EvictRetained(1);
  EXPECT_EQ(PositionsOf(view().retained).front(), (Position{0, 4}));
  EXPECT_EQ(maker_.retained().rows, 6);
  maker_.SetCommitted(At(3, {{Where(0), Offset{9}}}), seconds(62));
  EXPECT_TRUE(view().retained.empty());
  EXPECT_EQ(maker_.retained().bytes, 0);
}

TEST_F(ViewMakerTest, WithoutATimeNothingIsRetained) {
  ViewMaker forgetful(views_, {}, arrow::default_memory_pool());
  forgetful.SetCommitted(At(1, {}), seconds(0));
  forgetful.Append(SliceOf({{0, 0}}, 0, 1));
  forgetful.SetCommitted(At(2, {{Where(0), Offset{1}}}), seconds(0));
  EXPECT_TRUE(view().retained.empty());
}

/// A stream on a table that others write too: what it does is chosen at random, and what every view must hold is known.
class RandomHistory {
 public:
  explicit RandomHistory(uint32_t seed) : random_(seed) { Commit(); }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i, now_ += seconds(1)) {
      switch (random_() % 9) {
        case 0:
        case 1:
        case 2:
        case 3:
          Seal();
          break;
        case 4:
          StartFlush();
          break;
        case 5:
          EndFlush();
          break;
        case 6:
          OthersCommit();
          break;
        case 7:
          Rebalance();
          break;
        case 8:
          random_() % 2 == 0 ? maker_.ExpireRetained(now_) : maker_.EvictRetained(static_cast<int64_t>(random_() % 99));
          break;
      }
      Check();
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  struct Partition {
    bool ours = true;
    int64_t position = 0;         // next to read
    int64_t table = 0;            // next in the table
    std::set<int64_t> rows = {};  // all that Kafka has given us so far, for there are holes
  };

  void Seal() {
    std::vector<Position> positions;
    OffsetRanges ranges;
    for (int round = 0; round < 6; ++round) {
      const auto p = static_cast<int32_t>(random_() % partitions_.size());
      auto& partition = partitions_[static_cast<size_t>(p)];
      if (!partition.ours) continue;
      auto& range = ranges.try_emplace(Where(p), OffsetRange{Offset{partition.position}, Offset{partition.position}})
                        .first->second;
      if (random_() % 4 == 0) {
        partition.rows.erase(partition.position++);  // a hole
      } else {
        partition.rows.insert(partition.position);
        positions.emplace_back(p, partition.position++);
      }
      range.end = Offset{partition.position};
    }
    auto slice = SliceOf(positions, 0, next_number_++, ranges);
    buffer_.Append(slice);
    maker_.Append(slice);
  }
  void StartFlush() {
    if (flying_) return;
    flying_.emplace();
    for (const auto& slice : buffer_.TakeForFlush()) {
      for (const auto& [partition, range] : slice->ranges) {
        (*flying_)[partition] = std::max((*flying_)[partition], range.end);
      }
    }
  }
  /// Commits what others have not; or, before that, the table is seen with our commit in it.
  void EndFlush() {
    if (!flying_) return;
    for (const auto& [partition, end] : *flying_) {
      auto& table = partitions_[static_cast<size_t>(partition.partition.value)].table;
      table = std::max(table, end.value);
    }
    flying_.reset();
    if (random_() % 2 == 0) Commit();
    buffer_.Retire();
    Commit();
  }
  /// Another process, or a zombie with partitions of ours.
  void OthersCommit() {
    auto& partition = partitions_[random_() % partitions_.size()];
    if (partition.ours && random_() % 4 != 0) return;
    for (auto more = random_() % 5; more > 0; --more) partition.rows.insert(partition.table++);
    Commit();
  }
  void Rebalance() {
    const auto p = static_cast<int32_t>(random_() % partitions_.size());
    auto& partition = partitions_[static_cast<size_t>(p)];
    partition.ours = !partition.ours;
    if (!partition.ours) {
      buffer_.DropWaiting({Where(p)});
      maker_.Drop({Where(p)});
    } else {
      Commit();
      partition.position = partition.table;
    }
  }
  void Commit() {
    OffsetVector offsets;
    for (size_t p = 0; p < partitions_.size(); ++p) {
      if (partitions_[p].table > 0) offsets[Where(static_cast<int32_t>(p))] = Offset{partitions_[p].table};
    }
    maker_.SetCommitted(At(++snapshot_id_, offsets), now_);
  }

  void Check() {
    const ViewPtr view = views_.Current();
    ASSERT_EQ(view->snapshot_id, snapshot_id_);
    auto hot = PositionsOf(view->slices);
    std::map<int32_t, int64_t> last;
    for (const auto& [p, offset] : hot) {
      EXPECT_GT(offset, last.try_emplace(p, -1).first->second) << "not in order";
      last[p] = offset;
    }
    std::vector<Position> expected;
    for (int32_t p = 0; p < static_cast<int32_t>(partitions_.size()); ++p) {
      const auto& partition = partitions_[static_cast<size_t>(p)];
      const auto committed = view->committed.find(Where(p));
      const auto end = view->end.find(Where(p));
      const int64_t from = committed == view->committed.end() ? 0 : committed->second.value;
      const int64_t to = end == view->end.end() ? 0 : end->second.value;
      EXPECT_EQ(from, partition.table);
      EXPECT_EQ(to, std::max(partition.table, partition.ours ? partition.position : 0));
      for (auto row = partition.rows.lower_bound(from); row != partition.rows.end() && *row < to; ++row) {
        expected.emplace_back(p, *row);
      }
    }
    std::sort(hot.begin(), hot.end());
    EXPECT_EQ(hot, expected);
    auto retained = PositionsOf(view->retained);
    EXPECT_EQ(static_cast<int64_t>(retained.size()), maker_.retained().rows);
    std::sort(retained.begin(), retained.end());
    EXPECT_EQ(std::adjacent_find(retained.begin(), retained.end()), retained.end());
    for (const auto& [p, offset] : retained) EXPECT_LT(offset, partitions_[static_cast<size_t>(p)].table);
    retained.insert(retained.end(), hot.begin(), hot.end());
    CheckLookUps(*view, {retained.begin(), retained.end()});
  }

  /// `rows`: all that the view has in memory.
  void CheckLookUps(const View& view, const std::set<Position>& rows) {
    for (int32_t p = 0; p < static_cast<int32_t>(partitions_.size()); ++p) {
      for (int64_t offset = 0; offset < partitions_[static_cast<size_t>(p)].position + 3; ++offset) {
        const auto hit = FindByPosition(view, Where(p), Offset{offset});
        ASSERT_EQ(hit.has_value(), rows.contains({p, offset})) << p << "/" << offset;
        if (!hit) continue;
        EXPECT_EQ(hit->partition(), Where(p));
        EXPECT_EQ(static_cast<const arrow::Int64Array&>(*hit->slice->rows->column(0)).Value(hit->row),
                  p * 1'000'000 + offset);
      }
    }
    for (const std::string key : {"k0", "k5", "k9"}) {
      std::set<Position> found;
      std::optional<std::pair<int64_t, int64_t>> last;
      const auto hits = FindByKey(view, key, /*all=*/true).value();
      for (const auto& hit : hits) {
        found.emplace(hit.partition().partition.value, hit.offset().value);
        const std::pair place(hit.slice->number, hit.slice->first_row + hit.row);
        EXPECT_TRUE(!last || place < *last) << "newest first";
        last = place;
      }
      std::set<Position> expected;
      for (const auto& row : rows) {
        if (KeyOf(row.second) == key) expected.insert(row);
      }
      ASSERT_EQ(found, expected) << key;
      EXPECT_EQ(hits.size(), expected.size());
      const auto newest = FindByKey(view, key, /*all=*/false).value();
      ASSERT_EQ(newest.size(), std::min<size_t>(1, hits.size()));
      for (const auto& hit : newest) EXPECT_EQ(hit.offset(), hits[0].offset());
    }
  }

  std::mt19937 random_;
  std::vector<Partition> partitions_{3};
  HotBuffer buffer_;
  ViewPublisher views_;
  ViewMaker maker_{views_, {.retain_for = seconds(40), .key_column = "key"}, arrow::default_memory_pool()};
  std::optional<std::map<TopicPartition, Offset>> flying_;
  int64_t next_number_ = 0;
  int64_t snapshot_id_ = 0;
  Duration now_{0};
};

TEST(ViewHistoryTest, EveryViewHoldsEachRowOnce) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RandomHistory(seed).Run(120);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ViewHistoryTest, ReadersOnOtherThreadsSeeWholeViews) {
  ViewPublisher views;
  ViewMaker maker(views, {.retain_for = seconds(1)}, arrow::default_memory_pool());
  maker.SetCommitted(At(0, {}), seconds(0));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto view = views.Current();
      const auto from = view->committed.empty() ? 0 : view->committed.begin()->second.value;
      const auto to = view->end.empty() ? 0 : view->end.begin()->second.value;
      const auto hot = PositionsOf(view->slices);
      EXPECT_EQ(static_cast<int64_t>(hot.size()), to - from);
      if (!hot.empty()) {
        EXPECT_EQ(hot.front().second, from);
      }
    }
  });
  for (int64_t i = 0; i < 1000; ++i) {
    maker.Append(SliceOf({{0, i}}, 0, i));
    if (i % 100 == 99) maker.SetCommitted(At(i, {{Where(0), Offset{i - 20}}}), seconds(i / 100));
    maker.ExpireRetained(seconds(i / 100));
  }
  done = true;
  reader.join();
}

TEST(SnapshotPinsTest, HoldASnapshotAsLongAsAViewOfIt) {
  ViewPublisher views;
  ViewMaker maker(views, {}, arrow::default_memory_pool());
  maker.SetCommitted(At(7, {{Where(0), Offset{1}}}), seconds(0));
  const auto held = views.Current();
  maker.Append(SliceOf({{0, 1}}, 0, 0));
  EXPECT_EQ(views.pins().Held(), std::vector<int64_t>{7}) << "two views of one snapshot";
  auto later = [&] {
    maker.SetCommitted(At(8, {{Where(0), Offset{2}}}), seconds(1));
    return views.Current();
  }();
  EXPECT_EQ(views.pins().Held(), (std::vector<int64_t>{7, 8}));
  maker.SetCommitted(At(9, {{Where(0), Offset{2}}}), seconds(2));
  later.reset();
  EXPECT_EQ(views.pins().Held(), (std::vector<int64_t>{7, 9}));
}

}  // namespace
}  // namespace k2i::buffer
