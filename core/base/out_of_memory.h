// SPDX-License-Identifier: Apache-2.0
// An error of memory that is short gets the settings that would need less from the work that needs it.
#pragma once

#include <caddie/error.h>

#include <new>
#include <string>

namespace caddie {

/// Says that memory does not suffice; its message begins with "out of memory".
class OutOfMemory final : public Error {
 public:
  /// `advised` tells whether the message says what would need less.
  explicit OutOfMemory(const std::string& message, bool advised = false)
      : Error(message), advised_(advised) {}
  bool advised() const { return advised_; }

 private:
  bool advised_;
};

/// Returns what work() returns. When memory does not suffice for it, throws OutOfMemory that ends in
/// `advice`, which says what would need less; where calls are nested, that of the innermost one counts.
template <class Work>
auto with_memory_advice(const char* advice, Work work) {
  try {
    return work();
  } catch (const OutOfMemory& error) {
    if (error.advised()) throw;
    throw OutOfMemory(message("{}; {}", {error.what(), advice}), true);
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(message("out of memory; {}", {advice}), true);
  }
}

}  // namespace caddie
