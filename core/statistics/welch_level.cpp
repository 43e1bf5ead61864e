// SPDX-License-Identifier: Apache-2.0
// The level is integrated over the samples' shares of the squares; curves by alpha are kept and interpolated.
#include "statistics/welch_level.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "statistics/compare.h"

namespace caddie {
namespace {

/// Returns the chance under the null that t lies beyond its critical value at Welch's degrees of freedom,
/// where the first sample's variance is `ratio` times the second's. The shares b and 1 - b that the samples
/// have of the sum of squares, in units of the true variances, follow a beta distribution and decide the
/// degrees of freedom; given them, t is a multiple of Student's t with n + m - 2. The integral over b uses
/// b = sin(angle)^2.
double level_at(double alpha, double n, double m, double ratio) {
  const int points = 24 + int(6 * std::sqrt(n + m));
  double f = n - 1, g = m - 1, truth = ratio / n + 1 / m, level = 0, weights = 0;
  for (int i = 0; i < points; ++i) {
    double angle = (i + 0.5) * M_PI / 2 / points;
    double b = std::sin(angle) * std::sin(angle);
    double weight = std::pow(std::sin(angle), f - 1) * std::pow(std::cos(angle), g - 1);
    if (weight < 1e-12) continue;
    double first = ratio * b / (f * n), second = (1 - b) / (g * m);
    double critical = critical_t(welch_df(first, n, second, m), alpha, Tail::greater);
    level += weight * p_of_t(critical * std::sqrt((f + g) * (first + second) / truth), f + g, Tail::greater);
    weights += weight;
  }
  return level / weights;
}

/// Returns the highest level over the ratios. It is alpha at both ends, where one of the variances is all
/// that counts, and smooth in between.
double highest_level(double alpha, double n, double m) {
  double most = alpha;
  for (double power = -6; power <= 6; power += 1)
    most = std::max(most, level_at(alpha, n, m, std::exp(power)));
  return std::min(most, 0.5);
}

/// Holds levels by alpha for one pair of seeds, both as logarithms, between which the curve is nearly
/// straight.
class Levels {
 public:
  Levels(double n, double m) {
    constexpr int kPlaces = 32;
    for (int i = 0; i < kPlaces; ++i) {
      alphas_.push_back(std::lerp(std::log(1e-9), std::log(0.5), double(i) / (kPlaces - 1)));
      levels_.push_back(std::log(highest_level(std::exp(alphas_.back()), n, m)));
    }
  }
  double level(double alpha) const { return std::exp(on_line(alphas_, levels_, std::log(alpha))); }
  double alpha(double level) const { return std::exp(on_line(levels_, alphas_, std::log(level))); }

 private:
  /// Interpolates linearly, and extrapolates beyond the ends along the outermost lines.
  static double on_line(const std::vector<double>& from, const std::vector<double>& to, double x) {
    auto above = std::upper_bound(from.begin() + 1, from.end() - 1, x);
    auto i = size_t(above - from.begin());
    return to[i - 1] + (x - from[i - 1]) * (to[i] - to[i - 1]) / (from[i] - from[i - 1]);
  }

  std::vector<double> alphas_, levels_;
};

/// Returns the levels for two numbers of seeds, which are computed the first time that they are asked for.
const Levels& levels_of(double n, double m) {
  static std::mutex mutex;
  static std::map<std::pair<double, double>, Levels> known;
  std::lock_guard<std::mutex> lock(mutex);
  // The level does not depend on which of the two samples comes first, nor much on seeds beyond these.
  std::pair<double, double> seeds(std::min({n, m, 200.0}), std::min(std::max(n, m), 200.0));
  auto found = known.find(seeds);
  if (found == known.end()) found = known.emplace(seeds, Levels(seeds.first, seeds.second)).first;
  return found->second;
}

/// Tells whether there are so many seeds that the level is alpha to within a hundredth of itself.
bool are_many(double n, double m) { return std::min(n, m) >= 60; }

}  // namespace

double welch_level(double alpha, double n, double m) {
  if (are_many(n, m) || alpha >= 0.5 || !(alpha > 0)) return alpha;
  return std::clamp(levels_of(n, m).level(alpha), alpha, 0.5);
}

double welch_alpha(double level, double n, double m) {
  if (are_many(n, m) || level >= 0.5) return level;
  return std::min(level, levels_of(n, m).alpha(level));
}

}  // namespace caddie
