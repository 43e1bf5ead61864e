// SPDX-License-Identifier: Apache-2.0
// Where the time of forward and backward passes goes, by part of the model.
#pragma once

#include <string>
#include <vector>

namespace caddie {

/// Seconds of all threads together that one part took since profiling began.
struct PartTime {
  std::string part;
  double forward = 0, backward = 0;
};

/// Starts anew, or stops. Only while no pass is running.
void set_profiling(bool on);
/// The parts, longest first. Only while no pass is running.
std::vector<PartTime> profile();

/// Charges the calling thread's time to `part` for as long as the scope lives; scopes nest, and time belongs
/// to the innermost. `part` must outlive the profile. Costs next to nothing while profiling is off.
class PartScope {
 public:
  explicit PartScope(const char* part);
  ~PartScope();
  PartScope(const PartScope&) = delete;
  PartScope& operator=(const PartScope&) = delete;

 private:
  const char* outer_;
};

/// The part of the innermost scope of this thread; null outside all.
const char* current_part();
/// Charges the backward time of this thread to `part` from now on; null ends it.
void enter_backward(const char* part);

}  // namespace caddie
