// SPDX-License-Identifier: Apache-2.0
// A message of protocol buffers is a row of fields, each a number that says which field and how it is
// encoded, and then its value.
#include "results/event_file.h"

#include <bit>
#include <boost/crc.hpp>

namespace caddie {
namespace {

/// These are the encodings of fields that events use.
enum class Encoding : uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Appends the low `count` bytes of a number, the lowest first.
void append_low_bytes(std::string& out, uint64_t number, int count) {
  for (int i = 0; i < count; ++i) out += char(number >> (8 * i) & 0xff);
}

/// Appends a number in groups of seven bits, the lowest first; the eighth says that more follow.
void append_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += char((number & 0x7f) | 0x80);
  out += char(number);
}

void append_key(std::string& out, uint64_t field, Encoding encoding) {
  append_varint(out, field << 3 | uint64_t(encoding));
}

void append_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  append_key(out, field, Encoding::bytes);
  append_varint(out, bytes.size());
  out += bytes;
}

/// Returns the beginning of an Event: field 1 is its time, field 2 its step. A field that is 0 is left out,
/// as is usual, and read as 0.
std::string event_at(double wall_time, int64_t step) {
  std::string event;
  if (wall_time != 0) {
    append_key(event, 1, Encoding::fixed64);
    append_low_bytes(event, std::bit_cast<uint64_t>(wall_time), 8);
  }
  if (step != 0) {
    append_key(event, 2, Encoding::varint);
    append_varint(event, uint64_t(step));
  }
  return event;
}

/// Returns the first Event of every file, whose field 3 is the version of the format.
std::string version_event(double started) {
  std::string event = event_at(started, 0);
  append_bytes(event, 3, "brain.Event:2");
  return event;
}

/// Returns the Event of a number: its field 5 is a Summary, whose fields 1 are values with a tag in field 1
/// and a float in field 2.
std::string scalar_event(const ScalarEvent& scalar) {
  std::string value, summary, event = event_at(scalar.wall_time, scalar.step);
  append_bytes(value, 1, scalar.tag);
  append_key(value, 2, Encoding::fixed32);
  append_low_bytes(value, std::bit_cast<uint32_t>(scalar.value), 4);
  append_bytes(summary, 1, value);
  append_bytes(event, 5, summary);
  return event;
}

}  // namespace

uint32_t masked_crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(uint32_t(crc.checksum()), 15) + 0xa282ead8u;
}

std::string record_of(std::string_view data) {
  std::string record;
  append_low_bytes(record, data.size(), 8);
  append_low_bytes(record, masked_crc32c(record), 4);
  record += data;
  append_low_bytes(record, masked_crc32c(data), 4);
  return record;
}

std::string event_file(double started, std::span<const ScalarEvent> events) {
  std::string file = record_of(version_event(started));
  for (const ScalarEvent& event : events) file += record_of(scalar_event(event));
  return file;
}

}  // namespace caddie
