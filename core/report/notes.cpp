// SPDX-License-Identifier: Apache-2.0
// Each matter has a function that adds its notes; write() calls these functions in the order of the notes.
#include "report/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/json.h"
#include "base/median.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/drift.h"
#include "report/effects.h"
#include "report/spread_notes.h"
#include "results/metrics.h"

namespace caddie {
namespace {

/// A run is slow below this share of its arm's usual speed; steps and times may be off by as much as that.
constexpr double kSlow = 0.95;

/// Collects the notes on one sweep; each tell_...() adds those on one matter.
class Notes {
 public:
  explicit Notes(const Ablation& ablation) : a_(ablation), plan_(*ablation.plan) {}

  std::vector<std::string> write() {
    tell_noise();
    tell_spreads();
    tell_shared_trainings();
    tell_compared_seeds();
    if (!plan_.claim) tell_looks();
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
    if (std::string drift = note_on_drift(a_); !drift.empty()) note(std::move(drift));
    tell_steps();
    tell_overruns();
    tell_imported();
    return std::move(notes_);
  }

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }

  void tell_noise() {
    if (a_.pooled.df > 0 && a_.pooled.variance == 0)
      note("noise: all runs alike: every arm has the same val_bpb at each seed, so nothing is tested");
    else if (a_.pooled.df > 0)
      note(fmt::format("noise: SD {} {} from seed to seed, pooled over arms (df {:.0f})",
                       rounded(std::sqrt(a_.pooled.variance), 5), a_.score == kBpb.name ? "bpb" : "nats",
                       a_.pooled.df));
    else if (std::any_of(a_.arms.begin(), a_.arms.end(), [](const ArmRow& arm) { return arm.bpb.n > 0; }))
      note("one seed an arm: nothing is known of the noise, so no difference here is more than a hint");
    std::vector<std::string> alike;
    for (const ArmRow& arm : a_.arms)
      if (arm.tested.is_alike && a_.pooled.variance > 0) alike.push_back(arm.arm->label);
    if (!alike.empty()) note(fmt::format("all runs alike, so nothing is tested: {}", join(alike, ", ")));
    if (a_.baseline_row().is_fact() ||
        std::any_of(a_.arms.begin(), a_.arms.end(), [](const ArmRow& arm) { return arm.is_fact(); }))
      note(
          fmt::format("fact: {} is the same in every run of an arm, so its difference decides without a test",
                      a_.metric));
  }

  /// Tells where one SD for all is not to be believed, and which arms have none of their own.
  void tell_spreads() {
    if (a_.spreads_differ) {
      bool beside = std::any_of(a_.arms.begin(), a_.arms.end(),
                                [](const ArmRow& arm) { return arm.welch.has_value(); });
      note(note_on_spreads(a_, a_.metric) +
           (beside ? "; welch p is that of Welch's test, with each arm's own SD, adjusted by Holm" : ""));
    }
    std::vector<std::string> alike;
    bool tested = false;
    for (const ArmRow& arm : a_.arms) {
      bool rests_on_others = arm.tested.test == "pooled" || arm.tested.test == "welch";
      tested |= rests_on_others && std::isfinite(arm.tested.p);
      if (is_alike(arm.metric) && (arm.is_baseline || (rests_on_others && std::isfinite(arm.tested.p))))
        alike.push_back(arm.arm->label);
    }
    if (tested && !alike.empty()) note(note_on_alike(alike, a_.metric));
  }

  void tell_compared_seeds() {
    if (plan_.race) return;
    for (const ArmRow& arm : a_.arms) {
      if (arm.compared.empty()) continue;
      std::vector<std::string> seeds;
      for (int64_t seed : arm.compared) seeds.push_back(std::to_string(seed));
      note(fmt::format("{}: all differences are of seeds {}, which it and the baseline have in common",
                       arm.arm->label, join(seeds, ", ")));
    }
  }

  void tell_shared_trainings() {
    std::vector<std::string> labels;
    size_t baseline = a_.baseline_row().trained_as;
    for (const ArmRow& arm : a_.arms)
      if (!arm.is_baseline && arm.trained_as == baseline && (plan_.claim || arm.shown.test != "pooled"))
        labels.push_back(arm.arm->label);
    if (labels.empty()) return;
    note(fmt::format("one training with the baseline{}: {}",
                     plan_.claim ? "" : ", so compared checkpoint by checkpoint", join(labels, ", ")));
  }

