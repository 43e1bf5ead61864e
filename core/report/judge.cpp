// SPDX-License-Identifier: Apache-2.0
// The test of a family of arms decides by which joint distribution or bound its p values are corrected.
#include "report/judge.h"

#include <caddie/error.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>

#include "base/exit_code.h"
#include "report/arm_test.h"
#include "results/metrics.h"
#include "statistics/joint.h"
#include "statistics/welch_family.h"
#include "sweep/race_state.h"

namespace caddie {
namespace {

/// Tests the arms of one ablation, corrects p for all of them, and decides the claim.
class Judge {
 public:
  explicit Judge(Ablation& ablation)
      : a_(ablation), plan_(*ablation.plan), claim_(plan_.claim ? &*plan_.claim : nullptr) {}

  void run() {
    base_ = &a_.baseline_row();
    pooled_ = a_.pool_over_arms(a_.metric);
    for (ArmRow& arm : a_.arms)
      if (!arm.is_baseline) compare(arm);
    if (plan_.race && base_->arm->is_baseline())
      follow_race();
    else if (claim_)
      correct(claimed(), claim_->correction, a_.alpha);
    else
      correct_without_claim();
    for (ArmRow& arm : a_.arms)
      if (!arm.is_baseline) measure(arm);
    if (!plan_.race) put_welch_beside();
    judge_claim();
  }

 private:
  bool shares_training(const ArmRow& arm) const { return arm.trained_as == base_->trained_as; }

  ArmPair pair(const ArmRow& arm, const std::string& metric, const PooledVariance& pooled) const {
    double target = claim_ ? claim_->target.value_or(kUnknown) : kUnknown;
    return {a_.by_seed(arm.arm, metric), a_.by_seed(base_->arm, metric), shares_training(arm), pooled,
            target};
  }
  /// Returns the values of the tested metric that are compared seed by seed.
  SeedPairs pairs(const ArmRow& arm) const { return pairs_of(pair(arm, a_.metric, pooled_)); }

  /// Returns the test whose interval is shown: the claim's, so that all of a row rests on the same runs,
  /// where that compares two arms; else the usual one. Where there are too few pairs for a test,
  /// the pooled one is shown.
  std::string shown_test(const ArmRow& arm) const {
    if (claim_ && (a_.test == "welch" || a_.test == "pooled" || a_.test == "paired_seed")) return a_.test;
    std::string test = usual_test(shares_training(arm), true);
    size_t paired = pairs_of(pair(arm, a_.score, a_.pooled)).seeds.size();
    bool more_is_known = size_t(std::max(arm.bpb.n, base_->bpb.n)) > paired;
    return test == "paired_checkpoint" && paired < 2 && more_is_known ? "pooled" : test;
  }

  /// Sets the difference that is shown of an arm, and the one that is tested.
  void compare(ArmRow& arm) {
    ArmPair both = pair(arm, a_.score, a_.pooled);
    arm.shown = run_test(shown_test(arm), both, {});
    if (!std::isfinite(arm.shown.delta)) arm.shown.delta = arm.bpb.mean - base_->bpb.mean;
    SeedPairs paired = pairs_of(both);
    size_t most = std::max(both.arm.size(), both.baseline.size());
    if (arm.shown.test.starts_with("paired") && !paired.seeds.empty() && paired.seeds.size() < most)
      arm.compared = paired.seeds;
    arm.tested = claim_ ? run_test(a_.test, pair(arm, a_.metric, pooled_), a_.hypothesis) : arm.shown;
    if (is_fact(arm)) state_fact(arm);
  }

  /// Tells whether the claim is about a count that no seed changes, in the arm and what it is compared with.
  bool is_fact(const ArmRow& arm) const {
    auto is_constant = [](const Sample& sample) { return sample.n == 1 || sample.sd == 0; };
    bool against_number = a_.test == "one_sample";
    return claim_ && is_count(a_.metric) && pooled_.df > 0 && is_constant(arm.metric) &&
           (against_number || is_constant(base_->metric));
  }

