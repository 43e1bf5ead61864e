// SPDX-License-Identifier: Apache-2.0
// Says in which part and which layer of the model a thread is working.
#pragma once

#include "base/at_work.h"

namespace caddie {

/// Says that the calling thread works on `part` for as long as the scope lives, and charges its time there.
/// Scopes nest, and time belongs to the innermost. `part` must outlive the profile.
class PartScope {
 public:
  explicit PartScope(const char* part);
  ~PartScope();
  PartScope(const PartScope&) = delete;
  PartScope& operator=(const PartScope&) = delete;

 private:
  const char* outer_;
  AtWork work_;  // The core itself is at work, unless a technique's call is inside.
};

/// Says that the calling thread works on a layer for as long as the scope lives; scopes nest.
class LayerScope {
 public:
  explicit LayerScope(int layer);
  ~LayerScope();
  LayerScope(const LayerScope&) = delete;
  LayerScope& operator=(const LayerScope&) = delete;

 private:
  int outer_;
};

/// Returns the part of the innermost scope of this thread, or null outside of all scopes.
const char* current_part();

}  // namespace caddie
