// SPDX-License-Identifier: Apache-2.0
// Checks whether the techniques of an experiment go together, as far as their plugins' cards say, and as far
// as allocators depend on quantizers.
#pragma once

#include <caddie/error.h>

#include "base/exit_code.h"
#include "experiment/experiment.h"

namespace caddie {

/// Is thrown when techniques do not go together. A sweep leaves such a combination out.
class Misfit : public Error {
 public:
  explicit Misfit(const std::string& message) : Error(message, kUsage) {}
};

/// Throws Misfit naming the first technique that needs what no technique provides, or that conflicts with
/// what another one provides, and the first allocator that claims a weight whose quantizer gives all columns
/// the same bits.
void check_fit(const Experiment& experiment);

/// Returns whether another technique of the experiment says that no plugin of this part's kind is asked.
bool is_replaced(const Experiment& experiment, const Experiment::Part& part);

}  // namespace caddie
