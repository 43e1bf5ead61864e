// SPDX-License-Identifier: Apache-2.0
// Measures how much time the forward and backward passes spend in each part of the model.
#pragma once

#include <string>
#include <vector>

namespace caddie {

/// Holds the seconds that one part took since profiling began, summed over all threads.
struct PartTime {
  std::string part;
  double forward = 0, backward = 0;
};

/// Starts profiling, or stops it; both discard all times measured so far. It may be called only while no pass
/// is running.
void set_profiling(bool on);
/// Returns the parts, the longest first. It may be called only while no pass is running.
std::vector<PartTime> profile();

/// Charges the time of this thread to the forward or the backward pass of `part` from now on; null ends it.
/// `part` must outlive the profile. Both cost next to nothing while profiling is off.
void charge_forward(const char* part);
void charge_backward(const char* part);

}  // namespace caddie
