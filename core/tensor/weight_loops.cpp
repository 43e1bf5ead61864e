// SPDX-License-Identifier: Apache-2.0
#include <caddie/weight_loops.h>

#include <algorithm>
#include <numeric>

namespace caddie {
namespace {

constexpr int64_t kChunk = 1 << 16;

}  // namespace

std::vector<int> detail::largest_first(std::span<const Weight> weights) {
  std::vector<int> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return weights[size_t(a)].value.numel() > weights[size_t(b)].value.numel();
  });
  return order;
}

std::vector<Chunk> detail::chunks_of(std::span<const Weight> weights) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < weights.size(); ++i) {
    int64_t count = weights[i].value.numel();
    int64_t size = weights[i].value.device() == Device::kCpu ? kChunk : count;
    for (int64_t begin = 0; begin < count; begin += size)
      chunks.push_back({int(i), begin, std::min(begin + size, count)});
  }
  return chunks;
}

}  // namespace caddie