  /// Decides by the difference alone.
  void state_fact(ArmRow& arm) const {
    double from = a_.test == "one_sample" ? claim_->target.value_or(kUnknown) : base_->metric.mean;
    arm.tested = Comparison{kFact, arm.metric.mean - from};
    arm.significant = lies_beyond(arm.tested.delta, a_.hypothesis);
  }

  /// Sets the differences in nats, bytes and time, over the runs that the score is compared on.
  void measure(ArmRow& arm) const {
    arm.delta_nats = difference(arm, kLossNats);
    arm.delta_bytes = difference(arm, kArtifactBytes);
    arm.delta_step_ms = difference(arm, kStepMs);
  }

  double difference(const ArmRow& arm, const Metric& metric) const {
    auto mean = [&](const Arm* of) {
      std::vector<double> values;
      for (auto [seed, value] : a_.by_seed(of, metric.name))
        if (arm.compared.empty() || std::count(arm.compared.begin(), arm.compared.end(), seed) > 0)
          values.push_back(value);
      return summarize(values).mean;
    };
    return mean(arm.arm) - mean(base_->arm);
  }

  /// Adds Welch's test where the SDs of the arms differ, because a pooled test then hides differences or
  /// finds false ones.
  void put_welch_beside() {
    a_.spreads_differ = a_.spreads_differ_in(a_.metric);
    if (!a_.spreads_differ) return;
    std::vector<ArmRow*> arms;
    std::vector<double> p;
    for (ArmRow& arm : a_.arms) {
      if (arm.is_baseline || arm.tested.test != "pooled" || !std::isfinite(arm.p_adjusted)) continue;
      arm.welch = run_test("welch", pair(arm, a_.metric, pooled_), a_.hypothesis);
      arms.push_back(&arm);
      p.push_back(arm.welch->p);
    }
    if (a_.correction != "none") p = holm(p);
    for (size_t i = 0; i < arms.size(); ++i) arms[i]->welch->p = p[i];
  }

  /// Returns the indices of the arms that take part in the correction and are judged.
  std::vector<size_t> claimed() const {
    std::vector<size_t> arms;
    for (size_t i = 0; i < a_.arms.size(); ++i)
      if (!a_.arms[i].is_baseline && (claim_->arms.empty() || is_claimed(plan_, *a_.arms[i].arm)))
        arms.push_back(i);
    return arms;
  }

  /// Corrects p of all arms. Where a table has two kinds of test, each kind gets the share of alpha that it
  /// has of the arms.
  void correct_without_claim() {
    std::vector<size_t> by_checkpoint, others;
    for (size_t i = 0; i < a_.arms.size(); ++i)
      if (std::isfinite(a_.arms[i].tested.p))
        (a_.arms[i].tested.test == "pooled" ? others : by_checkpoint).push_back(i);
    auto all = double(by_checkpoint.size() + others.size());
    for (const std::vector<size_t>& family : {by_checkpoint, others})
      if (!family.empty()) correct(family, "dunnett", a_.alpha * double(family.size()) / all);
  }

  /// Corrects p of the arms of a family, whose false claims together have the chance `alpha`, and says which
  /// are significant.
  void correct(std::vector<size_t> family, const std::string& correction, double alpha) {
    std::erase_if(family, [&](size_t i) { return !std::isfinite(a_.arms[i].tested.p); });
    if (family.empty()) return;
    std::vector<double> p;
    for (size_t i : family) p.push_back(a_.arms[i].tested.p);
    std::vector<double> result = p;
    if (correction != "none") {
      JointNull null = joint_null(family, p, alpha);
      if (null.critical)
        for (size_t i : family) a_.arms[i].shown.reach(null.critical(a_.arms[i].shown));
      result = correction == "holm" ? holm(p) : adjusted(p, correction == "dunnett_step_down", null.p);
    }
    for (size_t k = 0; k < family.size(); ++k) {
      ArmRow& arm = a_.arms[family[k]];
      arm.p_adjusted = std::min(1.0, result[k] * a_.alpha / alpha);
      arm.significant = arm.p_adjusted < a_.alpha;
    }
  }

