// SPDX-License-Identifier: Apache-2.0
// Orders weights by size and splits them into chunks, so that the threads of an optimizer have equal work.
#include <caddie/weight_loops.h>

#include <algorithm>
#include <numeric>

namespace caddie {
namespace {

constexpr int64_t kChunk = 1 << 16;  // A chunk on the CPU has at most this many elements.

}  // namespace

std::vector<int64_t> detail::sizes_of(std::span<const Weight> weights) {
  std::vector<int64_t> sizes;
  for (const Weight& weight : weights) sizes.push_back(weight.value.numel());
  return sizes;
}

std::vector<int> largest_first(std::span<const int64_t> sizes) {
  std::vector<int> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return sizes[size_t(a)] > sizes[size_t(b)]; });
  return order;
}

std::vector<Chunk> chunks_of(std::span<const int64_t> sizes, Device device) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t size = device == Device::kCpu ? kChunk : sizes[i];
    for (int64_t begin = 0; begin < sizes[i]; begin += size)
      chunks.push_back({int(i), begin, std::min(begin + size, sizes[i])});
  }
  return chunks;
}

void add_zeros(std::span<const Weight> weights, std::vector<Tensor>& tensors) {
  for (size_t i = tensors.size(); i < weights.size(); ++i)
    tensors.emplace_back(weights[i].value.shape(), weights[i].value.device());
}

}  // namespace caddie
