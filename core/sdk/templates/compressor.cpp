// SPDX-License-Identifier: Apache-2.0
// Writes runs of one byte as that byte and the length of the run, other bytes as they are.
//   mark       once, at the start
//   c          any byte but the mark
//   mark c n   n times c, with n up to 255, where n is worth it or c is the mark
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

constexpr char kMark = '\x7f';

struct NewPlugin final : Compressor {
  int shortest = 4;

  void settings(Settings& s) override {
    s("shortest", shortest, "bytes of the shortest run that is written as one", between(4, 255));
  }
  std::string compress(std::string_view bytes) override {
    std::string out(1, kMark);
    for (size_t i = 0, run = 0; i < bytes.size(); i += run) {
      for (run = 1; run < 255 && i + run < bytes.size() && bytes[i + run] == bytes[i];) ++run;
      if (bytes[i] == kMark || run >= size_t(shortest))
        out += {kMark, bytes[i], char(run)};
      else
        out.append(run, bytes[i]);
    }
    return out;
  }
  std::string expand(std::string_view bytes, size_t size) const override {
    check(bytes.starts_with(kMark), "the data is damaged: it does not begin with the mark");
    std::string out;
    for (size_t i = 1; i < bytes.size(); ++i) {
      bool run = bytes[i] == kMark;
      check(!run || i + 2 < bytes.size(), "the data is damaged: a run is cut off at byte {}", i);
      out.append(run ? uint8_t(bytes[i + 2]) : 1, bytes[run ? i + 1 : i]);
      check(out.size() <= size, "the data is damaged: it holds more than {} bytes", size);
      if (run) i += 2;
    }
    check(out.size() == size, "the data is damaged: {} bytes, not {}", out.size(), size);
    return out;
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Runs of one byte by their length.", .source = "fill in");
