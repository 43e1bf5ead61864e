// SPDX-License-Identifier: Apache-2.0
// caddie noise EXPERIMENT: the same experiment for several seeds, to know what no technique explains.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <memory>

#include "base/hash.h"
#include "base/text.h"
#include "cli/sweep.h"
#include "report/files.h"
#include "results/metrics.h"
#include "run/run.h"
#include "sweep/runner.h"

namespace caddie {
namespace {

struct NoiseArguments {
  std::filesystem::path experiment;
  int64_t seeds = 5, first = 1;
  RunnerOptions runner;
  bool json = false;
};

/// 95% interval of a standard deviation: of chi squared, so the runs' scores are taken for normal.
std::pair<double, double> interval_of_sd(const Sample& sample) {
  auto df = double(sample.n - 1);
  boost::math::chi_squared chi(df);
  double squares = df * sample.sd * sample.sd;
  return {std::sqrt(squares / quantile(chi, 0.975)), std::sqrt(squares / quantile(chi, 0.025))};
}

void noise_verb(NoiseArguments& arguments) {
  std::vector<int64_t> seeds;
  for (int64_t i = 0; i < arguments.seeds; ++i) seeds.push_back(arguments.first + i);
  std::filesystem::path folder = noise_folder(arguments.experiment);
  Plan plan = make_plan(seeds_of(arguments.experiment, "noise/" + folder.filename().string(), seeds));
  arguments.runner.folder = folder;
  arguments.runner.store = store_for(folder);
  FileLock lock = lock_sweep(folder);
  // Frozen anew each time: more seeds join those that are there, and runs that no longer fit are made again.
  check_groups(plan);
  if (std::filesystem::exists(plan_path(folder))) {
    Plan before = read_plan(folder);
    plan.jobs = before.jobs;
    plan.threads = before.threads;
  }
  if (plan.is_timed()) freeze_concurrency(plan, arguments.runner);
  write_plan(plan, folder);
  LiveTables tables(plan, folder);
  RunnerResult result =
      run_plan(plan, arguments.runner, {[&] { tables.changed(); }, [&] { tables.catch_up(); }, {}}, lock);
  tables.write();
  if (result.interrupted) throw Error("interrupted; the same command goes on", kInterrupted);
  if (result.failed + result.lost + result.left > 0)
    throw Error(message("{} of {} runs failed, {} were lost, {} are left; see caddie status {}",
                        {result.failed, plan.runs.size(), result.lost, result.left, folder.string()}));
  Ablation ablation = analyze(plan, folder);
  const Sample& bpb = ablation.arms[0].bpb;
  if (bpb.n < 2) throw Error("one run says nothing of the noise; take --seeds 2 or more", 2);
  auto [low, high] = interval_of_sd(bpb);
  if (arguments.json) {
    Json json = {{"experiment", arguments.experiment.string()},
                 {"n", bpb.n},
                 {"mean", bpb.mean},
                 {"sd", bpb.sd},
                 {"sd_ci_lo", low},
                 {"sd_ci_hi", high},
                 {"group", plan.arms[0].group}};
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}: {} {:.5f}, SD {:.5f} from seed to seed (95% CI {:.5f} to {:.5f}, n {})\n",
               arguments.experiment.string(), kBpb.name, bpb.mean, bpb.sd, low, high, bpb.n);
  }
}

}  // namespace

std::filesystem::path noise_folder(const std::filesystem::path& experiment) {
  std::filesystem::path folder = std::filesystem::path("results/noise") / experiment.stem();
  if (!std::filesystem::exists(plan_path(folder)) || same_file(read_plan(folder).base_file, experiment))
    return folder;
  return folder.string() + "-" + sha256(std::filesystem::weakly_canonical(experiment).string()).substr(0, 8);
}

void add_noise_command(CLI::App& app) {
  auto arguments = std::make_shared<NoiseArguments>();
  CLI::App* verb =
      app.add_subcommand("noise", "how much the score of an experiment varies from seed to seed");
  verb->add_option("experiment", arguments->experiment, "experiment file (TOML)")->required();
  verb->add_option("--seeds", arguments->seeds, "how many")
      ->check(CLI::Range(2, 10000))
      ->capture_default_str();
  verb->add_option("--first", arguments->first, "the first of them")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("-j,--jobs", arguments->runner.jobs, "runs at a time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--threads", arguments->runner.threads, "threads of each run");
  verb->add_option("--device", arguments->runner.device, "cpu, cuda or auto")->capture_default_str();
  verb->add_flag("--json", arguments->json, "print the result as JSON");
  verb->callback([arguments] { noise_verb(*arguments); });
}

}  // namespace caddie
