// SPDX-License-Identifier: Apache-2.0
//
// The transaction log's reader. Every input is taken twice: as a segment, and as a recipe for a segment that the real
// writer makes and for the damage that is done to it.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <random>

#include "base/crc32c.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/json_mutation.h"
#include "txlog/frame.h"

namespace k2i::fuzz {
namespace {

using txlog::Entry;

std::string Bytes(const Entry& entry) { return static_cast<char>(txlog::TypeOf(entry)) + txlog::EncodePayload(entry); }

std::string Segment(const std::vector<Entry>& entries) {
  std::string bytes = txlog::SegmentHeader();
  for (const Entry& entry : entries) bytes += txlog::EncodeFrame(entry);
  return bytes;
}

bool MayRefuse(const Error& error) {
  return !error.message.empty() && (error.code == ErrorCode::kCorruption || error.code == ErrorCode::kNotSupported);
}

/// A recovery over any entries makes a state that a checkpoint can hold.
void CheckReplay(const std::vector<Entry>& entries) {
  txlog::RecoveryState state;
  for (const Entry& entry : entries) txlog::Replay(state, entry);
  const Entry checkpoint = txlog::Checkpoint{state};
  const auto read = txlog::DecodePayload(txlog::TypeOf(checkpoint), txlog::EncodePayload(checkpoint));
  Require(read.has_value(), "a checkpoint of what was replayed can be read");
  RequireSame(Bytes(*read), Bytes(checkpoint), "a checkpoint says what the state was");
}

const txlog::FrameCipher& Cipher() {
  static const auto cipher = txlog::FrameCipher::FromText(std::string(2 * txlog::FrameCipher::kKeySize, '7'));
  return *cipher;
}

std::string EncryptedSegment(const std::vector<Entry>& entries) {
  std::string bytes = txlog::SegmentHeader(txlog::Encryption::kOn);
  for (const Entry& entry : entries) bytes += *txlog::EncodeFrame(entry, Cipher());
  return bytes;
}

/// Without the key nothing is told of it; with it, only frames that were sealed are read.
void CheckEncrypted(std::string_view bytes) {
  const auto closed = txlog::ParseSegment(bytes);
  Require(!closed.has_value() && closed.error().code == ErrorCode::kPermissionDenied, "it needs the key");
  size_t seen = 0;
  const auto open = txlog::ReadSegment(
      bytes, [&seen](const txlog::EntryView&) { ++seen; }, &Cipher());
  if (!open.has_value()) return Require(MayRefuse(open.error()), "a bad encrypted segment is Corruption");
  Require(open->header_ok && open->entries == seen, "each entry is shown once");
  Require(open->valid_bytes <= bytes.size(), "its torn tail begins within the segment");
}

void CheckSegment(std::string_view bytes) {
  if (bytes.starts_with(txlog::SegmentHeader(txlog::Encryption::kOn))) return CheckEncrypted(bytes);
  const auto segment = txlog::ParseSegment(bytes);
  if (!segment.has_value()) return Require(MayRefuse(segment.error()), "a bad segment is Corruption or NotSupported");
  Require(segment->valid_bytes <= bytes.size(), "the torn tail begins within the segment");
  Require(segment->header_ok || (segment->entries.empty() && segment->valid_bytes == 0), "no header, no entries");
  if (!segment->header_ok) return;
  const auto cut = txlog::ParseSegment(bytes.substr(0, segment->valid_bytes));
  Require(cut.has_value() && cut->valid_bytes == segment->valid_bytes, "once its tail is cut, a segment is whole");
  Require(cut->entries.size() == segment->entries.size(), "cutting the tail costs no entry");
  const auto again = txlog::ParseSegment(Segment(segment->entries));
  Require(again.has_value() && again->entries.size() == segment->entries.size(), "what was read can be written");
  for (size_t i = 0; i < again->entries.size(); ++i) {
    RequireSame(Bytes(again->entries[i]), Bytes(segment->entries[i]), "what was written reads back the same");
  }
  CheckReplay(segment->entries);
}

Entry MakeEntry(FuzzedDataProvider& data) {
  const std::string id = data.ConsumeRandomLengthString(8), text = data.ConsumeRandomLengthString(20);
  const TopicPartition partition{data.ConsumeRandomLengthString(8), {data.ConsumeIntegralInRange<int32_t>(0, 1 << 30)}};
  const auto number = data.ConsumeIntegral<int64_t>(), other = data.ConsumeIntegral<int64_t>();
  switch (data.ConsumeIntegralInRange(0, 6)) {
    case 0:
      return txlog::FlushStarted{id, text, {{partition, {{number}, {other}}}}};
    case 1:
      return txlog::FileStarted{id, text};
    case 2:
      return txlog::FileWritten{id, text, number, other};
    case 3:
      return txlog::CommitIntent{id, text, number, other == 0 ? std::nullopt : std::optional(other)};
    case 4:
      return txlog::CommitDone{id, text, "uuid", number, {{partition, {other}}}};
    case 5:
      return txlog::FlushAbandoned{id, text};
    default: {
      txlog::Checkpoint checkpoint;
      checkpoint.state.flushes[id] = {id, text, {{partition, {{number}, {other}}}}, {text}, {{id, text, 1, 2}}, {}};
      checkpoint.state.tables[text] = {id, number, {{partition, {other}}}};
      return checkpoint;
    }
  }
}

/// Where each of `entries` ends in their segment.
std::vector<size_t> Ends(const std::vector<Entry>& entries) {
  std::vector<size_t> ends;
  size_t at = txlog::kSegmentHeaderSize;
  for (const Entry& entry : entries) ends.push_back(at += txlog::EncodeFrame(entry).size());
  return ends;
}

/// Three turned bits at most: CRC-32C is sure to notice those.
void CheckDamage(FuzzedDataProvider data) {
  std::vector<Entry> written;
  for (int i = data.ConsumeIntegralInRange(1, 6); i > 0; --i) written.push_back(MakeEntry(data));
  std::string bytes = Segment(written);
  const std::vector<size_t> ends = Ends(written);
  const std::string whole = bytes;
  for (int flips = data.ConsumeIntegralInRange(0, 3); flips > 0; --flips) {
    const auto at = data.ConsumeIntegralInRange<size_t>(0, bytes.size() - 1);
    bytes[at] ^= static_cast<char>(1 << data.ConsumeIntegralInRange(0, 7));
  }
  size_t first_flip = bytes.size(), last_flip = 0, cut = bytes.size();
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == whole[at]) continue;
    first_flip = std::min(first_flip, at);
    last_flip = at;
  }
  if (data.ConsumeBool()) cut = data.ConsumeIntegralInRange<size_t>(0, cut);
  bytes.resize(cut);
  bytes.append(data.ConsumeIntegralInRange<size_t>(0, 40), '\0');

