// SPDX-License-Identifier: Apache-2.0
#include "cli/txlog_show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "txlog/frame.h"

namespace k2i::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSegment = "txlog-000000000001.k2i";
const TopicPartition kP0{"events", PartitionId{0}};

std::vector<txlog::Entry> Entries() {
  return {txlog::Checkpoint{},
          txlog::FlushStarted{"f1", "db.t", {{kP0, {Offset{0}, Offset{10}}}}},
          txlog::FileStarted{"f1", "file:///a.parquet"},
          txlog::FileWritten{"f1", "file:///a.parquet", 10, 1234},
          txlog::CommitIntent{"f1", "uuid", 42, 41, txlog::Handover{.manifest = "file:///m.avro"}},
          txlog::CommitDone{"f1", "db.t", "uuid", 42, {{kP0, Offset{10}}}},
          txlog::FlushStarted{"f2", "db.t", {{kP0, {Offset{10}, Offset{20}}}}},
          txlog::FileStarted{"f2", "file:///b.parquet"},
          txlog::FlushAbandoned{"f3", "two\nlines"}};
}

std::string Segment(const std::vector<txlog::Entry>& entries) {
  std::string bytes = txlog::SegmentHeader();
  for (const auto& entry : entries) bytes += txlog::EncodeFrame(entry);
  return bytes;
}

class TxlogPrinterTest : public testing::Test {
 protected:
  TxlogPrinter Printer(TxlogPrinter::Format format) {
    return {format, [this](const std::string& line) { lines_.push_back(line); }};
  }
  std::vector<std::string> lines_;
};

TEST_F(TxlogPrinterTest, OneLineForEachEntryAndTheStateAtTheEnd) {
  auto printer = Printer(TxlogPrinter::Format::kText);
  const std::string bytes = Segment(Entries());
  ASSERT_TRUE(printer.PrintSegment(kSegment, bytes).has_value());
  printer.PrintState();
  EXPECT_THAT(
      lines_,
      ElementsAre(
          HasSubstr("txlog-000000000001.k2i"), "        16  Checkpoint      0 open flushes, 0 tables",
          HasSubstr("FlushStarted    f1  db.t events/0[0,10)"), HasSubstr("FileStarted     f1  file:///a.parquet"),
          HasSubstr("FileWritten     f1  file:///a.parquet  10 rows, 1234 bytes"),
          HasSubstr("CommitIntent    f1  snapshot 42 on snapshot 41 of table uuid, manifest file:///m.avro"),
          HasSubstr("CommitDone      f1  db.t snapshot 42, next events/0=10"), HasSubstr("FlushStarted    f2"),
          HasSubstr("FileStarted     f2"), HasSubstr("FlushAbandoned  f3  two\\x0alines"),
          "a start would know of 1 open flush and 1 table", "  flush f2  db.t events/0[10,20): no commit asked for",
          "    incomplete  file:///b.parquet", "  table db.t  uuid uuid, snapshot 42, next events/0=10"));
}

TEST_F(TxlogPrinterTest, OffsetsAreThoseOfTheFrames) {
  auto printer = Printer(TxlogPrinter::Format::kJson);
  const std::string bytes = Segment(Entries());
  ASSERT_TRUE(printer.PrintSegment(kSegment, bytes).has_value());
  printer.PrintState();
  ASSERT_EQ(lines_.size(), Entries().size() + 1);
  size_t at = txlog::kSegmentHeaderSize;
  for (size_t i = 0; i < Entries().size(); ++i) {
    const json line = json::parse(lines_[i]);
    EXPECT_EQ(line.at("segment"), kSegment);
    EXPECT_EQ(line.at("offset"), at);
    EXPECT_EQ(line.at("payload"), json::parse(txlog::EncodePayload(Entries()[i])));
    at += txlog::EncodeFrame(Entries()[i]).size();
  }
  EXPECT_EQ(json::parse(lines_[4]).at("type"), "CommitIntent");
  const json state = json::parse(lines_.back()).at("recovery_state");
  EXPECT_EQ(state.at("tables").at("db.t").at("next").at("events").at("0"), 10);
  EXPECT_EQ(state.at("flushes").at(0).at("flush_id"), "f2");
}

TEST_F(TxlogPrinterTest, ATornTailIsNamedAndNoError) {
  const std::string bytes = Segment(Entries());
  auto text = Printer(TxlogPrinter::Format::kText);
  ASSERT_TRUE(text.PrintSegment(kSegment, bytes + "half").has_value());
  EXPECT_THAT(lines_.back(), HasSubstr(std::to_string(bytes.size()) + "  torn tail of 4 bytes"));
  auto as_json = Printer(TxlogPrinter::Format::kJson);
  ASSERT_TRUE(as_json.PrintSegment(kSegment, bytes + "half").has_value());
  EXPECT_EQ(json::parse(lines_.back()),
            (json{{"segment", kSegment}, {"torn_offset", bytes.size()}, {"torn_bytes", 4}}));
}

TEST_F(TxlogPrinterTest, DamageIsNamedWithItsByteAndThereIsNoState) {
  std::string bytes = Segment(Entries());
  const size_t second = txlog::kSegmentHeaderSize + txlog::EncodeFrame(Entries()[0]).size();
  bytes[second + 12] ^= 1;
  for (const auto format : {TxlogPrinter::Format::kText, TxlogPrinter::Format::kJson}) {
    lines_.clear();
    auto printer = Printer(format);
    ASSERT_TRUE(printer.PrintSegment("txlog-000000000000.k2i", Segment(Entries())).has_value());
    const auto printed = printer.PrintSegment(kSegment, bytes);
    ASSERT_FALSE(printed.has_value());
    EXPECT_EQ(ExitCode(printed.error()), 5);
    EXPECT_THAT(lines_.back(), HasSubstr("byte " + std::to_string(second)));
    printer.PrintState();
    EXPECT_THAT(lines_.back(), testing::AnyOf("a start would stop at the damage", R"({"recovery_state":null})"));
  }
}

TEST_F(TxlogPrinterTest, AnUnfinishedSegmentLeavesTheStateOfTheOneBefore) {
  auto printer = Printer(TxlogPrinter::Format::kJson);
  ASSERT_TRUE(printer.PrintSegment(kSegment, Segment(Entries())).has_value());
  ASSERT_TRUE(printer.PrintSegment("txlog-000000000002.k2i", txlog::SegmentHeader()).has_value());
  EXPECT_EQ(json::parse(lines_.back()).at("unfinished"), true);
  printer.PrintState();
  EXPECT_EQ(json::parse(lines_.back()).at("recovery_state").at("flushes").size(), 1u);
}

}  // namespace
}  // namespace k2i::cli
