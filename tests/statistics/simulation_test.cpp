// SPDX-License-Identifier: Apache-2.0
// The statistics held against 20,000 made-up sweeps whose truth is known: false positives come as often as
// alpha says, true differences are found as often as the power says. Run with: caddie-tests "[.simulation]",
// and with -s to see every rate.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "report/effects.h"
#include "statistics/compare.h"
#include "statistics/joint.h"
#include "statistics/power.h"
#include "statistics/welch_family.h"
#include "sweep/racing.h"

using namespace caddie;

namespace {

constexpr int kSweeps = 20000;
constexpr double kNoise = 0.0007;
constexpr double kHalfPoint = 0.005;

/// One made-up sweep: arms x seeds of scores, the first arm the baseline.
struct Scores {
  std::vector<std::vector<double>> arms;
  std::vector<Sample> samples() const {
    std::vector<Sample> all;
    for (const auto& arm : arms) all.push_back(summarize(arm));
    return all;
  }
};

struct Truth {
  size_t arms = 2, seeds = 3;
  double effect = 0;         // every arm but the baseline is better by so much
  double shared = 0;         // share of a seed's variance that all arms have in common
  double louder = 1;         // factor on the second arm's SD
  size_t better = SIZE_MAX;  // arms that are better; by default all
  double baseline = 1;       // factor on the baseline's SD
};

Scores draw(std::mt19937_64& random, const Truth& truth) {
  std::normal_distribution<double> normal(0, kNoise);
  std::vector<double> common(truth.seeds);
  for (double& value : common) value = normal(random) * std::sqrt(truth.shared);
  Scores scores;
  for (size_t arm = 0; arm < truth.arms; ++arm) {
    scores.arms.emplace_back();
    double own = std::sqrt(1 - truth.shared) * (arm == 0 ? truth.baseline : arm == 1 ? truth.louder : 1);
    double effect = arm > 0 && arm <= truth.better ? truth.effect : 0;
    for (size_t seed = 0; seed < truth.seeds; ++seed)
      scores.arms.back().push_back(1.2 + common[seed] + normal(random) * own - effect);
  }
  return scores;
}

using Finds = std::function<bool(const Scores&)>;

/// Share of sweeps for which `finds` holds.
double rate(const Truth& truth, const Finds& finds) {
  std::mt19937_64 random(20260101);
  int found = 0;
  for (int i = 0; i < kSweeps; ++i) found += finds(draw(random, truth));
  return double(found) / kSweeps;
}

Comparison pooled(const Scores& scores, size_t arm, const Question& question) {
  std::vector<Sample> samples = scores.samples();
  return pooled_test(samples[arm], samples[0], pool(samples), question);
}

Finds pooled_finds(const Question& question, double alpha) {
  return [=](const Scores& scores) { return pooled(scores, 1, question).p < alpha; };
}

Finds welch_finds(double alpha) {
  return [=](const Scores& scores) {
    std::vector<Sample> samples = scores.samples();
    return welch_test(samples[1], samples[0], {}).p < alpha;
  };
}

std::vector<std::vector<double>> differences(const Scores& scores) {
  std::vector<std::vector<double>> all;
  for (size_t arm = 1; arm < scores.arms.size(); ++arm) {
    all.push_back(scores.arms[arm]);
    for (size_t seed = 0; seed < all.back().size(); ++seed) all.back()[seed] -= scores.arms[0][seed];
  }
  return all;
}

}  // namespace

TEST_CASE("false positives of single comparisons", "[.simulation]") {
  for (double alpha : {0.01, 0.05}) {
    CAPTURE(alpha);
    CHECK(rate({4, 3}, pooled_finds({}, alpha)) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate({4, 3}, pooled_finds({Tail::less}, alpha)) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate({1, 3}, [&](const Scores& s) {
            return one_sample_test(summarize(s.arms[0]), 1.2, {Tail::less}).p < alpha;
          }) == Approx(alpha).margin(kHalfPoint));
    // One checkpoint: nearly all of the noise is that of the training, which both arms have in common.
    for (size_t seeds : {3, 5})
      CHECK(rate({2, seeds, 0, 0.97}, [&](const Scores& s) {
              return paired_test(s.arms[1], s.arms[0], {}).p < alpha;
            }) == Approx(alpha).margin(kHalfPoint));
  }
}

