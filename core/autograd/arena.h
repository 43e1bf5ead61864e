// SPDX-License-Identifier: Apache-2.0
// Holds the memory of one micro-batch: it is handed out by moving a pointer, given back all at once, and kept
// for the next micro-batch.
#pragma once

#include <caddie/tensor.h>

#include <cstddef>
#include <vector>

namespace caddie {

/// Hands out memory of one device. It must not be used by several threads at once.
class Arena {
 public:
  explicit Arena(Device device) : device_(device) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Returns memory that is aligned to 64 bytes, not filled, and valid until reset() or a rewind() before it.
  void* allocate(size_t bytes);
  /// Gives all memory back to the arena.
  void reset() { rewind({}); }
  /// Marks a point to which rewind() returns by giving back all that was handed out after it.
  struct Mark {
    size_t chunk = 0, used = 0;
  };
  Mark mark() const { return {chunk_, used_}; }
  void rewind(const Mark& mark) {
    chunk_ = mark.chunk;
    used_ = mark.used;
  }
  /// Returns the bytes that are handed out, with what was left over at the ends of full chunks.
  size_t used_bytes() const;
  /// Returns the bytes that the arena holds, whether they are handed out or not.
  size_t reserved_bytes() const;

 private:
  struct Chunk {
    char* memory;
    size_t bytes;
  };
  Device device_;
  std::vector<Chunk> chunks_;
  size_t chunk_ = 0, used_ = 0;
};

}  // namespace caddie
