// SPDX-License-Identifier: Apache-2.0
// An arm's values, its trainings and the pooled variance come from the analysis of its whole sweep.
#include "report/compare_arms.h"

#include <fmt/format.h>

#include <cmath>

#include "base/exit_code.h"
#include "report/spread_notes.h"

namespace caddie {

FinishedArm finished_arm(const std::filesystem::path& folder, const std::string& label,
                         const std::string& metric) {
  FinishedArm finished;
  finished.sweep = std::filesystem::canonical(folder);
  Plan plan = read_plan(finished.sweep);
  Ablation ablation = analyze(plan, finished.sweep, label);
  const Arm* arm = ablation.baseline_row().arm;
  if (!arm->unpooled.empty())
    fail_usage(
        "{}:{}: its runs are not to be pooled: {}; import those that belong together as an arm of their own",
        folder.string(), label, arm->unpooled);
  finished.values = ablation.by_seed(arm, metric);
  if (finished.values.empty()) fail_usage("{}:{}: no finished run has {}", folder.string(), label, metric);
  for (const RunRow& run : ablation.runs_of(arm))
    if (finished.values.contains(run.run->seed)) finished.trainings[run.run->seed] = run.training();
  finished.pooled = ablation.pool_over_arms(metric);
  finished.label = label;
  finished.metric = metric;
  finished.is_alike = is_alike(summarize(ablation.numbers(arm, metric)));
  finished.spreads = note_on_spreads(ablation, metric);
  return finished;
}

Comparison compare_arms(const FinishedArm& arm, const FinishedArm& baseline, const std::string& test,
                        const Hypothesis& hypothesis) {
  ArmPair pair{arm.values, baseline.values, share_trainings(arm.trainings, baseline.trainings), arm.pooled};
  bool one_sweep = arm.sweep == baseline.sweep;
  std::string chosen = test == "auto" ? usual_test(pair.same_trainings, one_sweep) : test;
  if (chosen == "paired_checkpoint" && !pair.same_trainings)
    fail_usage("the arms do not come from the same trainings; take --test pooled or welch");
  if (chosen == "pooled" && !one_sweep)
    fail_usage("a pooled test wants two arms of one sweep; take --test welch");
  Comparison c = run_test(chosen, pair, hypothesis);
  c.test = chosen;
  return c;
}

std::vector<std::string> notes_on_test(const Comparison& comparison, const FinishedArm& arm,
                                       const FinishedArm& baseline, const Hypothesis& hypothesis) {
  bool pooled = comparison.test == "pooled", by_arms = pooled || comparison.test == "welch";
  if (!by_arms || !std::isfinite(comparison.p)) return {};
  std::vector<std::string> notes, alike;
  if (pooled && !arm.spreads.empty()) {
    double p = compare_arms(arm, baseline, "welch", hypothesis).p;
    notes.push_back(arm.spreads + (std::isfinite(p) ? fmt::format("; p = {:.5f} with --test welch", p) : ""));
  }
  for (const FinishedArm* one : {&arm, &baseline})
    if (one->is_alike) alike.push_back(one->label);
  if (!alike.empty()) notes.push_back(note_on_alike(alike, arm.metric));
  return notes;
}

Comparison compare_with_number(const FinishedArm& arm, double target, const Hypothesis& hypothesis) {
  return run_test("one_sample", {arm.values, {}, false, {}, target}, hypothesis);
}

}  // namespace caddie
