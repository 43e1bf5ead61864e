// SPDX-License-Identifier: Apache-2.0
// Where several arms are tested at once, p is adjusted by the joint distribution of their statistics under
// the null, so that the chance of any false claim in the whole sweep is alpha.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// Returns the chance under the null that one of the arms `among` has a p at least as small as `arm` has.
using JointP = std::function<double(size_t arm, const std::vector<size_t>& among)>;

/// Returns p adjusted for all arms, at least as large as it was; unknown ones stay unknown and do not count.
/// With `step_down` the arm with the smallest p is held against all, the next one against those that are
/// left, and so on (Holm's order); otherwise each is held against all.
std::vector<double> adjusted(std::span<const double> p, bool step_down, const JointP& joint);

/// Adjusts for arms whose dependence is not known by Bonferroni's bound, in Holm's order.
std::vector<double> holm(std::span<const double> p);

/// Returns Sidak's adjustment, for arms that share no runs. `p` must outlive it.
JointP independent(std::span<const double> p);

/// Compares arms with one baseline, all with the same variance, by the joint distribution of Dunnett (1955).
class Dunnett {
 public:
  /// `arms` holds the number of seeds of each arm; `baseline` is the baseline's and may be infinite; `df`
  /// belongs to the pooled variance.
  Dunnett(std::span<const int64_t> arms, double baseline, double df);
  /// Returns the chance under the null that any arm has a statistic at least as extreme as `t`.
  double p(double t, Tail tail) const;
  /// Returns the t that some arm exceeds with chance `alpha`; for two sides some |t| does.
  double critical(double alpha, Tail tail) const;

 private:
  double inside(double limit, bool two_sided) const;
  /// Counts the arms that have one number of seeds.
  struct Group {
    double common;  // the correlation of a statistic with the baseline's noise
    int count;
  };
  std::vector<Group> groups_;
  double df_;
};

/// Compares arms whose differences from a baseline come in pairs, seed by seed. Whatever the arms have in
/// common, a rotation of the seeds leaves the distribution of normal differences as it is under the null, so
/// turning the data at random shows the joint distribution of their t (Langsrud 2005). The turns are the same
/// at each call.
class Rotations {
 public:
  /// `differences` are ordered by arm, then seed; every arm has all seeds. Under the null their means are 0.
  Rotations(std::span<const std::vector<double>> differences, Tail tail, int turns = 9999);
  /// Returns the chance that a JointP returns, at the t that the arm was observed to have.
  double p(size_t arm, const std::vector<size_t>& among) const;
  /// Returns the t that some arm exceeds with chance `alpha`; for two sides some |t| does.
  double critical(double alpha) const;

 private:
  size_t turns() const;

  std::vector<float> extremes_;   // by turn, then arm: how far t lies on the side that counts
  std::vector<double> observed_;  // by arm
};

}  // namespace caddie
