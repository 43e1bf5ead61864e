// SPDX-License-Identifier: Apache-2.0
// A layout that is so plain that a test can say each byte that it writes.
#pragma once

#include <caddie/error.h>
#include <caddie/export_slots.h>

#include <string>
#include <string_view>
#include <vector>

namespace caddie::testing {

/// Writes all integers one after the other, backwards.
struct Backwards final : Layout {
  std::string arrange(std::span<const NamedArray> arrays) const override {
    std::string all;
    for (const NamedArray& one : arrays) all += one.array->bytes;
    return {all.rbegin(), all.rend()};
  }
  std::vector<std::string> restore(std::string_view bytes,
                                   std::span<const NamedArray> arrays) const override {
    std::string all(bytes.rbegin(), bytes.rend());
    std::vector<std::string> restored;
    size_t at = 0;
    for (const NamedArray& one : arrays) {
      auto size = size_t(one.array->shape.numel());
      check(size <= all.size() - at, "backwards: the integers are truncated");
      restored.push_back(all.substr(at, size));
      at += size;
    }
    check(at == all.size(), "backwards: {} bytes are left", all.size() - at);
    return restored;
  }
};

}  // namespace caddie::testing
