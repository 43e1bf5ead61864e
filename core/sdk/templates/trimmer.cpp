// SPDX-License-Identifier: Apache-2.0
// Rounds the integers of quantized weights to even ones as long as the artifact is too large, array by array.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Trimmer {
  double share = 1;

  void settings(Settings& s) override {
    s("share", share, "part of the limit of bytes that is to be reached", between(0, 1));
  }
  void trim(Package& package) override {
    auto target = int64_t(share * double(package.limit_bytes()));
    for (const PackedWeight& weight : package.weights())
      for (Array& array : *weight.packed) {
        if (package.bytes() <= target) return;
        if (array.type != Type::kInt8 || array.name != "q") continue;
        for (char& c : array.bytes) c = char(c / 2 * 2);
      }
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Integers become even until the artifact fits.", .source = "fill in");
