// SPDX-License-Identifier: Apache-2.0
// The sections of a sweep file declare their settings here.
#include "sweep/sweep_file.h"

#include "sweep/base_experiment.h"
#include "sweep/run_order.h"

namespace caddie {

void SweepClaim::settings(Settings& s) {
  s("metric", metric, "column of runs.csv that the claim is about", {0, 0, names_of_run_metrics()});
  s("direction", direction, "which way is better", one_of("min", "max"));
  s("margin", margin, "how much better at least, in the metric's unit", at_least(0));
  s("margin_nats", margin_nats, "how much better at least, in nats per token", at_least(0));
  s("alpha", alpha, "chance of a false claim that is accepted", between(1e-9, 0.5));
  s("test", test, "test of an arm's difference from the baseline",
    one_of("pooled", "welch", "one_sample", "paired_checkpoint", "paired_seed"));
  s("correction", correction, "how p is adjusted where several arms are tested",
    one_of("dunnett_step_down", "dunnett", "holm", "none"));
  s("arms", arms, "labels of the arms that must meet it; by default every one");
}

void RaceSettings::settings(Settings& s) {
  s("looks", looks, "seeds an arm at each look, rising; the last takes all seeds");
  s("spending", spending, "how alpha is divided among the looks: most of it late, or early looks their share",
    one_of("obrien_fleming", "pocock"));
  s("futility", futility, "an arm whose chance to be proved is smaller is given up; 0: never",
    between(0, 0.5));
}

void RunSettings::settings(Settings& s) {
  s("timeout", timeout_seconds, "seconds or \"20m\"; a run that takes longer has failed; 0: none",
    at_least(0));
  s("retries", retries, "how often a failed run is tried again", between(0, 100));
  s("order", order, "order in which the runs of one seed start; seeds come one after the other",
    {0, 0, names_of_run_orders()});
}

SweepFile seeds_of(const std::filesystem::path& experiment, std::string name, std::vector<int64_t> seeds) {
  SweepFile sweep;
  sweep.file = sweep.base = experiment;
  sweep.name = std::move(name);
  sweep.question = "How much does the score vary from seed to seed?";
  sweep.seeds = std::move(seeds);
  sweep.design = find_design(sweep.design_kind)->make();
  sweep.base_text = BaseExperiment(experiment).text();
  return sweep;
}

}  // namespace caddie