  const auto segment = txlog::ParseSegment(bytes);
  const auto ends_in = [&](size_t after, size_t until) {
    return static_cast<size_t>(std::ranges::count_if(ends, [&](size_t end) { return end > after && end <= until; }));
  };
  // Damage with no whole frame behind it cannot be told from a torn tail.
  const bool torn = first_flip >= cut || (first_flip >= txlog::kSegmentHeaderSize && ends_in(first_flip, cut) <= 1);
  // One more end than that of the damaged frame: a whole frame that begins behind all damage.
  const bool loses_frames = first_flip < cut && ends_in(last_flip, cut) >= 2;
  Require(!loses_frames || !segment.has_value(), "damage with whole frames behind it is found");
  if (!segment.has_value()) {
    Require(!torn, "a torn tail is no corruption");
    return Require(MayRefuse(segment.error()), "damage is Corruption, or looks like a newer version");
  }
  Require(segment->entries.size() <= written.size(), "damage adds no entries");
  for (size_t i = 0; i < segment->entries.size(); ++i) {
    RequireSame(Bytes(segment->entries[i]), Bytes(written[i]), "what is read was written, in that order");
  }
  if (torn) {
    Require(segment->entries.size() >= ends_in(0, std::min(first_flip, cut)), "a torn tail costs no frame before it");
  }
}

