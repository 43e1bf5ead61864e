// SPDX-License-Identifier: Apache-2.0
// Long work says now and then that it goes on, so that work which hangs can be told from work which is slow.
#pragma once

#include <cstdint>

namespace caddie {

/// Says that a piece of work was finished, such as a micro-batch or some windows. Any thread may call it.
void beat();
/// Returns how often beat() was called.
int64_t beats();

/// Says that such pieces are being worked at, for as long as the scope lives; scopes nest.
class BeatingWork {
 public:
  BeatingWork();
  ~BeatingWork();
  BeatingWork(const BeatingWork&) = delete;
  BeatingWork& operator=(const BeatingWork&) = delete;
};

/// Returns whether a BeatingWork lives.
bool is_beating();

}  // namespace caddie
