// SPDX-License-Identifier: Apache-2.0
#include "report/ablation.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/curves.h"

namespace caddie {
namespace {

std::vector<double> numbers(const Ablation& ablation, const Arm* arm, std::string_view name) {
  std::vector<double> values;
  for (const RunRow& run : ablation.runs) {
    double value = run.number(name);
    if (run.arm == arm && run.state.status == RunStatus::done && std::isfinite(value))
      values.push_back(value);
  }
  return values;
}

double mean(const Ablation& ablation, const Arm* arm, std::string_view name) {
  return summarize(numbers(ablation, arm, name)).mean;
}

/// Values of two arms for the seeds that both have finished.
std::pair<std::vector<double>, std::vector<double>> pairs(const Ablation& ablation, const Arm* arm,
                                                          const Arm* baseline, std::string_view name) {
  std::map<int64_t, double> by_seed;
  for (const RunRow& run : ablation.runs)
    if (run.arm == baseline && run.state.status == RunStatus::done) by_seed[run.run->seed] = run.number(name);
  std::pair<std::vector<double>, std::vector<double>> values;
  for (const RunRow& run : ablation.runs) {
    auto found = by_seed.find(run.run->seed);
    if (run.arm != arm || run.state.status != RunStatus::done || found == by_seed.end()) continue;
    values.first.push_back(run.number(name));
    values.second.push_back(found->second);
  }
  return values;
}

/// How bad a verdict on a technique's effect is.
int severity(const std::string& verdict) {
  if (verdict == "no_effect") return 3;
  if (verdict == "partial" || verdict == "allowed_no_effect") return 2;
  return verdict.empty() ? 0 : 1;
}

class Analysis {
 public:
  Analysis(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline)
      : plan_(plan), folder_(folder) {
    a_.plan = &plan;
    a_.baseline = baseline.empty() ? plan.baseline().label : baseline;
    for (size_t arm = 0; arm < plan.arms.size(); ++arm)
      for (const PlannedRun& run : plan.runs)
        if (run.arm == arm) a_.runs.push_back({&run, &plan.arms[arm], state_of(plan, run, folder)});
    std::stable_sort(a_.runs.begin(), a_.runs.end(), [](const RunRow& x, const RunRow& y) {
      return std::pair(x.run->arm, x.run->seed) < std::pair(y.run->arm, y.run->seed);
    });
  }

  Ablation run() {
    choose_question();
    for (const Arm& arm : plan_.arms) a_.arms.push_back(summarize_arm(arm));
    find_baseline();
    std::vector<Sample> samples;
    for (const ArmRow& arm : a_.arms) samples.push_back(arm.bpb);
    a_.pooled = pool(samples);
    for (ArmRow& arm : a_.arms)
      if (!arm.is_baseline) compare(arm);
    correct();
    judge_claim();
    add_notes();
    return std::move(a_);
  }

 private:
  void choose_question() {
    a_.test = "pooled";
    a_.correction = "dunnett";
    if (!plan_.claim) return;
    const SweepClaim& claim = *plan_.claim;
    a_.test = claim.test;
    a_.correction = claim.correction;
    // Dunnett's distribution is that of the pooled variance.
    if (a_.test != "pooled" && a_.correction == "dunnett") a_.correction = "holm";
    a_.alpha = claim.alpha;
    a_.metric = claim.margin_nats > 0 ? "val_loss_nats" : claim.metric;
    a_.question.tail = claim.direction == "min" ? Tail::less : Tail::greater;
    a_.question.margin = claim.margin_nats > 0 ? claim.margin_nats : claim.margin;
  }

  ArmRow summarize_arm(const Arm& arm) {
    ArmRow row;
    row.arm = &arm;
    row.is_baseline = arm.label == a_.baseline;
    for (const RunRow& run : a_.runs) {
      if (run.arm != &arm) continue;
      ++row.planned;
      row.failed += run.state.status == RunStatus::failed;
      if (run.state.status == RunStatus::done) row.seeds.push_back(run.run->seed);
      std::string verdict = run.state.summary.is_object() ? run.state.summary.value("effect_check", "") : "";
      if (severity(verdict) > severity(row.effect_check)) row.effect_check = verdict;
    }
    row.bpb = summarize(numbers(a_, &arm, "val_bpb"));
    row.nats = summarize(numbers(a_, &arm, "val_loss_nats"));
    row.bytes = mean(a_, &arm, "artifact_bytes");
    row.step_ms = mean(a_, &arm, "step_avg_ms");
    return row;
  }