  /// Returns the last time that a setting whose path begins with one of `paths` was changed; "" when none
  /// was. Changes before the first run was done count only with `before_runs`. A plan that does not say how
  /// many runs were done then had some.
  std::string when_changed(std::initializer_list<std::string_view> paths, bool before_runs) const {
    std::string when;
    for (const Json& entry : plan_.history) {
      if (!before_runs && entry.value("done", 1) == 0) continue;
      for (const std::string change : entry.at("changes"))
        for (std::string_view path : paths)
          if (change.starts_with(path)) when = entry.at("at");
    }
    return when;
  }

  /// Returns when seeds were "added", "dropped" or, in plans that do not say which, "changed", in the order
  /// of the times, each the last of its kind.
  std::vector<std::pair<std::string, std::string>> seeds_after_a_look() const {
    std::map<std::string, std::string> last;  // the times by what was done
    for (const Json& entry : plan_.history) {
      if (entry.value("done", 1) == 0) continue;
      auto is_of_seeds = [](const Json& change) { return change.get<std::string>().starts_with("seeds"); };
      if (std::none_of(entry.at("changes").begin(), entry.at("changes").end(), is_of_seeds)) continue;
      bool added = entry.value("seeds_added", 0) > 0, dropped = entry.value("seeds_dropped", 0) > 0;
      if (added) last["added"] = entry.at("at");
      if (dropped) last["dropped"] = entry.at("at");
      if (!entry.contains("seeds_added")) last["changed"] = entry.at("at");
    }
    std::vector<std::pair<std::string, std::string>> times;
    for (const auto& [how, at] : last) times.emplace_back(at, how);
    std::sort(times.begin(), times.end());
    return times;
  }

  /// Returns what was decided when results could be seen already, one phrase each. It makes p too small, as
  /// one may go on until the results are welcome.
  std::vector<std::string> decided_after_a_look() const {
    std::vector<std::string> all;
    for (const auto& [at, how] : seeds_after_a_look())
      all.push_back(fmt::format("seeds {} after a look (on {})", how, at));
    bool other = a_.baseline != plan_.baseline().label;
    if (std::string at = when_changed({"design.baseline"}, false); !at.empty() || other)
      all.push_back("baseline changed after the runs" + (at.empty() ? "" : " (on " + at + ")"));
    if (std::string at = when_changed({"axis", "point", "design.", "when"}, false);
        !at.empty() && at != when_changed({"design.baseline"}, false))
      all.push_back("arms changed after a look (on " + at + ")");
    return all;
  }

  void tell_looks() {
    if (std::vector<std::string> looks = decided_after_a_look(); !looks.empty())
      note(fmt::format("{}: p does not allow for that and is too small", join(looks, ", ")));
  }

  void tell_claim() {
    std::string unit = a_.metric == kLossNats.name ? "nats" : a_.metric;
    std::string side = a_.hypothesis.tail == Tail::both ? "two-sided" : "one-sided";
    std::vector<std::string> later = decided_after_a_look();
    if (std::string at = when_changed({"claim.", "race."}, true); !at.empty())
      later.insert(later.begin(), "CHANGED on " + at + " after the plan was first frozen");
    std::string fixed = later.empty() ? "fixed before the runs" : join(later, ", ");
    std::string how = fmt::format("at {} p < {:g} ({}, {})", side, a_.alpha, a_.test,
                                  plan_.race ? plan_.race->spending + " over the looks" : a_.correction);
    note(fmt::format("claim, {}: better by more than {:.10g} {}{}", fixed, a_.hypothesis.margin, unit,
                     only_facts() ? "" : " " + how));
    if (!plan_.race)
      note(fmt::format("CI: 95%, {}", a_.test == "welch" && a_.correction != "none"
                                          ? "the claimed arms at once"
                                          : "each arm by itself"));
    if (a_.test == "welch" && a_.correction.starts_with("dunnett") && fewest_seeds() < 5)
      note(
          "Welch's test of one arm holds alpha at any SDs; that of several at once only where SDs are alike: "
          "at 3 seeds and SDs that differ by half, 5.7% stand for 5% and 1.5% for 1%; correction = \"holm\" "
          "holds it");
    note(!a_.claim_met ? "claim: not yet decided" : *a_.claim_met ? "claim: met" : "claim: not met");
    if (a_.test == "paired_checkpoint")
      for (const ArmRow& arm : a_.arms)
        if (!arm.is_baseline && arm.bpb.n > 0 && arm.trained_as != a_.baseline_row().trained_as)
          note(fmt::format("{}: not of the baseline's trainings, so no test paired by checkpoint",
                           arm.arm->label));
  }

