// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "buffer/slice_index.h"
#include "buffer/slice_list.h"
#include "buffer/snapshot_pins.h"

namespace k2i::iceberg {
struct TableMetadata;
}

namespace k2i::buffer {

/// One moment of a table, immutable: (snapshot S, offset vector C of S, hot rows at or after C). Whoever holds it reads
/// rows that neither vanish nor come twice, whatever is flushed meanwhile (design.md §1, "One view, no seam").
struct View {
  std::shared_ptr<const iceberg::TableMetadata> table;
  std::optional<int64_t> snapshot_id;  // S; none: nothing is committed
  SnapshotPins::Pin pin;               // of S, where snapshots may be expired while the view is held
  OffsetVector committed;              // C
  OffsetVector end;                    // of every partition, where the rows of this view end; never below C
  SliceList slices;                    // hot rows, each partition's in order of offset
  SliceList retained;                  // committed rows still in memory, oldest first: for look-ups only
  SliceIndex index;                    // of both; see lookup.h
  /// The partitions whose newest rows are here; those of others end at C. None: nobody reads them.
  std::optional<std::vector<TopicPartition>> assigned;
};
using ViewPtr = std::shared_ptr<const View>;

/// Where the stream leaves its newest view and queries take it. Thread-safe; neither side waits for the other's work.
class ViewPublisher {
 public:
  void Publish(ViewPtr view);
  /// Null until the first is published.
  ViewPtr Current() const;
  /// The first view that `fits`, or null when there was none within `patience`.
  ViewPtr WaitUntil(const std::function<bool(const View&)>& fits, Duration patience) const;

  /// The snapshots of the views that were published here.
  SnapshotPins& pins() { return pins_; }
  const SnapshotPins& pins() const { return pins_; }

 private:
  SnapshotPins pins_;
  mutable std::mutex mutex_;
  mutable std::condition_variable published_;
  ViewPtr current_;
};

}  // namespace k2i::buffer
