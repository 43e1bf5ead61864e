// SPDX-License-Identifier: Apache-2.0
// The folder of a sweep whose runs are done, with scores that a test makes up.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "sweep/plan.h"

namespace caddie::testing {

/// Up to four arms, the first of them the baseline and the second called `+a, "b"`, with `bpb` by arm, then
/// seed. A score that is not finite is a run that is not done. Folders of runs are runs/ARM-SEED.
struct MadeUpSweep {
  explicit MadeUpSweep(const std::vector<std::vector<double>>& bpb);
  /// Makes the run in `folder` a finished one.
  void finish(const std::string& folder, size_t arm, size_t seed, double bpb) const;

  TemporaryFolder temporary;
  const std::filesystem::path& path = temporary.path();
  Plan plan;
};

}  // namespace caddie::testing