TEST_CASE("false positives of Welch's test", "[.simulation]") {
  for (double alpha : {0.01, 0.05}) {
    CAPTURE(alpha);
    for (size_t seeds : {3, 5, 10})
      CHECK(rate({2, seeds}, welch_finds(alpha)) == Approx(alpha).margin(kHalfPoint));
    for (double louder : {0.5, 2.0})
      CHECK(rate({2, 10, 0, 0, louder}, welch_finds(alpha)) == Approx(alpha).margin(kHalfPoint));
    CHECK(rate({2, 5, 0, 0, 1.5}, welch_finds(alpha)) == Approx(alpha).margin(kHalfPoint));
  }
}

TEST_CASE("an effect of exactly the margin is claimed with chance alpha", "[.simulation]") {
  CHECK(rate({4, 3, 0.002}, pooled_finds({Tail::less, 0.002}, 0.05)) == Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("false positives of a whole sweep, all arms against the baseline", "[.simulation]") {
  constexpr size_t kArms = 5, kSeeds = 3;
  constexpr double kDf = kArms * (kSeeds - 1);
  // One distribution for every number of arms that may be left.
  std::vector<Dunnett> dunnett;
  for (size_t arms = 0; arms < kArms; ++arms)
    dunnett.emplace_back(std::vector<int64_t>(arms, kSeeds), kSeeds, kDf);
  for (Tail tail : {Tail::both, Tail::less})
    for (double alpha : {0.01, 0.05}) {
      CAPTURE(alpha);
      double critical = dunnett[kArms - 1].critical(alpha, tail);
      CHECK(rate({kArms, kSeeds}, [&](const Scores& s) {
              for (size_t arm = 1; arm < kArms; ++arm) {
                double t = pooled(s, arm, {}).t;
                if ((tail == Tail::both ? std::abs(t) : -t) > critical) return true;
              }
              return false;
            }) == Approx(alpha).margin(kHalfPoint));
    }
  // In Holm's order the first arm is held against all, so a null sweep is claimed as often as by Dunnett; and
  // arms that are no better next to one that is far better are claimed not more often than alpha.
  std::vector<double> critical = {0};
  for (size_t arms = 1; arms < kArms; ++arms) critical.push_back(dunnett[arms].critical(0.05, Tail::both));
  auto claims = [&](const Scores& s, size_t first) {
    std::vector<double> p, t;
    for (size_t arm = 1; arm < kArms; ++arm) {
      p.push_back(pooled(s, arm, {}).p);
      t.push_back(std::abs(pooled(s, arm, {}).t));
    }
    std::vector<double> all = adjusted(p, true, [&](size_t arm, const std::vector<size_t>& among) {
      return t[arm] > critical[among.size()] ? 0.0 : 1.0;
    });
    return std::any_of(all.begin() + long(first), all.end(), [](double value) { return value < 0.05; });
  };
  CHECK(rate({kArms, kSeeds}, [&](const Scores& s) { return claims(s, 0); }) ==
        Approx(0.05).margin(kHalfPoint));
  CHECK(rate({kArms, kSeeds, 0.01, 0, 1, 1}, [&](const Scores& s) { return claims(s, 1); }) ==
        Approx(0.05).margin(kHalfPoint));
}

namespace {

/// Arms claimed by Welch's test, held against the limit of the `family` that is left when the first `skipped`
/// were claimed before.
int welch_claims(const Scores& scores, const WelchFamily& family, Tail tail, size_t skipped = 0) {
  std::vector<Sample> samples = scores.samples();
  double ratio = variance_ratio(std::span<const Sample>(samples).subspan(1), samples[0]);
  int claims = 0;
  for (size_t arm = 1 + skipped; arm < samples.size(); ++arm) {
    Comparison test = welch_test(samples[arm], samples[0], {tail});
    claims += extremity(test.t, tail) > family.critical(test.df, ratio);
  }
  return claims;
}

WelchNulls welch_nulls(size_t arms, size_t seeds) {
  return {std::vector<int64_t>(arms, int64_t(seeds)), int64_t(seeds)};
}

}  // namespace

TEST_CASE("false positives of a whole sweep by Welch's test", "[.simulation]") {
  struct Case {
    double alpha;
    size_t arms, seeds;
  };
  for (Tail tail : {Tail::both, Tail::less})
    for (const Case& c : {Case{0.05, 2, 3}, Case{0.05, 2, 5}, Case{0.05, 2, 10}, Case{0.05, 8, 3},
                          Case{0.05, 8, 5}, Case{0.05, 8, 10}, Case{0.01, 8, 3}, Case{0.01, 8, 10}}) {
      WelchNulls nulls = welch_nulls(c.arms, c.seeds);
      WelchFamily family(nulls, c.alpha, tail);
      auto claims = [&](double louder, double baseline) {
        return rate({c.arms + 1, c.seeds, 0, 0, louder, SIZE_MAX, baseline},
                    [&](const Scores& s) { return welch_claims(s, family, tail) > 0; });
      };
      CAPTURE(int(tail), c.alpha, c.arms, c.seeds);
      CHECK(claims(1, 1) == Approx(c.alpha).margin(kHalfPoint));
      // Three seeds say too little of how much the SDs differ.
      double margin = c.seeds == 3 ? 0.009 : kHalfPoint;
      CHECK(claims(1.5, 1) == Approx(c.alpha).margin(margin));
      CHECK(claims(1, 1.5) == Approx(c.alpha).margin(margin));
    }
  // Arms that are no better next to one that is far better, which is claimed first.
  WelchNulls nulls = welch_nulls(4, 5);
  WelchFamily rest(nulls, 0.05, Tail::less);
  CHECK(rate({6, 5, 0.01, 0, 1, 1}, [&](const Scores& s) {
          return welch_claims(s, rest, Tail::less, 1) > 0;
        }) == Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("Welch's simultaneous intervals hold all differences", "[.simulation]") {
  WelchNulls nulls = welch_nulls(5, 5);
  WelchFamily family(nulls, 0.05, Tail::both);
  auto holds = [&](const Scores& s) {
    std::vector<Sample> samples = s.samples();
    double ratio = variance_ratio(std::span<const Sample>(samples).subspan(1), samples[0]);
    for (size_t arm = 1; arm < samples.size(); ++arm) {
      Comparison c = welch_test(samples[arm], samples[0], {});
      c.reach(family.critical(c.df, ratio));
      if (c.low > -0.001 || c.high < -0.001) return false;
    }
    return true;
  };
  CHECK(rate({6, 5, 0.001, 0, 1.5}, holds) == Approx(0.95).margin(kHalfPoint));
}

TEST_CASE("false positives of a whole sweep in pairs and against a number", "[.simulation]") {
  constexpr size_t kArms = 5;
  auto any_below = [](const std::vector<double>& p, double alpha) {
    return std::any_of(p.begin(), p.end(), [&](double value) { return value <= alpha; });
  };
  for (size_t seeds : {3, 5})
    for (bool step_down : {false, true})
      CHECK(rate({kArms, seeds, 0, 0.97}, [&](const Scores& s) {
              std::vector<double> p;
              for (size_t arm = 1; arm < kArms; ++arm) p.push_back(paired_test(s.arms[arm], s.arms[0], {}).p);
              if (!any_below(p, 0.05)) return false;
              Rotations rotations(differences(s), Tail::both, 999);
              return any_below(
                  adjusted(p, step_down,
                           [&](size_t arm, const auto& among) { return rotations.p(arm, among); }),
                  0.05);
            }) == Approx(0.05).margin(kHalfPoint));
  CHECK(rate({kArms, 3}, [&](const Scores& s) {
          std::vector<double> p;
          for (const auto& arm : s.arms) p.push_back(one_sample_test(summarize(arm), 1.2, {Tail::less}).p);
          return any_below(adjusted(p, true, independent(p)), 0.05);
        }) == Approx(0.05).margin(kHalfPoint));
}

TEST_CASE("false positives of levels and interactions of a factor", "[.simulation]") {
  // Three levels by two, in different numbers of seeds.
  Plan plan;
  plan.design = "grid";
  plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 6; ++arm)
    plan.arms.push_back({"", arm ? "grid" : "baseline", {}, {arm % 3, arm / 3}, {}, {}, "", ""});
  for (size_t arm = 0; arm < 6; ++arm)
    for (size_t seed = 0; seed < 2 + arm % 2; ++seed) plan.runs.push_back({arm, int64_t(seed), ""});
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1.2, kNoise);
  // Each takes milliseconds, so fewer; the margins are three standard errors.
  constexpr int kFewer = 4000;
  int levels = 0, interactions = 0;
  for (int i = 0; i < kFewer; ++i) {
    Ablation ablation;
    ablation.plan = &plan;
    std::vector<std::vector<double>> scores(6);
    for (const PlannedRun& run : plan.runs) {
      scores[run.arm].push_back(normal(random));
      RunRow& row = ablation.runs.emplace_back();
      row.run = &run;
      row.arm = &plan.arms[run.arm];
      row.state.status = RunStatus::done;
      row.state.summary = {{"val_bpb", scores[run.arm].back()}};
    }
    std::vector<Sample> samples;
    for (size_t arm = 0; arm < 6; ++arm) {
      samples.push_back(summarize(scores[arm]));
      ArmRow& row = ablation.arms.emplace_back();
      row.arm = &plan.arms[arm];
      row.bpb = samples.back();
    }
    ablation.pooled = pool(samples);
    std::vector<Effect> found = effects(ablation);
    levels += std::min(found[0].p, found[1].p) < 0.05;
    interactions += found[3].p < 0.05;
  }
  CHECK(double(levels) / kFewer == Approx(0.05).margin(0.0105));
  CHECK(double(interactions) / kFewer == Approx(0.05).margin(0.0105));
}

TEST_CASE("differences are found as often as the power says", "[.simulation]") {
  for (size_t seeds : {2, 3, 5})
    for (double power : {0.5, 0.8}) {
      Design design{double(seeds), double(seeds), 4.0 * double(seeds - 1), kNoise, 0.01, Tail::less};
      double effect = detectable(design, power);
      CHECK(rate({4, seeds, effect}, pooled_finds({Tail::less}, 0.01)) == Approx(power).epsilon(0.1));
    }
  Design design{3, 3, 8, kNoise, 0.01, Tail::less};
  int64_t seeds = seeds_needed(design, 0.001, 0.8, 4);
  CHECK(rate({4, size_t(seeds), 0.001}, pooled_finds({Tail::less}, 0.01)) >= 0.72);
}

TEST_CASE("the power of a sweep corrected for all arms, in pairs and against a number", "[.simulation]") {
  constexpr size_t kArms = 5, kSeeds = 4;
  constexpr double kPower = 0.8;
  Design sweep{kSeeds, kSeeds, kArms * (kSeeds - 1), kNoise, 0.05, Tail::less, kArms - 1};
  double critical = sweep.critical();
  CHECK(rate({kArms, kSeeds, detectable(sweep, kPower), 0, 1, 1}, [&](const Scores& s) {
          return -pooled(s, 1, {Tail::less}).t > critical;
        }) == Approx(kPower).epsilon(0.1));
  double infinite = HUGE_VAL;
  Design number{kSeeds, infinite, kSeeds - 1, kNoise, 0.05, Tail::less};
  CHECK(rate({2, kSeeds, detectable(number, kPower)}, [&](const Scores& s) {
          return one_sample_test(summarize(s.arms[1]), 1.2, {Tail::less}).p < 0.05;
        }) == Approx(kPower).epsilon(0.1));
  constexpr double kShared = 0.97;
  Design pairs = number;
  pairs.sd = kNoise * std::sqrt(2 * (1 - kShared));
  CHECK(rate({2, kSeeds, detectable(pairs, kPower), kShared}, [&](const Scores& s) {
          return paired_test(s.arms[1], s.arms[0], {Tail::less}).p < 0.05;
        }) == Approx(kPower).epsilon(0.1));
}

TEST_CASE("the power of Welch's test, of one arm and corrected for several", "[.simulation]") {
  for (size_t seeds : {3, 5, 10})
    for (size_t arms : {1, 4, 8}) {
      Design design{double(seeds), double(seeds), 2.0 * double(seeds - 1), kNoise,
                    0.05,          Tail::less,    int64_t(arms),           true};
      WelchNulls nulls = welch_nulls(arms, seeds);
      WelchFamily family(nulls, 0.05, Tail::less);
      CAPTURE(seeds, arms);
      CHECK(rate({arms + 1, seeds, detectable(design, 0.8), 0, 1, 1}, [&](const Scores& s) {
              std::vector<Sample> samples = s.samples();
              Comparison c = welch_test(samples[1], samples[0], {Tail::less});
              if (arms == 1) return c.p < 0.05;
              return -c.t > family.critical(c.df, variance_ratio(std::span<const Sample>(samples).subspan(1),
                                                                 samples[0]));
            }) == Approx(0.8).epsilon(0.1));
    }
}

namespace {

Race race_of(std::vector<int64_t> looks, double alpha, const char* spending, int64_t arms,
             double futility = 0.05) {
  Race race{spending, alpha, futility, {}};
  for (int64_t seeds : looks) race.looks.push_back({seeds});
  calibrate(race, arms - 1, arms, true);
  return race;
}

std::vector<Standing> outcome(const Race& race, const Scores& scores, const Question& question) {
  std::vector<Racer> racers;
  for (const std::vector<double>& arm : scores.arms) racers.push_back({arm, !racers.empty()});
  return stand(race, question, racers);
}

}  // namespace

TEST_CASE("false positives of a race, over all looks and arms", "[.simulation]") {
  struct Case {
    std::vector<int64_t> looks;
    size_t arms;
    double alpha;
    const char* spending;
    double futility;
  };
  for (const Case& c :
       {Case{{3, 6, 12}, 5, 0.05, "obrien_fleming", 0.05}, Case{{3, 6, 12}, 5, 0.05, "obrien_fleming", 0},
        Case{{3, 6, 12}, 5, 0.05, "pocock", 0.05}, Case{{2, 4, 8}, 2, 0.05, "obrien_fleming", 0.05},
        Case{{2, 4, 8}, 2, 0.05, "pocock", 0.05}, Case{{3, 5, 7, 10}, 9, 0.05, "obrien_fleming", 0.05},
        Case{{3, 6, 12}, 5, 0.01, "obrien_fleming", 0.05}}) {
    CAPTURE(c.looks.size(), c.arms, c.alpha, c.spending, c.futility);
    Race race = race_of(c.looks, c.alpha, c.spending, int64_t(c.arms), c.futility);
    CHECK(rate({c.arms, size_t(c.looks.back())}, [&](const Scores& s) {
            for (const Standing& arm : outcome(race, s, {Tail::less}))
              if (arm.end == RaceEnd::proved) return true;
            return false;
          }) == Approx(c.alpha).margin(kHalfPoint));
  }
}

TEST_CASE("a race's intervals miss no truth more often than they say", "[.simulation]") {
  Race race = race_of({3, 6, 12}, 0.05, "pocock", 4);
  for (double effect : {0.0, 0.0008}) {
    auto misses = [&](bool below) {
      return rate({4, 12, effect}, [&](const Scores& s) {
        for (const Standing& arm : outcome(race, s, {Tail::less}))
          if (below ? arm.at_look.high < -effect : arm.at_look.low > -effect) return true;
        return false;
      });
    };
    CHECK(misses(true) <= 0.05 + kHalfPoint);
    CHECK(misses(false) <= 0.05 + kHalfPoint);
  }
}

TEST_CASE("a race proves what is there as often as forecast, with fewer seeds", "[.simulation]") {
  Race race = race_of({3, 6, 12}, 0.05, "obrien_fleming", 5);
  for (double effect : {1.0, 1.5}) {
    RaceForecast expected = forecast(race, 5, effect);
    double seeds = 0;
    double found = rate({5, 12, effect * kNoise, 0, 1, 1}, [&](const Scores& s) {
      std::vector<Standing> arms = outcome(race, s, {Tail::less});
      seeds += double(arms.back().seeds) / kSweeps;
      return arms[1].end == RaceEnd::proved;
    });
    CHECK(found == Approx(expected.power).epsilon(0.1));
    CHECK(seeds == Approx(expected.mean_seeds).epsilon(0.1));
    CHECK(seeds < 9);
  }
}
