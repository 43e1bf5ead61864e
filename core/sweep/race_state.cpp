// SPDX-License-Identifier: Apache-2.0
// The scores of the runs are put in order by arm and seed, as the analysis of a race wants them.
#include "sweep/race_state.h"

#include <caddie/error.h>

#include <algorithm>
#include <map>

#include "results/metrics.h"

namespace caddie {
namespace {

double score_of(const RunState& state, const std::string& metric) {
  return state.status == RunStatus::done ? state.summary.number(metric) : kUnknown;
}

}  // namespace

std::string claimed_metric(const SweepClaim& claim) {
  return claim.margin_nats > 0 ? kLossNats.name : claim.metric;
}

Hypothesis claimed_hypothesis(const SweepClaim& claim) {
  return {claim.direction == "min" ? Tail::less : Tail::greater,
          claim.margin_nats > 0 ? claim.margin_nats : claim.margin};
}

std::vector<Standing> standings(const Plan& plan, std::span<const RunState> states) {
  check(plan.race && plan.claim, "{}: its plan holds no race", plan.name);
  std::map<int64_t, size_t> turn;  // the place of a seed among the plan's
  for (size_t i = 0; i < plan.seeds.size(); ++i) turn[plan.seeds[i]] = i;
  std::vector<ArmScores> arms;
  for (const Arm& arm : plan.arms)
    arms.push_back({std::vector<double>(plan.seeds.size(), kUnknown), is_claimed(plan, arm)});
  std::string metric = claimed_metric(*plan.claim);
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    ArmScores& arm = arms[plan.runs[i].arm];
    size_t seed = turn.at(plan.runs[i].seed);
    arm.scores[seed] = score_of(states[i], metric);
    if (states[i].status == RunStatus::failed) arm.failed_at = std::min(arm.failed_at, int64_t(seed));
  }
  return stand(*plan.race, claimed_hypothesis(*plan.claim), arms);
}

std::vector<PlannedRun> next_runs(const Plan& plan, const std::filesystem::path& folder) {
  if (!plan.race) return {};
  std::vector<RunState> states;
  for (const PlannedRun& run : plan.runs) states.push_back(state_of(plan, run, folder));
  return next_runs(plan, states);
}

std::vector<PlannedRun> next_runs(const Plan& plan, std::span<const RunState> states) {
  if (!plan.race) return {};
  std::vector<Standing> now = standings(plan, states);
  // The baseline has taken part in every look that was held.
  const std::vector<Look>& looks = plan.race->looks;
  auto next =
      std::find_if(looks.begin(), looks.end(), [&](const Look& look) { return look.seeds > now[0].seeds; });
  if (!now[0].wants_seeds || next == looks.end()) return {};
  std::vector<size_t> arms;
  for (size_t arm = 0; arm < now.size(); ++arm)
    if (now[arm].wants_seeds) arms.push_back(arm);
  std::vector<PlannedRun> runs = runs_of(plan, arms, std::span(plan.seeds).first(size_t(next->seeds)));
  std::erase_if(runs, [&](const PlannedRun& run) {
    return std::any_of(plan.runs.begin(), plan.runs.end(),
                       [&](const PlannedRun& other) { return other.folder == run.folder; });
  });
  return runs;
}

}  // namespace caddie
