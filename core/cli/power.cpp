// SPDX-License-Identifier: Apache-2.0
// caddie power says how large a difference can be found with how many seeds.
#include "statistics/power.h"
#include "base/console.h"
#include "base/json.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "base/exit_code.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "report/cells.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct PowerArguments {
  EvenDesign design;
  double effect = 0, power = 0.8;
  bool json = false;
};

void power_verb(const PowerArguments& arguments) {
  const EvenDesign& even = arguments.design;
  ComparisonDesign design = even.design();
  double smallest = detectable(design, arguments.power);
  if (!std::isfinite(smallest))
    fail_usage("one seed an arm says nothing of the noise; take --seeds 2 or more");
  double effect = arguments.effect > 0 ? arguments.effect : smallest;
  double chance = power_of(design, effect);
  int64_t needed = seeds_needed(design, effect, arguments.power, even.pooled_arms());
  if (arguments.json) {
    Json json = {{"seeds", even.seeds},
                 {"arms", even.arms},
                 {"df", design.df},
                 {"alpha", design.alpha},
                 {"power", arguments.power},
                 {"detectable", number_or_null(smallest)},
                 {"significant", significant_delta(design)},
                 {"effect", number_or_null(effect)},
                 {"power_at_effect", number_or_null(chance)},
                 {"seeds_needed", needed}};
    tell("{}\n", text_of(json, 2));
    return;
  }
  tell("{} arms x {} seeds, SD {:g}, {} p < {:g}, df {:.0f}\n", even.arms, even.seeds, design.sd,
       even.two_sided ? "two-sided" : "one-sided", design.alpha, design.df);
  tell("half of a difference's interval at alpha, so significant when observed: {:.6f}\n",
       significant_delta(design));
  tell("found with chance {:g}: {:.6f}\nchance to find {:.6f}: {:.3f}\n", arguments.power, smallest, effect,
       chance);
  if (needed > 0)
    tell("seeds an arm to find {:.6f} with chance {:g}: {}\n", effect, arguments.power, needed);
  else
    tell("10000 seeds an arm are too few to find {:.6f} with chance {:g}\n", effect, arguments.power);
}

}  // namespace

void add_power_command(CLI::App& app) {
  auto arguments = std::make_shared<PowerArguments>();
  CLI::App* verb = app.add_subcommand("power", "which difference can be found with how many seeds");
  verb->add_option("--sd", arguments->design.sd, "standard deviation from seed to seed")
      ->required()
      ->check(above_zero());
  verb->add_option("--effect", arguments->effect,
                   "difference of interest; by default the smallest that is found")
      ->check(above_zero());
  verb->add_option("--seeds", arguments->design.seeds, "runs of each arm")
      ->check(whole(1, 100000))
      ->capture_default_str();
  verb->add_option("--arms", arguments->design.arms, "arms that share the noise, the baseline included")
      ->check(whole(2, 100000))
      ->capture_default_str();
  verb->add_option("--alpha", arguments->design.alpha, "level of significance")
      ->check(within(1e-9, 0.5))
      ->capture_default_str();
  verb->add_option("--power", arguments->power, "chance to find a difference that is there")
      ->check(within(0.01, 0.999))
      ->capture_default_str();
  verb->add_flag("--corrected", arguments->design.corrected, "alpha is that of all arms together (Dunnett)");
  verb->add_flag("--paired", arguments->design.paired,
                 "runs come in pairs; --sd is that of their differences");
  verb->add_flag("--two-sided", arguments->design.two_sided, "a difference in either direction");
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { power_verb(*arguments); });
}

}  // namespace caddie
