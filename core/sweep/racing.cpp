// SPDX-License-Identifier: Apache-2.0
// Levels come from sweeps that are simulated under the null hypothesis; standings come from one look after
// the other.
#include "sweep/racing.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <random>

namespace caddie {
namespace {

namespace bm = boost::math;

double normal_quantile(double p) { return bm::quantile(bm::normal(), p); }
double normal_tail(double z) { return bm::cdf(bm::complement(bm::normal(), z)); }

/// Simulates many sweeps under the null hypothesis, look by look. It keeps the sum of each arm's scores, and
/// the squared deviations within all arms.
class NullSweeps {
 public:
  NullSweeps(size_t sweeps, int64_t claimed, int64_t arms)
      : claimed_(size_t(claimed)), arms_(size_t(arms)), sums_(sweeps * arms_), squares_(sweeps) {}

  /// Draws scores until each arm has `seeds`. Returns the largest t of the claimed arms, for each sweep.
  std::vector<double> look(int64_t seeds) {
    auto before = double(seeds_), added = double(seeds - seeds_), now = double(seeds);
    auto arms = double(arms_), df = arms * (now - 1);
    std::normal_distribution<double> normal(0, std::sqrt(added));
    std::gamma_distribution<double> half_chi_squared(arms * (added - 1) / 2);
    std::vector<double> largest(squares_.size());
    for (size_t sweep = 0; sweep < squares_.size(); ++sweep) {
      double* sum = &sums_[sweep * arms_];
      double& squares = squares_[sweep];
      if (added > 1) squares += 2 * half_chi_squared(random_);
      for (size_t arm = 0; arm < arms_; ++arm) {
        double block = normal(random_);
        if (before > 0) squares += std::pow(block / added - sum[arm] / before, 2) * added * before / now;
        sum[arm] += block;
      }
      double best = *std::max_element(sum + 1, sum + 1 + claimed_);
      largest[sweep] = (best - sum[0]) / now / std::sqrt(squares / df * 2 / now);
    }
    seeds_ = seeds;
    return largest;
  }

 private:
  size_t claimed_, arms_;
  std::vector<double> sums_, squares_;  // Sums are indexed by sweep, then arm; squares by sweep.
  int64_t seeds_ = 0;
  std::mt19937_64 random_{1};
};

/// Returns the largest t of the claimed arms in each null sweep, look by look.
std::vector<std::vector<double>> null_statistics(const Race& race, int64_t claimed, int64_t arms) {
  // More sweeps than this change levels by less than a hundredth of a percentage point.
  auto count = size_t(std::clamp(1e7 / double(arms * int64_t(race.looks.size())), 5e4, 2e5));
  NullSweeps sweeps(count, claimed, arms);
  std::vector<std::vector<double>> statistics;
  for (const Look& look : race.looks) statistics.push_back(sweeps.look(look.seeds));
  return statistics;
}

/// Places Look::proved_at of each look so that a share of the null sweeps, what the look may spend of alpha,
/// makes its first claim there.
void set_efficacy_bounds(Race& race, int64_t claimed, int64_t arms,
                         const std::vector<std::vector<double>>& null_statistics) {
  constexpr size_t kFew = 20;  // Fewer sweeps do not place a quantile; then Bonferroni's level is as good.
  size_t count = null_statistics.front().size();
  std::vector<bool> over(count, false);  // whether each sweep made a claim at an earlier look
  double before = 0;
  for (size_t k = 0; k < race.looks.size(); ++k) {
    Look& look = race.looks[k];
    const std::vector<double>& t = null_statistics[k];
    double information = double(look.seeds) / double(race.looks.back().seeds);
    double now = spent(race.spending, race.alpha, information), share = now - before;
    before = now;
    std::vector<double> running;
    for (size_t i = 0; i < count; ++i)
      if (!over[i]) running.push_back(t[i]);
    auto beyond = size_t(std::llround(share * double(count)));
    double df = double(arms * (look.seeds - 1)), limit = 0;
    if (beyond < kFew) {
      look.proved_at = share / double(claimed);
      limit = critical_t(df, look.proved_at, Tail::greater);
    } else {
      std::nth_element(running.begin(), running.begin() + long(beyond), running.end(), std::greater<>());
      limit = running[beyond];
      look.proved_at = p_of_t(limit, df, Tail::greater);
    }
    for (size_t i = 0; i < count; ++i) over[i] = over[i] || t[i] > limit;
  }
}

/// Returns the p from which on an arm is given up: its predictive power is below Race::futility, or its
/// interval excludes the margin.
double futile_p(const Race& race, const Look& look) {
  double share = double(look.seeds) / double(race.looks.back().seeds);
  double excluded = 1 - look.proved_at;  // From here on the interval excludes the margin.
  if (share >= 1 || !(race.futility > 0)) return excluded;
  double goal = normal_quantile(1 - race.looks.back().proved_at);
  double z = goal * std::sqrt(share) + std::sqrt(1 - share) * normal_quantile(race.futility);
  return std::min(excluded, normal_tail(z));
}

/// Sets Look::refuted_at of each look, whose efficacy bounds are set.
void set_futility_bounds(Race& race) {
  for (Look& look : race.looks) look.refuted_at = futile_p(race, look);
}

/// Follows one race from look to look: which arms take part, and what each look says of them.
class SequentialAnalysis {
 public:
  SequentialAnalysis(const Race& race, const Hypothesis& hypothesis, std::span<const ArmScores> arms)
      : race_(race), hypothesis_(hypothesis), arms_(arms), standings_(arms.size()) {
    for (size_t arm = 0; arm < arms.size(); ++arm) standings_[arm].wants_seeds = true;
  }

