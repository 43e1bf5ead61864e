// SPDX-License-Identifier: Apache-2.0
// Arms are matched by label; each sweep is then asked about its pairs of arms by the test that suits them.
#include "report/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/exit_code.h"
#include "base/text.h"
#include "report/arm_test.h"
#include "report/inactive_arms.h"
#include "statistics/joint.h"

namespace caddie {
namespace {

const ArmRow* find_arm(const Ablation& ablation, const std::string& label) {
  for (const ArmRow& arm : ablation.arms)
    if (arm.arm->label == label) return &arm;
  return nullptr;
}

/// Tests pairs of arms of one sweep.
class PairTester {
 public:
  PairTester(const Ablation& ablation, const std::string& metric)
      : a_(ablation),
        metric_(metric),
        pooled_(ablation.pool_over_arms(metric)),
        usual_(ablation.spreads_differ_in(metric) ? "welch" : "pooled") {}

  Sample sample(const ArmRow& arm) const { return summarize(a_.numbers(arm.arm, metric_)); }

  /// Returns the two-sided test of the difference of two arms.
  Comparison compare(const ArmRow& arm, const ArmRow& other, double confidence) const {
    bool same = arm.trained_as == other.trained_as;
    ArmPair pair{a_.by_seed(arm.arm, metric_), a_.by_seed(other.arm, metric_), same, pooled_};
    Hypothesis hypothesis{Tail::both, 0, confidence};
    Comparison c = run_test(same ? "paired_checkpoint" : usual_, pair, hypothesis);
    if (!std::isfinite(c.delta)) c.delta = sample(arm).mean - sample(other).mean;
    return c;
  }

  /// Returns which of two arms truly has the larger mean; 0 where noise leaves it open.
  int settled(const ArmRow& arm, const ArmRow& other, double confidence) const {
    Comparison c = compare(arm, other, confidence);
    if (c.is_alike && is_count(metric_)) return (c.delta > 0) - (c.delta < 0);
    return c.low > 0 ? 1 : c.high < 0 ? -1 : 0;
  }

 private:
  const Ablation& a_;
  const std::string& metric_;
  PooledVariance pooled_;
  std::string usual_;
};

/// Compares two sweeps step by step.
class TransferAnalysis {
 public:
  TransferAnalysis(const Ablation& small, const Ablation& big, const std::string& metric)
      : small_(small), big_(big), in_small_(small, metric), in_big_(big, metric) {
    t_.metric = metric;
    t_.baseline = small.baseline;
  }

  Transfer run() {
    match_arms();
    if (matched_.size() < 2) refuse();
    for (const Match& match : matched_) t_.arms.push_back(compare_with_baselines(match));
    adjust_flips();
    rank();
    tell_changes();
    tell_other_settings();
    return std::move(t_);
  }

 private:
  struct Match {
    const ArmRow *small, *big;
  };

  void match_arms() {
    for (const ArmRow& arm : small_.arms) {
      const ArmRow* other = find_arm(big_, arm.arm->label);
      std::string inactive = why_inactive(small_, *arm.arm);
      if (!inactive.empty())
        t_.refused.push_back({arm.arm->label, inactive});
      else if (!other)
        t_.unmatched.push_back({arm.arm->label, "only in the small sweep"});
      else if (in_small_.sample(arm).n == 0)
        t_.unmatched.push_back({arm.arm->label, "no finished run in the small sweep"});
      else if (in_big_.sample(*other).n == 0)
        t_.unmatched.push_back({arm.arm->label, "no finished run in the big sweep"});
      else
        matched_.push_back({&arm, other});
    }
    for (const ArmRow& arm : big_.arms)
      if (!find_arm(small_, arm.arm->label))
        t_.unmatched.push_back({arm.arm->label, "only in the big sweep"});
  }

  [[noreturn]] void refuse() const {
    std::vector<std::string> why;
    for (const auto* left_out : {&t_.refused, &t_.unmatched})
      for (const ArmLeftOut& arm : *left_out) why.push_back(fmt::format("'{}' ({})", arm.label, arm.reason));
    fail_usage("{} and {}: fewer than two arms can be compared; left out: {}", small_.plan->name,
               big_.plan->name, why.empty() ? "none" : join(why, ", "));
  }

