// SPDX-License-Identifier: Apache-2.0
// Runs independent pieces of work on the one pool of threads.
#pragma once

#include <caddie/abi.h>

#include <type_traits>

namespace caddie {
namespace detail {
CADDIE_API void run_parallel(int count, void (*body)(void* context, int index), void* context);
}

/// Calls body(i) once for each i in [0, count), on the threads of the pool, in no order. The pieces must not
/// depend on each other; then the result does not depend on the number of threads. Returns when all are done;
/// the first exception is then rethrown. A call from inside a piece runs its pieces one after the other.
template <class Body>
void parallel_for(int count, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::run_parallel(
      count, [](void* context, int index) { (*static_cast<Plain*>(context))(index); },
      const_cast<std::remove_const_t<Plain>*>(&body));
}

/// Returns the number of threads of the pool, the caller included.
CADDIE_API int thread_count();
/// Sets the number of threads. It may be called only from the main thread, while no work is running. Throws
/// Error unless count >= 1.
CADDIE_API void set_thread_count(int count);

}  // namespace caddie
