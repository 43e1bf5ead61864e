// SPDX-License-Identifier: Apache-2.0
// Event files hold the bytes that TensorBoard's own writer gives; tensorboard_test.sh has TensorBoard read
// one.
#include "results/event_file.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace caddie;

namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

TEST_CASE("checksums are masked CRC-32C", "[results]") {
  // masked_crc32c of tensorboard.summary.writer.record_writer, TensorBoard 2.21. The CRC-32C of the digits is
  // 0xe3069283, and that of 32 zeros 0x8a9136aa (RFC 3720, B.4).
  CHECK(masked_crc32c("123456789") == 0xc78ab0e5);
  CHECK(masked_crc32c("") == 0xa282ead8);
  CHECK(masked_crc32c(std::string(32, '\0')) == 0x0fd7fffa);
}

TEST_CASE("an event file is byte for byte what TensorBoard writes", "[results]") {
  std::vector<ScalarEvent> events = {{"train_loss", 1, 1769853601.5, 6.25F},
                                     {"val_bpb", 300, 1769853700.25, 1.5F}};
  // From tensorboard.summary.writer.record_writer.RecordWriter of TensorBoard 2.21 over the same Events, as
  // its own classes of protocol buffers serialize them; the first has file_version "brain.Event:2".
  CHECK(hex(event_file(1769853600.0, events)) ==
        "1800000000000000a37f4b2209000000a8745fda411a0d627261696e2e4576656e743a32924619db20000000000000"
        "0029eda95009000060a8745fda4110012a130a110a0a747261696e5f6c6f7373150000c840bb8a5ecb1e0000000000"
        "0000d9dc123209000010c1745fda4110ac022a100a0e0a0776616c5f627062150000c03fef3f7318");
}

TEST_CASE("an event file without numbers is its first record alone", "[results]") {
  std::string file = event_file(0, {});
  // 15 bytes of data, as a time of 0 is left out, between 12 and 4 of framing.
  CHECK(file.size() == 12 + 15 + 4);
  CHECK(file[0] == 15);
}
