// SPDX-License-Identifier: Apache-2.0
// Several arms that share a baseline are compared by Welch's test, with the joint distribution of their
// statistics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/compare.h"

namespace caddie {

/// Simulates sweeps whose arms do not differ from the baseline. Equal arguments give the same sweeps.
class WelchNulls {
 public:
  /// Holds sweeps that share one true ratio of the arms' variance to the baseline's.
  struct Sweeps {
    std::vector<double> ratios;  // each is estimated from its sweep's own seeds
    std::vector<float> scores;   // by sweep, then arm: a standard normal value as likely as the arm's t
  };
  /// Holds Welch's statistic of one arm in one sweep.
  struct Statistic {
    double t, df;
    double error;  // the estimated standard error
  };
  /// `arms` holds the number of seeds of each arm and `baseline` that of the baseline; all are at least 2.
  WelchNulls(std::span<const int64_t> arms, int64_t baseline);
  size_t arms() const { return arms_; }
  /// Returns the sweeps in which all variances are equal.
  const Sweeps& equal() const { return equal_; }
  /// Returns fewer sweeps for each ratio e^k, where k rises from -kWidest to kWidest.
  std::span<const Sweeps> unequal() const { return unequal_; }
  static constexpr int kWidest = 4;
  /// Returns the first arm's statistic in the first of the sweeps of equal variances, where every SD is 1.
  std::span<const Statistic> first_arm() const { return first_arm_; }

 private:
  size_t arms_;
  Sweeps equal_;
  std::vector<Sweeps> unequal_;
  std::vector<Statistic> first_arm_;
};

/// Compares arms that have variances of their own with one baseline. Their statistics rise and fall together,
/// the more the noisier the baseline is, and its noise must be estimated from few seeds. Null sweeps show,
/// for every ratio of an arm's variance to the baseline's, which limit some arm passes with chance alpha. The
/// limit at the estimated ratio is then moved until sweeps of equal variances, each judged by its own
/// estimate, pass it with chance alpha (prepivoting, Beran 1987).
///
/// In 20,000 sweeps of 2 to 8 arms at 3, 5 and 10 seeds that keeps alpha within half a percentage point where
/// all SDs are equal, and at 5 and 10 seeds also where one arm's or the baseline's is 1.5 times the others'.
/// At 3 seeds up to 5.7% then stand for 5%, and 1.5% for 1%. Where SDs differ by a factor of 2, up to 6.3% at
/// 3 seeds and 5.8% at 5.
class WelchFamily {
 public:
  /// `nulls` must outlive it. `alpha` is the chance at which the limit is exact.
  WelchFamily(const WelchNulls& nulls, double alpha, Tail tail);

  /// Returns the chance under the null that one of the arms `among` has a statistic as extreme as `t` at
  /// `df`. `ratio` is what variance_ratio finds for all arms.
  double p(double t, double df, double ratio, const std::vector<size_t>& among) const;

  /// Returns the t at `df` that counts as much as the limit which any arm passes with chance alpha; not below
  /// 0.
  double critical(double df, double ratio) const;

  /// Returns, for each of some thousand sweeps whose SDs are all 1, the smallest difference with which the
  /// first arm would be found, in rising order. The share of them below a difference is the power to find it.
  std::vector<double> found_from() const;

 private:
  /// Returns the most extreme score of some arms in each sweep.
  std::vector<double> extremes(const WelchNulls::Sweeps& sweeps, const std::vector<size_t>& among) const;
  /// Returns the score that one of some arms passes with chance alpha, for each of the unequal ratios.
  std::vector<double> limits(const std::vector<size_t>& among) const;
  /// Returns by how much the most extreme score of some arms passes the limit in each sweep of equal
  /// variances.
  std::vector<double> excesses(const std::vector<size_t>& among, std::span<const double> limits) const;

  const WelchNulls& nulls_;
  double alpha_;
  Tail tail_;
  std::vector<double> limits_;  // what limits() returns for all arms
  double margin_ = 0;           // what is added to each of limits_
};

/// Returns the arms' pooled variance divided by the baseline's.
double variance_ratio(std::span<const Sample> arms, const Sample& baseline);

}  // namespace caddie
