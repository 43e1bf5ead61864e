// SPDX-License-Identifier: Apache-2.0
// What earlier runs tell of a sweep that is planned: noise and time.
#pragma once

#include <string>

#include "cli/outlook.h"
#include "statistics/compare.h"
#include "sweep/plan.h"

namespace caddie {

struct Experience {
  double sd = kUnknown, df = 0;
  KnownTimes times;
  std::string source;
  double paired_sd = kUnknown;  // of differences between arms of one training
  std::string paired_source;
};

/// From the runs of the sweep itself, else from those of caddie noise on its base.
Experience experience(const Plan& plan);

/// Looks for pairs in all sweeps on the same base; those with the most degrees of freedom count.
void learn_pairs(Experience& e, const Plan& plan);

}  // namespace caddie
