// SPDX-License-Identifier: Apache-2.0
#include "report/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "report/effects.h"
#include "results/metrics.h"

namespace caddie {
namespace {

constexpr double kSlow = 0.95;

class Notes {
 public:
  explicit Notes(const Ablation& ablation) : a_(ablation), plan_(*ablation.plan) {}

  std::vector<std::string> write() {
    tell_noise();
    tell_shared_trainings();
    if (plan_.claim)
      tell_claim();
    else if (std::any_of(a_.arms.begin(), a_.arms.end(),
                         [](const ArmRow& arm) { return std::isfinite(arm.p_adjusted); }))
      note(
          "p: two-sided t-test with the pooled SD, adjusted for all arms (Dunnett); CI: 95%, all arms at "
          "once");
    if (plan_.race) tell_race();
    tell_failures();
    if (std::vector<std::string> cells = unknown_cells(a_); !cells.empty())
      note(fmt::format("unknown, so effects rest on the other combinations: {}", join(cells, ", ")));
    tell_levels();
    tell_void_techniques();
    tell_slow_runs();
    return std::move(notes_);
  }

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }

  void tell_noise() {
    if (a_.pooled.df > 0)
      note(fmt::format("noise: SD {:.5f} bpb from seed to seed, pooled over arms (df {:.0f})",
                       std::sqrt(a_.pooled.variance), a_.pooled.df));
    else if (std::any_of(a_.arms.begin(), a_.arms.end(), [](const ArmRow& arm) { return arm.bpb.n > 0; }))
      note("one seed an arm: nothing is known of the noise, so no difference here is more than a hint");
  }

  void tell_shared_trainings() {
    std::vector<std::string> labels;
    size_t baseline = a_.baseline_row().trained_as;
    for (const ArmRow& arm : a_.arms)
      if (!arm.is_baseline && arm.trained_as == baseline) labels.push_back(arm.arm->label);
    if (labels.empty()) return;
    note(fmt::format("one training with the baseline{}: {}",
                     plan_.claim ? "" : ", so compared checkpoint by checkpoint", join(labels, ", ")));
  }

  /// Returns the last time that it was changed; "" when the claim is the one that was frozen first.
  std::string when_claim_changed() const {
    std::string when;
    for (const Json& entry : plan_.history)
      for (const std::string change : entry.at("changes"))
        if (change.starts_with("claim.") || change.starts_with("race.")) when = entry.at("at");
    return when;
  }

  void tell_claim() {
    std::string unit = a_.metric == kLossNats.name ? "nats" : a_.metric;
    std::string side = a_.hypothesis.tail == Tail::both ? "two-sided" : "one-sided";
    std::string changed = when_claim_changed();
    std::string fixed = changed.empty() ? "fixed before the runs"
                                        : "CHANGED on " + changed + " after the plan was first frozen";
    note(fmt::format("claim, {}: better by more than {:g} {} at {} p < {:g} ({}, {})", fixed,
                     a_.hypothesis.margin, unit, side, a_.alpha, a_.test,
                     plan_.race ? plan_.race->spending + " over the looks" : a_.correction));
    if (!plan_.race)
      note(fmt::format("CI: 95%, {}", a_.test == "welch" && a_.correction != "none"
                                          ? "the claimed arms at once"
                                          : "each arm by itself"));
    note(!a_.claim_met ? "claim: not yet decided" : *a_.claim_met ? "claim: met" : "claim: not met");
    if (a_.test == "paired_checkpoint")
      for (const ArmRow& arm : a_.arms)
        if (!arm.is_baseline && arm.bpb.n > 0 && arm.trained_as != a_.baseline_row().trained_as)
          note(fmt::format("{}: not of the baseline's trainings, so no test paired by checkpoint",
                           arm.arm->label));
  }

  /// Tells each reason once, in the order of the first runs.
  void tell_failures() {
    std::vector<const RunRow*> failed;
    for (const RunRow& run : a_.runs)
      if (run.state.status == RunStatus::failed) failed.push_back(&run);
    std::map<std::string, std::vector<const RunRow*>> alike;
    for (const RunRow* run : failed) alike[run->state.reason].push_back(run);
    for (const RunRow* run : failed) {
      const std::vector<const RunRow*>& runs = alike[run->state.reason];
      if (run != runs.front()) continue;
      std::set<const Arm*> arms;
      for (const RunRow* other : runs) arms.insert(other->arm);
      std::string who = runs.size() == 1   ? fmt::format("{} s{}", run->arm->label, run->run->seed)
                        : arms.size() == 1 ? fmt::format("{} runs of {}", runs.size(), run->arm->label)
                                           : fmt::format("{} runs of {} arms", runs.size(), arms.size());
      note(fmt::format("failed: {}: {}", who, run->state.reason));
    }
  }

  void tell_race() {
    std::vector<std::string> looks;
    for (const Look& look : plan_.race->looks) looks.push_back(std::to_string(look.seeds));
    note(fmt::format(
        "race: looks at {} seeds; each difference is that of the arm's last look; CI: {:g}%, repeated, "
        "holds at every look and for all arms at once",
        join(looks, ", "), 100 * a_.confidence));
  }

  void tell_levels() {
    std::vector<Effect> all = effects(a_);
    if (std::any_of(all.begin(), all.end(), [](const Effect& e) { return std::isfinite(e.low); }))
      note(
          "effects: levels against the baseline's, averaged over the other factors; p and CI hold for all "
          "levels of a factor at once (Dunnett); F: whether one factor's effects depend on the other");
  }

  // One run of an arm is enough: what a technique acts on does not depend on the seed.
  void tell_void_techniques() {
    for (const ArmRow& arm : a_.arms) {
      if (arm.effect_check != "no_effect" && arm.effect_check != "partial") continue;
      for (const RunRow& run : a_.runs) {
        if (run.arm != arm.arm || !run.is_done() || !run.state.summary.effects) continue;
        for (const auto& [technique, reason] : *run.state.summary.effects)
          note(fmt::format("{}: {}: {}", arm.arm->label, technique, reason));
        break;
      }
    }
  }

  void tell_slow_runs() {
    int slow = 0;
    const RunRow* slowest = nullptr;
    for (const RunRow& run : a_.runs) {
      if (!(relative_rate(a_, run) < kSlow)) continue;
      ++slow;
      if (!slowest || relative_rate(a_, run) < relative_rate(a_, *slowest)) slowest = &run;
    }
    if (slowest)
      note(fmt::format(
          "slow: {} of {} runs made less than {:.0f}% of their arm's usual tokens/s, {} s{} only {:.0f}%; "
          "times are not comparable{}",
          slow, a_.runs.size(), 100 * kSlow, slowest->arm->label, slowest->run->seed,
          100 * relative_rate(a_, *slowest),
          slowest->arm->seconds > 0 ? ", nor are scores: the budget is a time, so slow runs were trained less"
                                    : ""));
  }

  const Ablation& a_;
  const Plan& plan_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> notes_on(const Ablation& ablation) { return Notes(ablation).write(); }

}  // namespace caddie