  /// Tells whether some arms are decided by facts, and none by a test.
  bool only_facts() const {
    bool facts = false, tests = false;
    for (const ArmRow& arm : a_.arms) {
      facts |= arm.is_fact();
      tests |= std::isfinite(arm.tested.p);
    }
    return facts && !tests;
  }

  /// Returns the fewest seeds that the baseline or a tested arm has; INT64_MAX unless several arms are
  /// tested.
  int64_t fewest_seeds() const {
    int64_t fewest = INT64_MAX, arms = 0;
    for (const ArmRow& arm : a_.arms) {
      if (!arm.is_baseline && !std::isfinite(arm.p_adjusted)) continue;
      fewest = std::min(fewest, arm.metric.n);
      arms += !arm.is_baseline;
    }
    return arms > 1 ? fewest : INT64_MAX;
  }

  /// Tells why runs failed or could not be read, each reason once, in the order of the first runs.
  void tell_failures() {
    std::vector<const RunRow*> failed;
    for (const RunRow& run : a_.runs)
      if (run.state.files_tell_why()) failed.push_back(&run);
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
      note(fmt::format("{}: {}: {}", name_of(run->state.status), who, run->state.reason));
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
    const std::vector<Effect>& all = a_.effects;
    if (std::any_of(all.begin(), all.end(), [](const Effect& e) { return std::isfinite(e.low); }))
      note(
          "effects: levels against the baseline's, averaged over the other factors; p and CI hold for all "
          "levels of a factor at once (Dunnett); F: whether one factor's effects depend on the other");
  }

  /// Names the arms of each finding on techniques together. One run of an arm is enough, as what a technique
  /// acts on does not depend on the seed.
  void tell_void_techniques() {
    std::vector<std::pair<std::string, std::vector<std::string>>> findings;
    auto add = [&](const std::string& text, const std::string& arm) {
      auto same = [&](const auto& finding) { return finding.first == text; };
      auto found = std::find_if(findings.begin(), findings.end(), same);
      if (found == findings.end()) found = findings.insert(found, {text, {}});
      found->second.push_back(arm);
    };
    for (const ArmRow& arm : a_.arms) {
      if (arm.effect_check != "no_effect" && arm.effect_check != "partial") continue;
      for (const RunRow& run : a_.runs_of(arm.arm)) {
        if (!run.is_done() || !run.state.summary.effects) continue;
        for (const auto& [technique, reason] : *run.state.summary.effects)
          add(fmt::format("{}: {}", technique, reason), arm.arm->label);
        break;
      }
    }
    for (const auto& [text, arms] : findings) {
      bool all = arms.size() > 1 && arms.size() == a_.arms.size();
      note(fmt::format("{}: {}", all ? "all arms" : join(arms, ", "), text));
    }
  }

  /// Compares steps within each arm that has a wall-clock budget, where a run that was paused or shared its
  /// cores has trained for fewer steps than the others, and its score is the worse for it.
  void tell_steps() {
    for (const ArmRow& arm : a_.arms) {
      double usual = median(a_.numbers(arm.arm, kSteps.name));
      for (const RunRow& run : a_.runs_of(arm.arm))
        if (arm.arm->seconds > 0 && run.is_done() &&
            std::abs(run.number(kSteps) - usual) > (1 - kSlow) * usual)
          note(
              fmt::format("steps: {} s{} made {:.0f} steps, its arm usually {:.0f}: its score is not "
                          "comparable, and neither is the arm's SD; run it again alone",
                          arm.arm->label, run.run->seed, run.number(kSteps), usual));
    }
  }

  void tell_overruns() {
    for (const RunRow& run : a_.runs) {
      double budget = run.arm->seconds, took = run.number(kTrainSeconds);
      if (budget > 0 && run.is_done() && took > (2 - kSlow) * budget)
        note(fmt::format("overrun: {} s{} trained {:.1f} s with a budget of {:g} s", run.arm->label,
                         run.run->seed, took, budget));
    }
  }

  /// Tells what the checks of an import found, and which arms it keeps from being pooled.
  void tell_imported() {
    if (!plan_.imported) return;
    for (const std::string& text : plan_.imported->notes) note("import: " + text);
    for (const Arm& arm : plan_.arms)
      if (!arm.unpooled.empty()) note("not pooled, so without mean and test: " + arm.label);
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