  std::vector<Standing> run() {
    for (const Look& look : race_.looks) {
      leave_out_failed(look);
      if (!is_ready(look)) break;
      hold(look);
    }
    return std::move(standings_);
  }

 private:
  void leave_out_failed(const Look& look) {
    for (size_t arm = 1; arm < arms_.size(); ++arm)
      if (arms_[arm].failed_at < look.seeds) standings_[arm].wants_seeds = false;
  }

  bool is_ready(const Look& look) const {
    bool anyone = false;
    for (size_t arm = 0; arm < arms_.size(); ++arm) {
      if (!standings_[arm].wants_seeds) continue;
      anyone = anyone || arms_[arm].claimed;
      if (int64_t(arms_[arm].scores.size()) < look.seeds) return false;
      for (double score : first(arm, look.seeds))
        if (!std::isfinite(score)) return false;
    }
    return anyone;
  }

  std::span<const double> first(size_t arm, int64_t seeds) const {
    return std::span(arms_[arm].scores).first(size_t(seeds));
  }

  void hold(const Look& look) {
    std::vector<Sample> samples;
    for (size_t arm = 0; arm < arms_.size(); ++arm) {
      if (standings_[arm].wants_seeds) standings_[arm].seeds = look.seeds;
      samples.push_back(summarize(first(arm, standings_[arm].seeds)));
    }
    PooledVariance pooled = pool(samples);
    bool goes_on = false;
    for (size_t arm = 1; arm < arms_.size(); ++arm) {
      Standing& standing = standings_[arm];
      if (!standing.wants_seeds) continue;
      standing.at_look = pooled_test(samples[arm], samples[0], pooled, hypothesis_);
      standing.at_look.reach(critical_t(pooled.df, look.proved_at, Tail::greater));
      if (arms_[arm].claimed) standing.end = verdict(standing.at_look.p, look);
      standing.wants_seeds = arms_[arm].claimed && standing.end == RaceEnd::open;
      goes_on = goes_on || standing.wants_seeds;
    }
    standings_[0].wants_seeds = goes_on;
  }

  RaceEnd verdict(double p, const Look& look) const {
    if (p <= look.proved_at) return RaceEnd::proved;
    if (p >= look.refuted_at) return RaceEnd::refuted;
    return &look == &race_.looks.back() ? RaceEnd::undecided : RaceEnd::open;
  }

  const Race& race_;
  const Hypothesis& hypothesis_;
  std::span<const ArmScores> arms_;
  std::vector<Standing> standings_;
};

}  // namespace

double spent(std::string_view spending, double alpha, double information) {
  if (information >= 1) return alpha;
  if (spending == "pocock") return alpha * std::log1p((std::exp(1.0) - 1) * information);
  return 2 * normal_tail(normal_quantile(1 - alpha / 2) / std::sqrt(information));
}

void calibrate(Race& race, int64_t claimed, int64_t arms, bool jointly) {
  if (!jointly) claimed = 1;
  set_efficacy_bounds(race, claimed, arms, null_statistics(race, claimed, arms));
  set_futility_bounds(race);
}

std::string_view name_of(RaceEnd end) {
  switch (end) {
    case RaceEnd::open:
      return "open";
    case RaceEnd::proved:
      return "proved";
    case RaceEnd::refuted:
      return "refuted";
    case RaceEnd::undecided:
      return "undecided";
  }
  return "";
}

std::vector<Standing> stand(const Race& race, const Hypothesis& hypothesis, std::span<const ArmScores> arms) {
  return SequentialAnalysis(race, hypothesis, arms).run();
}

RaceForecast forecast(const Race& race, int64_t arms, double effect, int sweeps) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  auto seeds = size_t(race.looks.back().seeds);
  std::vector<ArmScores> simulated(size_t(arms), ArmScores{std::vector<double>(seeds), true});
  simulated[0].claimed = false;
  RaceForecast found;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (size_t arm = 0; arm < simulated.size(); ++arm)
      for (double& score : simulated[arm].scores) score = normal(random) - (arm == 1 ? effect : 0);
    std::vector<Standing> standings = stand(race, {Tail::less}, simulated);
    found.power += standings[1].end == RaceEnd::proved;
    found.mean_seeds += double(standings.back().seeds);
  }
  found.power /= sweeps;
  found.mean_seeds /= sweeps;
  return found;
}

}  // namespace caddie