  TransferredArm compare_with_baselines(const Match& match) const {
    TransferredArm arm{
        match.small->arm->label, {in_small_.sample(*match.small), {}}, {in_big_.sample(*match.big), {}}};
    if (match.small->is_baseline) return arm;
    double confidence = Hypothesis().confidence;
    arm.small.against_baseline = in_small_.compare(*match.small, small_.baseline_row(), confidence);
    arm.big.against_baseline = in_big_.compare(*match.big, big_.baseline_row(), confidence);
    arm.flips = arm.small.against_baseline.delta * arm.big.against_baseline.delta < 0;
    return arm;
  }

  /// Sets the p of the arms that flip. An arm whose differences agree in sign has no evidence of a flip, but
  /// counts among those that might have been found.
  void adjust_flips() {
    std::vector<double> p;
    for (const TransferredArm& arm : t_.arms) {
      double small = arm.small.against_baseline.p, big = arm.big.against_baseline.p;
      bool known = std::isfinite(small) && std::isfinite(big);
      p.push_back(!known ? kUnknown : arm.flips ? std::max(small, big) : 1);
    }
    std::vector<double> adjusted = holm(p);
    for (size_t i = 0; i < p.size(); ++i)
      if (t_.arms[i].flips) t_.arms[i].p_flip = adjusted[i];
  }

  void rank() {
    std::vector<double> small, big;
    for (const TransferredArm& arm : t_.arms) {
      small.push_back(arm.small.sample.mean);
      big.push_back(arm.big.sample.mean);
    }
    PairCounts counts = count_pairs(small, big);
    t_.pairs = counts.pairs;
    t_.tau = counts.tau_b();
    t_.p = p_of_tau(small, big);
    double confidence = 1 - (1 - Transfer::kConfidence) / double(2 * counts.pairs);
    t_.truth = bounds_of_true_tau(
        matched_.size(),
        [&](size_t i, size_t j) {
          return in_small_.settled(*matched_[i].small, *matched_[j].small, confidence);
        },
        [&](size_t i, size_t j) { return in_big_.settled(*matched_[i].big, *matched_[j].big, confidence); });
  }

  /// Lists what the sweeps differ in: settings of the bases, and machines.
  void tell_changes() {
    t_.changed = changed_texts(*small_.plan, *big_.plan).base;
    std::string small = machines(small_), big = machines(big_);
    if (small != big) t_.changed.push_back(fmt::format("machine: {} -> {}", small, big));
  }

  static std::string machines(const Ablation& ablation) {
    std::set<std::string> names;
    for (const RunRow& run : ablation.runs) {
      if (!run.state.record) continue;
      const MachineRecord& machine = run.state.record->machine;
      names.insert(join(std::vector<std::string>{machine.host, machine.cpu, machine.gpu}, " "));
    }
    std::vector<std::string> trimmed_names;
    for (const std::string& name : names) trimmed_names.emplace_back(trimmed(name));
    return join(trimmed_names, ", ");
  }

  /// Tells of arms that have one label but not the same settings.
  void tell_other_settings() {
    for (const Match& match : matched_) {
      std::vector<std::string> small = match.small->arm->overrides, big = match.big->arm->overrides;
      std::sort(small.begin(), small.end());
      std::sort(big.begin(), big.end());
      if (small != big)
        t_.notes.push_back(fmt::format("{} is not the same in both: {} in the small sweep, {} in the big",
                                       match.small->arm->label, settings_text(small), settings_text(big)));
    }
  }

  static std::string settings_text(const std::vector<std::string>& overrides) {
    return overrides.empty() ? "the base" : join(overrides, " ");
  }

  const Ablation &small_, &big_;
  Transfer t_;
  PairTester in_small_, in_big_;
  std::vector<Match> matched_;
};

}  // namespace

Transfer transfer(const Ablation& small, const Ablation& big, const std::string& metric) {
  return TransferAnalysis(small, big, metric).run();
}

}  // namespace caddie
