// SPDX-License-Identifier: Apache-2.0
// Runs loops over many weights, whole or in pieces, on the threads of the pool.
#pragma once

#include <caddie/parallel.h>
#include <caddie/weights.h>

#include <span>
#include <vector>

namespace caddie {

/// Names the elements [begin, end) of one weight, given by its index in the list that is worked on.
struct Chunk {
  int weight;
  int64_t begin, end;
};

namespace detail {
CADDIE_API std::vector<int64_t> sizes_of(std::span<const Weight> weights);
}  // namespace detail

/// Returns the indices of `sizes`, those of the largest first; of equal ones the earlier comes first.
CADDIE_API std::vector<int> largest_first(std::span<const int64_t> sizes);
/// Cuts weights that have `sizes` elements into pieces of bounded size on the CPU; elsewhere they stay whole.
CADDIE_API std::vector<Chunk> chunks_of(std::span<const int64_t> sizes, Device device);

/// Gives each weight that has none yet a tensor of its shape on its device, filled with zeros. `tensors` is
/// in the order of the weights.
CADDIE_API void add_zeros(std::span<const Weight> weights, std::vector<Tensor>& tensors);

/// Calls body(i) once for the index i of each weight; the pool takes the largest first, so that threads end
/// together.
template <class Body>
void for_weights(std::span<const Weight> weights, Body&& body) {
  std::vector<int> order = largest_first(detail::sizes_of(weights));
  parallel_for(int(order.size()), [&](int at) { body(order[size_t(at)]); });
}

/// Calls body(chunk) so that each element of each weight lies in one chunk, for elementwise updates. All
/// weights must lie on one device.
template <class Body>
void for_chunks(std::span<const Weight> weights, Body&& body) {
  if (weights.empty()) return;
  std::vector<Chunk> chunks = chunks_of(detail::sizes_of(weights), weights[0].value.device());
  parallel_for(int(chunks.size()), [&](int at) { body(chunks[size_t(at)]); });
}

}  // namespace caddie
