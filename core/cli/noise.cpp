// SPDX-License-Identifier: Apache-2.0
// caddie noise EXPERIMENT runs the same experiment for several seeds, and says how much its score varies.
#include "report/noise.h"
#include "base/console.h"
#include "base/json.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/numbers.h"
#include "cli/verbs.h"
#include "results/metrics.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct NoiseArguments {
  NoiseRequest request;
  bool json = false;
};

void noise_verb(const NoiseArguments& arguments) {
  std::string experiment = arguments.request.experiment.string();
  Noise found = measure_noise(arguments.request);
  const Sample& bpb = found.bpb;
  if (arguments.json) {
    Json json = {{"experiment", experiment}, {"n", bpb.n},
                 {"mean", bpb.mean},         {"sd", bpb.sd},
                 {"sd_ci_lo", found.sd.low}, {"sd_ci_hi", found.sd.high},
                 {"group", found.group}};
    tell("{}\n", text_of(json, 2));
  } else {
    tell("{}: {} {:.5f}, SD {:.5f} from seed to seed (95% CI {:.5f} to {:.5f}, n {})\n", experiment,
         kBpb.name, bpb.mean, bpb.sd, found.sd.low, found.sd.high, bpb.n);
  }
}

}  // namespace

void add_noise_command(CLI::App& app) {
  auto arguments = std::make_shared<NoiseArguments>();
  CLI::App* verb =
      app.add_subcommand("noise", "how much the score of an experiment varies from seed to seed");
  verb->add_option("experiment", arguments->request.experiment, "experiment file (TOML)")->required();
  verb->add_option("--seeds", arguments->request.seeds, "number of seeds")
      ->check(whole(2, 10000))
      ->capture_default_str();
  verb->add_option("--first", arguments->request.first, "first seed")
      ->check(zero_or_more())
      ->capture_default_str();
  verb->add_option("-j,--jobs", arguments->request.runner.jobs, "runs at a time")
      ->check(side_by_side())
      ->capture_default_str();
  verb->add_option("--threads", arguments->request.runner.threads, "threads of each run")
      ->check(side_by_side());
  verb->add_option("--device", arguments->request.runner.device, "cpu, cuda or auto")->capture_default_str();
  verb->add_flag("--json", arguments->json, "print the result as JSON");
  verb->callback([arguments] { noise_verb(*arguments); });
}

}  // namespace caddie
