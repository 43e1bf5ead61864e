// SPDX-License-Identifier: Apache-2.0
// Memory of one micro-batch: handed out by moving a pointer, given back all at once, kept for the next one.
#pragma once

#include <caddie/tensor.h>

#include <cstddef>
#include <vector>

namespace caddie {

class Arena {
 public:
  explicit Arena(Device device) : device_(device) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes);
  void reset() { rewind({}); }
  /// A place to go back to: all that was handed out after it is given back.
  struct Mark {
    size_t chunk = 0, used = 0;
  };
  Mark mark() const { return {chunk_, used_}; }
  void rewind(const Mark& mark) {
    chunk_ = mark.chunk;
    used_ = mark.used;
  }
  size_t used_bytes() const;
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