  /// Holds what the null says of all statistics of a family together.
  struct JointNull {
    JointP p;
    /// Returns how many standard errors a shown interval reaches when it holds for all arms at once. It is
    /// empty where intervals hold for each arm alone.
    std::function<double(const Comparison& shown)> critical = {};
  };

  /// Returns the joint distribution of the family's statistics where it is known, else Bonferroni's bound.
  /// `p` must outlive it.
  JointNull joint_null(const std::vector<size_t>& family, const std::vector<double>& p, double alpha) const {
    const std::string& test = a_.arms[family[0]].tested.test;
    if (test == "pooled") return dunnett_null(family, p, alpha);
    if (test == "welch") return welch_null(family, p, alpha);
    if (test.starts_with("paired") && have_same_seeds(family)) return rotation_null(family, p, alpha);
    if (test == "one_sample") return {independent(p)};
    return {[&p](size_t arm, const std::vector<size_t>& among) { return p[arm] * double(among.size()); }};
  }

  /// Returns Dunnett's distribution. A claim's intervals hold for each arm alone.
  JointNull dunnett_null(const std::vector<size_t>& family, const std::vector<double>& p,
                         double alpha) const {
    auto among = [this, family](const std::vector<size_t>& arms) {
      std::vector<int64_t> seeds;
      for (size_t k : arms) seeds.push_back(a_.arms[family[k]].bpb.n);
      return Dunnett(seeds, double(base_->bpb.n), a_.arms[family[0]].tested.df);
    };
    JointNull null{[this, family, among, &p](size_t k, const std::vector<size_t>& arms) {
      return arms.size() == 1 ? p[k] : among(arms).p(a_.arms[family[k]].tested.t, a_.hypothesis.tail);
    }};
    if (claim_) return null;
    std::vector<size_t> all(family.size());
    std::iota(all.begin(), all.end(), size_t(0));
    null.critical = [critical = among(all).critical(alpha, Tail::both)](const Comparison&) {
      return critical;
    };
    return null;
  }

  /// Returns the simulated distribution of Welch's statistics.
  JointNull welch_null(const std::vector<size_t>& family, const std::vector<double>& p, double alpha) const {
    if (family.size() == 1) return {[&p](size_t k, const std::vector<size_t>&) { return p[k]; }};
    std::vector<Sample> tested, shown;
    std::vector<int64_t> seeds;
    for (size_t i : family) {
      tested.push_back(summarize(a_.numbers(a_.arms[i].arm, a_.metric)));
      shown.push_back(a_.arms[i].bpb);
      seeds.push_back(shown.back().n);
    }
    auto nulls = std::make_shared<const WelchNulls>(seeds, base_->bpb.n);
    WelchFamily intervals(*nulls, 1 - a_.confidence, Tail::both), tests(*nulls, alpha, a_.hypothesis.tail);
    double shown_ratio = variance_ratio(shown, base_->bpb);
    double tested_ratio = variance_ratio(tested, summarize(a_.numbers(base_->arm, a_.metric)));
    return {[this, family, nulls, tests, tested_ratio, &p](size_t k, const std::vector<size_t>& among) {
              const Comparison& c = a_.arms[family[k]].tested;
              return among.size() == 1 ? p[k] : tests.p(c.t, c.df, tested_ratio, among);
            },
            [nulls, intervals, shown_ratio](const Comparison& c) {
              return intervals.critical(c.df, shown_ratio);
            }};
  }

  bool have_same_seeds(const std::vector<size_t>& family) const {
    SeedPairs first = pairs(a_.arms[family[0]]);
    return std::all_of(family.begin(), family.end(),
                       [&](size_t i) { return pairs(a_.arms[i]).seeds == first.seeds; });
  }

