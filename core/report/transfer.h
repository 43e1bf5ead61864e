// SPDX-License-Identifier: Apache-2.0
// A transfer compares what two sweeps say of the same arms, a small one and a big one: of two sizes, two
// budgets or two machines. Does the small one order the arms as the big one does?
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "report/ablation.h"
#include "statistics/rank_agreement.h"

namespace caddie {

/// Holds what one sweep says of an arm.
struct ArmInSweep {
  Sample sample;
  /// This is the two-sided test of the difference from the baseline, with its 95 % interval, of this arm
  /// alone: paired by checkpoint where both come from the same trainings, else with the pooled variance, or
  /// Welch's where the SDs of the sweep's arms differ. It is empty for the baseline.
  Comparison against_baseline;
};

/// Holds what both sweeps say of an arm.
struct TransferredArm {
  std::string label;
  ArmInSweep small, big;
  /// Tells whether the difference from the baseline has one sign in the small sweep and the other in the big.
  bool flips = false;
  /// This is the p of the flip where there is one: that it is real needs both differences to be, so it is the
  /// larger p of the two (an intersection-union test), adjusted by Holm for all arms.
  double p_flip = kUnknown;
};

/// Names an arm that is not compared, and says why.
struct ArmLeftOut {
  std::string label, reason;
};

/// Holds the comparison of two sweeps.
struct Transfer {
  static constexpr double kConfidence = 0.95;  // that the interval of tau holds the truth
  std::string metric, baseline;
  std::vector<TransferredArm> arms;  // the arms that are compared, in the small sweep's order
  double tau = kUnknown;             // Kendall's tau-b of the arms' means, the baseline's among them
  double p = kUnknown;               // the two-sided p of no agreement between the ranks
  int64_t pairs = 0;                 // the pairs of arms
  /// These are 95 % bounds of the tau of the true means. A pair is settled where the interval of its
  /// difference leaves out 0 in both sweeps, with Bonferroni's correction for all pairs of both.
  TrueTau truth;
  std::vector<ArmLeftOut> refused;    // the arms that were inactive in the small sweep
  std::vector<ArmLeftOut> unmatched;  // the arms that only one sweep has, or has finished runs of
  std::vector<std::string> changed;   // what differs between the sweeps, such as "model.dim: 128 -> 256"
  std::vector<std::string> notes;     // what people should know before believing it
};

/// Compares two analyses that have the same baseline, by a metric of the runs. Throws Error (kUsage) when
/// fewer than two arms can be compared, which names those that were left out.
Transfer transfer(const Ablation& small, const Ablation& big, const std::string& metric);

/// Returns the comparison for people, and for machines.
std::string text_of(const Transfer& transfer);
Json json_of(const Transfer& transfer);

}  // namespace caddie
