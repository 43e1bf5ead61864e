// SPDX-License-Identifier: Apache-2.0
// Tells which part and which layer of the model a thread is working on, and how much time the forward and
// backward passes spend in each part.
#pragma once

#include <string>
#include <vector>

namespace caddie {

/// Holds the seconds that one part took since profiling began, summed over all threads.
struct PartTime {
  std::string part;
  double forward = 0, backward = 0;
};

/// Starts profiling anew, or stops it. It may be called only while no pass is running.
void set_profiling(bool on);
/// Returns the parts, the longest first. It may be called only while no pass is running.
std::vector<PartTime> profile();

/// Charges the calling thread's time to `part` for as long as the scope lives; scopes nest, and time belongs
/// to the innermost. `part` must outlive the profile. It costs next to nothing while profiling is off.
class PartScope {
 public:
  explicit PartScope(const char* part);
  ~PartScope();
  PartScope(const PartScope&) = delete;
  PartScope& operator=(const PartScope&) = delete;

 private:
  const char* outer_;
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

/// Returns the layer of the innermost scope of this thread, or -1 outside of all layers.
int current_layer();
/// Returns the part of the innermost scope of this thread, or null outside of all scopes.
const char* current_part();
/// Charges the backward time of this thread to `part` from now on; null ends it.
void enter_backward(const char* part);

}  // namespace caddie