/// The frames that lie in `bytes` by their lengths, whatever their checksums say; their headers included.
std::vector<std::string_view> Frames(std::string_view bytes) {
  std::vector<std::string_view> frames;
  while (bytes.size() >= txlog::kFrameHeaderSize) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length |= size_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    length = std::min(length, bytes.size() - txlog::kFrameHeaderSize);
    frames.push_back(bytes.substr(0, txlog::kFrameHeaderSize + length));
    bytes.remove_prefix(frames.back().size());
  }
  return frames;
}

std::string Sealed(char type, std::string_view payload) {
  const auto number = [](uint32_t value) { return std::string(reinterpret_cast<const char*>(&value), 4); };
  const std::string head = number(static_cast<uint32_t>(payload.size())) + type;
  return head + number(Crc32c(payload, Crc32c(head))) + std::string(payload);
}

/// Changes a frame's payload and gives it the right checksum, which libFuzzer would hardly find.
std::string MutateSegment(std::string_view bytes, size_t max_size, std::minstd_rand& random) {
  if (bytes.size() < txlog::kSegmentHeaderSize) return Segment({txlog::FlushAbandoned{"f", "r"}});
  const auto frames = Frames(bytes.substr(txlog::kSegmentHeaderSize));
  if (frames.empty()) return std::string(bytes) + txlog::EncodeFrame(txlog::FileStarted{"f", "l"});
  const size_t chosen = random() % frames.size();
  std::string out = txlog::SegmentHeader();
  for (size_t i = 0; i < frames.size(); ++i) {
    if (i != chosen) {
      out += frames[i];
      continue;
    }
    const char type = random() % 8 == 0 ? static_cast<char>(random() % 9) : frames[i][4];
    out += Sealed(type, MutateJson(frames[i].substr(txlog::kFrameHeaderSize), max_size, random));
    if (random() % 16 == 0) out += frames[i];
  }
  return out;
}

}  // namespace

std::vector<std::string> Seeds() {
  const TopicPartition p0{"events", {0}}, p1{"events", {1}};
  const std::vector<Entry> flush = {txlog::FlushStarted{"f1", "db.t", {{p0, {{0}, {10}}}, {p1, {{5}, {6}}}}},
                                    txlog::FileStarted{"f1", "file:///a.parquet"},
                                    txlog::FileWritten{"f1", "file:///a.parquet", 11, 1234},
                                    txlog::CommitIntent{"f1", "9c12d441", 42, 41}};
  txlog::RecoveryState state;
  for (const Entry& entry : flush) txlog::Replay(state, entry);
  txlog::Replay(state, txlog::CommitDone{"f0", "db.t", "9c12d441", 41, {{p0, {0}}, {p1, {5}}}});
  std::vector<Entry> whole = flush;
  whole.insert(whole.begin(), txlog::Checkpoint{});
  whole.push_back(txlog::CommitDone{"f1", "db.t", "9c12d441", 42, {{p0, {10}}, {p1, {6}}}});
  whole.push_back(txlog::FlushAbandoned{"f2", "the store refused"});
  return {Segment({}), Segment({txlog::Checkpoint{state}}), Segment(whole), Segment(flush) + std::string(64, '\0'),
          EncryptedSegment(whole)};
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  k2i::fuzz::CheckSegment(k2i::fuzz::TextOf(data, size));
  k2i::fuzz::CheckDamage(FuzzedDataProvider(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string mutated = k2i::fuzz::MutateSegment(k2i::fuzz::TextOf(data, size), max_size, random);
  return k2i::fuzz::PutMutated(mutated, data, size, max_size);
}