  void find_baseline() {
    std::vector<std::string> labels;
    for (const ArmRow& arm : a_.arms) {
      labels.push_back(arm.arm->label);
      if (arm.is_baseline) baseline_ = &arm;
    }
    if (!baseline_)
      throw Error(
          message("{}: no arm is called '{}'{}", {plan_.name, a_.baseline, suggestion(a_.baseline, labels)}),
          2);
  }

  void compare(ArmRow& arm) {
    arm.shown = pooled_test(arm.bpb, baseline_->bpb, a_.pooled, {});
    arm.delta_nats = arm.nats.mean - baseline_->nats.mean;
    arm.delta_bytes = arm.bytes - baseline_->bytes;
    arm.delta_step_ms = arm.step_ms - baseline_->step_ms;
    arm.delta_at_time = delta_at_time(curves(arm.arm), curves(baseline_->arm));
    arm.tested = plan_.claim ? test(arm) : arm.shown;
  }

  const std::vector<std::vector<CurvePoint>>& curves(const Arm* arm) {
    auto [found, is_new] = curves_.try_emplace(arm);
    if (is_new)
      for (const RunRow& run : a_.runs)
        if (run.arm == arm && run.state.status == RunStatus::done)
          found->second.push_back(read_curve(folder_ / run.run->folder, "val_bpb"));
    return found->second;
  }

  Comparison test(const ArmRow& arm) {
    std::vector<double> values = numbers(a_, arm.arm, a_.metric);
    Sample own = summarize(values), base = summarize(numbers(a_, baseline_->arm, a_.metric));
    if (a_.test == "welch") return welch_test(own, base, a_.question);
    if (a_.test == "one_sample")
      return one_sample_test(own, plan_.claim->target.value_or(kUnknown), a_.question);
    if (a_.test == "paired_seed") {
      auto [mine, theirs] = pairs(a_, arm.arm, baseline_->arm, a_.metric);
      return paired_test(mine, theirs, a_.question);
    }
    if (a_.test == "paired_checkpoint") {
      Comparison unknown;
      unknown.test = "paired_checkpoint";
      unknown.delta = own.mean - base.mean;
      return unknown;  // no arms share a checkpoint yet
    }
    std::vector<Sample> samples;
    for (const Arm& each : plan_.arms) samples.push_back(summarize(numbers(a_, &each, a_.metric)));
    return pooled_test(own, base, pool(samples), a_.question);
  }

  bool is_claimed(const ArmRow& arm) const {
    if (arm.is_baseline) return false;
    if (!plan_.claim || plan_.claim->arms.empty()) return true;
    return std::find(plan_.claim->arms.begin(), plan_.claim->arms.end(), arm.arm->label) !=
           plan_.claim->arms.end();
  }

  // Arms that are not claimed take no part in the correction and are not judged.
  void correct() {
    std::vector<double> p;
    std::vector<int64_t> seeds;
    for (const ArmRow& arm : a_.arms) {
      p.push_back(is_claimed(arm) ? arm.tested.p : kUnknown);
      if (std::isfinite(p.back())) seeds.push_back(arm.bpb.n);
    }
    std::vector<double> adjusted = a_.correction == "holm" ? holm(p) : p;
    if (a_.correction == "dunnett" && !seeds.empty()) {
      Dunnett dunnett(seeds, baseline_->bpb.n, a_.pooled.df);
      double critical = plan_.claim ? kUnknown : dunnett.critical(a_.alpha, Tail::both);
      for (size_t i = 0; i < a_.arms.size(); ++i) {
        if (!std::isfinite(p[i])) continue;
        Comparison& shown = a_.arms[i].shown;
        adjusted[i] = dunnett.p(a_.arms[i].tested.t, a_.question.tail);
        if (plan_.claim) continue;
        shown.low = shown.delta - critical * shown.standard_error;
        shown.high = shown.delta + critical * shown.standard_error;
      }
    }
    for (size_t i = 0; i < a_.arms.size(); ++i) {
      a_.arms[i].p_adjusted = adjusted[i];
      a_.arms[i].significant = adjusted[i] < a_.alpha;
    }
  }

