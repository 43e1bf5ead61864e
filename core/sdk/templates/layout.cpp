// SPDX-License-Identifier: Apache-2.0
// Writes every `apart`-th integer of an array, beginning with the first; then likewise from the second on.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

struct NewPlugin final : Layout {
  int apart = 64;

  void settings(Settings& s) override {
    s("apart", apart, "how far apart in the array neighbours in the file stand", between(1, 65535));
  }
  // The first two bytes say what `apart` was, since restore() may be asked of an object with other settings.
  std::string arrange(std::span<const NamedArray> arrays) const override {
    std::string out = {char(apart & 255), char(apart >> 8)};
    for (const NamedArray& one : arrays)
      for (size_t first = 0; first < size_t(apart); ++first)
        for (size_t i = first; i < one.array->bytes.size(); i += size_t(apart)) out += one.array->bytes[i];
    return out;
  }
  std::vector<std::string> restore(std::string_view bytes,
                                   std::span<const NamedArray> arrays) const override {
    check(bytes.size() >= 2, "the integers are damaged: their head is missing");
    size_t step = size_t(uint8_t(bytes[0])) + 256 * size_t(uint8_t(bytes[1])), at = 2;
    check(step > 0, "the integers are damaged: they stand 0 apart");
    std::vector<std::string> all;
    for (const NamedArray& one : arrays) {
      auto size = size_t(one.array->shape.numel());
      check(size <= bytes.size() - at, "the integers are damaged: those of {} are cut off", one.weight);
      std::string& array = all.emplace_back(size, '\0');
      for (size_t first = 0; first < step; ++first)
        for (size_t i = first; i < size; i += step) array[i] = bytes[at++];
    }
    check(at == bytes.size(), "the integers are damaged: there are more than those of the weights");
    return all;
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Integers with others between them side by side.", .source = "fill in");
