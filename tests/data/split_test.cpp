// SPDX-License-Identifier: Apache-2.0
// Which documents are held out for validation.
#include <catch2/catch.hpp>

#include "data/split.h"

using namespace caddie;

TEST_CASE("The split holds out the tail of each input", "[data]") {
  TailSplit split(0.25);
  for (const char* document : {"aaaa", "bbbb", "cccc", "dd", "ee"})
    split.survey(document);  // quota 4 of 16 bytes
  split.end_input();
  for (const char* document : {"ffff", "gggg"}) split.survey(document);  // quota 2 of 8: nothing fits
  split.end_input();
  for (const char* document : {"hhhh", "dd"}) split.survey(document);  // quota 1.5 of 6, and the 2 left over
  split.end_input();
  CHECK(split.held_out() == 3);
  auto side = [&](size_t input, int64_t index, const char* text) {
    return split.side(input, index, digest_of(text));
  };
  CHECK(side(0, 0, "aaaa") == Side::kTrain);
  CHECK(side(0, 2, "cccc") == Side::kTrain);
  CHECK(side(0, 3, "dd") == Side::kValidation);
  CHECK(side(0, 4, "ee") == Side::kValidation);
  CHECK(side(1, 1, "gggg") == Side::kTrain);
  CHECK(side(2, 0, "hhhh") == Side::kTrain);
  CHECK(side(2, 1, "dd") == Side::kValidation);
  CHECK(side(1, 0, "ee") == Side::kDropped);
}