  void judge_claim() {
    if (!plan_.claim) return;
    bool all = true;
    for (const std::string& label : plan_.claim->arms)
      if (std::none_of(a_.arms.begin(), a_.arms.end(),
                       [&](const ArmRow& arm) { return arm.arm->label == label; }))
        throw Error(message("[claim] arms: no arm is called '{}'", {label}), 2);
    for (const ArmRow& arm : a_.arms) {
      if (!is_claimed(arm) && !arm.is_baseline) continue;
      if (int(arm.seeds.size()) < arm.planned) return;
      if (!arm.is_baseline) all = all && arm.significant;
    }
    a_.claim_met = all;
  }

  void add_notes() {
    auto note = [&](std::string text) { a_.notes.push_back(std::move(text)); };
    std::string side = a_.question.tail == Tail::both ? "two-sided" : "one-sided";
    if (a_.pooled.df > 0)
      note(fmt::format("noise: SD {:.5f} bpb from seed to seed, pooled over arms (df {:.0f})",
                       std::sqrt(a_.pooled.variance), a_.pooled.df));
    else if (std::any_of(a_.arms.begin(), a_.arms.end(), [](const ArmRow& arm) { return arm.bpb.n > 0; }))
      note("one seed an arm: nothing is known of the noise, so no difference here is more than a hint");
    if (plan_.claim) {
      std::string unit = a_.metric == "val_loss_nats" ? "nats" : a_.metric;
      note(fmt::format("claim, fixed before the runs: better by more than {:g} {} at {} p < {:g} ({}, {})",
                       a_.question.margin, unit, side, a_.alpha, a_.test, a_.correction));
      note(!a_.claim_met ? "claim: not yet decided" : *a_.claim_met ? "claim: met" : "claim: not met");
      if (a_.test == "paired_checkpoint")
        note("no arms of this sweep share a checkpoint, so a test paired by checkpoint cannot be made");
    } else if (a_.pooled.df > 0) {
      note(
          "p: two-sided t-test with the pooled SD, adjusted for all arms (Dunnett); CI: 95%, all arms at "
          "once");
    }
    for (const RunRow& run : a_.runs)
      if (run.state.status == RunStatus::failed)
        note(fmt::format("failed: {} s{}: {}", run.arm->label, run.run->seed, run.state.reason));
    note_void_techniques(note);
    flag_slow_runs(note);
  }

  // One run an arm is enough: what a technique acts on does not depend on the seed.
  template <class Note>
  void note_void_techniques(const Note& note) {
    for (const ArmRow& arm : a_.arms) {
      if (severity(arm.effect_check) < 2) continue;
      for (const RunRow& run : a_.runs) {
        const Json& summary = run.state.summary;
        if (run.arm != arm.arm || run.state.status != RunStatus::done || !summary.contains("effects"))
          continue;
        for (const auto& [technique, reason] : summary.at("effects").items())
          note(fmt::format("{}: {}: {}", arm.arm->label, technique, std::string(reason)));
        break;
      }
    }
  }

  // A clock that ran differently makes times, and with a time budget also scores, incomparable.
  template <class Note>
  void flag_slow_runs(const Note& note) {
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
          "times are not comparable",
          slow, a_.runs.size(), 100 * kSlow, slowest->arm->label, slowest->run->seed,
          100 * relative_rate(a_, *slowest)));
  }

  static constexpr double kSlow = 0.95;
  const Plan& plan_;
  const std::filesystem::path& folder_;
  std::map<const Arm*, std::vector<std::vector<CurvePoint>>> curves_;
  Ablation a_;
  const ArmRow* baseline_ = nullptr;
};

}  // namespace

double RunRow::number(std::string_view name) const {
  if (!state.summary.is_object()) return kUnknown;
  auto found = state.summary.find(std::string(name));
  return found != state.summary.end() && found->is_number() ? found->get<double>() : kUnknown;
}

double relative_rate(const Ablation& ablation, const RunRow& run) {
  std::vector<double> rates = numbers(ablation, run.arm, "tok_s");
  if (rates.empty()) return kUnknown;
  std::sort(rates.begin(), rates.end());
  double median = (rates[(rates.size() - 1) / 2] + rates[rates.size() / 2]) / 2;
  return run.number("tok_s") / median;
}

Ablation analyze(const Plan& plan, const std::filesystem::path& folder, const std::string& baseline) {
  return Analysis(plan, folder, baseline).run();
}

}  // namespace caddie
