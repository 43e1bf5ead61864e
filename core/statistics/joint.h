// SPDX-License-Identifier: Apache-2.0
// Several arms tested at once: the joint distribution of their statistics under the null, and p adjusted by
// it so that the chance of any false claim in the whole sweep is alpha.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// Chance under the null that one of the arms `among` has a p at least as small as `arm` has.
using JointP = std::function<double(size_t arm, const std::vector<size_t>& among)>;

/// P adjusted for all arms, at least as large as it was; unknown ones stay unknown and do not count.
/// `step_down`: the arm with the smallest p is held against all, the next one against those that are left,
/// and so on (Holm's order); otherwise each is held against all.
std::vector<double> adjusted(std::span<const double> p, bool step_down, const JointP& joint);

/// Of arms whose dependence is not known: Bonferroni's bound, so that step_down is Holm's adjustment.
std::vector<double> holm(std::span<const double> p);

/// Sidak's adjustment, for arms that share no runs.
JointP independent(std::span<const double> p);

/// Arms compared with one baseline, all with the same variance: the joint distribution of Dunnett (1955).
class Dunnett {
 public:
  /// `arms`: seeds of each arm; `baseline`: of the baseline, may be infinite; `df`: of the pooled variance.
  Dunnett(std::span<const int64_t> arms, double baseline, double df);
  /// Chance under the null that any arm has a statistic at least as extreme as `t`.
  double p(double t, Tail tail) const;
  /// The t that is exceeded with chance `alpha`; for two sides by |t|.
  double critical(double alpha, Tail tail) const;

 private:
  double inside(double limit, bool two_sided) const;
  struct Group {
    double common;  // share of the baseline's noise in the statistic
    int count;
  };
  std::vector<Group> groups_;
  double df_;
};

/// Arms whose differences from a baseline come in pairs, seed by seed. Whatever the arms have in common, a
/// rotation of the seeds leaves the distribution of normal differences as it is under the null, so turning
/// the data at random shows the joint distribution of their t (Langsrud 2005). The turns are the same at each
/// call.
class Rotations {
 public:
  /// `differences`: by arm, then seed; every arm has all seeds. Under the null their means are 0.
  Rotations(std::span<const std::vector<double>> differences, Tail tail, int turns = 9999);
  /// Returns what a JointP returns.
  double p(size_t arm, const std::vector<size_t>& among) const;
  /// The t that any arm exceeds with chance `alpha`.
  double critical(double alpha) const;

 private:
  std::vector<std::vector<float>> extremes_;  // by arm, then turn: how far t lies on the side that counts
  std::vector<double> observed_;
};

}  // namespace caddie
