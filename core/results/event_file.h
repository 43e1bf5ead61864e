// SPDX-License-Identifier: Apache-2.0
// TensorBoard reads event files: records in the framing of TFRecord, each of them an Event, written in the
// encoding of protocol buffers. Numbers by step are all that is written here.
// Source: tensorflow/core/lib/io/record_writer.h and tensorflow/core/util/event.proto of TensorFlow.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace caddie {

/// Holds one number that a run measured.
struct ScalarEvent {
  std::string tag;       // the name of the chart that the number belongs to
  int64_t step = 0;      // the optimizer steps before it
  double wall_time = 0;  // seconds since 1970 began, in UTC
  float value = 0;       // TensorBoard keeps four bytes of a number
};

/// Returns the whole content of an event file with these numbers, in their order. `started` is when the run
/// began, in seconds since 1970 began.
std::string event_file(double started, std::span<const ScalarEvent> events);

/// Returns one record: the length of the data as 8 bytes, its checksum, the data, and their checksum, all
/// numbers with the low byte first.
std::string record_of(std::string_view data);

/// Returns the CRC-32C (Castagnoli) of the bytes, turned right by 15 bits, plus 0xa282ead8, which is what
/// records hold, so that the checksum of data with checksums inside is no trivial one.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace caddie