  /// Returns the distribution of paired statistics. A claim's intervals hold for each arm alone.
  JointNull rotation_null(const std::vector<size_t>& family, const std::vector<double>& p,
                          double alpha) const {
    std::vector<std::vector<double>> differences;
    for (size_t i : family) {
      SeedPairs both = pairs(a_.arms[i]);
      differences.emplace_back();
      for (size_t k = 0; k < both.arm.size(); ++k)
        differences.back().push_back(beyond_margin(both.arm[k] - both.baseline[k], a_.hypothesis));
    }
    Rotations rotations(differences, a_.hypothesis.tail);
    JointNull null;
    if (!claim_) {
      double df = a_.arms[family[0]].tested.df;
      double critical = family.size() > 1 ? rotations.critical(alpha) : critical_t(df, alpha, Tail::both);
      null.critical = [critical](const Comparison&) { return critical; };
    }
    null.p = [rotations = std::move(rotations), &p](size_t k, const std::vector<size_t>& among) {
      return among.size() == 1 ? p[k] : rotations.p(k, among);
    };
    return null;
  }

  /// Takes the comparisons of each arm from the race's last look at it.
  void follow_race() {
    std::vector<RunState> states;  // the state of each run, in the plan's order
    for (const PlannedRun& run : plan_.runs)
      for (const RunRow& row : a_.runs_of(&plan_.arms[run.arm]))
        if (row.run == &run) states.push_back(row.state);
    std::vector<Standing> now = standings(plan_, states);
    a_.confidence = 1 - 2 * plan_.race->alpha;
    for (size_t i = 0; i < a_.arms.size(); ++i) {
      ArmRow& arm = a_.arms[i];
      if (arm.is_baseline) continue;
      arm.race = now[i];
      if (!arm.is_fact()) {
        arm.tested = now[i].at_look;
        arm.significant = now[i].end == RaceEnd::proved;
      }
      compare_at_look(arm);
      if (a_.metric == a_.score) arm.shown = now[i].at_look;
      if (!std::isfinite(arm.shown.delta)) arm.shown.delta = arm.bpb.mean - base_->bpb.mean;
    }
  }

  /// Limits the row's differences to the seeds of the race's last look at the arm.
  void compare_at_look(ArmRow& arm) const {
    auto seeds = std::span(plan_.seeds).first(std::min(plan_.seeds.size(), size_t(arm.race->seeds)));
    for (int64_t seed : seeds)
      if (std::count(arm.seeds.begin(), arm.seeds.end(), seed) > 0) arm.compared.push_back(seed);
    if (arm.compared.size() >= std::max(arm.seeds.size(), base_->seeds.size())) arm.compared.clear();
  }

  /// Tells whether the arm needs no more runs for the claim to be judged.
  bool is_decided(const ArmRow& arm) const {
    if (arm.race && arm.is_fact()) return true;
    return arm.race ? arm.race->end != RaceEnd::open : int(arm.seeds.size()) >= arm.planned;
  }

  void judge_claim() {
    if (!claim_) return;
    for (const std::string& label : claim_->arms)
      if (std::none_of(a_.arms.begin(), a_.arms.end(),
                       [&](const ArmRow& arm) { return arm.arm->label == label; }))
        fail_usage("[claim] arms: no arm is called '{}'", label);
    bool all = true, decided = plan_.race || is_decided(*base_);
    for (size_t i : claimed()) {
      decided = decided && is_decided(a_.arms[i]);
      all = all && a_.arms[i].significant;
    }
    if (decided) a_.claim_met = all;
  }

  Ablation& a_;
  const Plan& plan_;
  const SweepClaim* claim_;
  const ArmRow* base_ = nullptr;
  PooledVariance pooled_;  // the variance within arms of the metric that is tested
};

}  // namespace

void choose_hypothesis(Ablation& ablation) {
  ablation.test = "pooled";
  ablation.correction = "dunnett";
  if (!ablation.plan->claim) return;
  const SweepClaim& claim = *ablation.plan->claim;
  ablation.test = claim.test;
  ablation.correction = claim.correction;
  ablation.alpha = claim.alpha;
  ablation.metric = claimed_metric(claim);
  ablation.hypothesis = claimed_hypothesis(claim);
}

void judge(Ablation& ablation) { Judge(ablation).run(); }

}  // namespace caddie
