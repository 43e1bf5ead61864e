// SPDX-License-Identifier: Apache-2.0
// caddie transfer SMALL BIG says whether a small sweep orders its arms as a big one does.
#include "report/transfer.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "results/metrics.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

struct TransferArguments {
  std::string small, big, baseline, metric = kBpb.name;
  bool json = false;
};

void transfer_verb(const TransferArguments& arguments) {
  std::vector<std::string> metrics = names_of_run_metrics();
  if (std::find(metrics.begin(), metrics.end(), arguments.metric) == metrics.end())
    fail_usage("--metric {}: no column of runs.csv measures that{}", arguments.metric,
               suggestion(arguments.metric, metrics));
  std::filesystem::path small_folder = sweep_folder(arguments.small),
                        big_folder = sweep_folder(arguments.big);
  Plan small = read_plan(small_folder), big = read_plan(big_folder);
  std::string baseline = arguments.baseline.empty() ? small.baseline().label : arguments.baseline;
  Transfer found =
      transfer(analyze(small, small_folder, baseline), analyze(big, big_folder, baseline), arguments.metric);
  tell("{}", arguments.json ? text_of(json_of(found), 2) + "\n" : text_of(found));
}

}  // namespace

void add_transfer_command(CLI::App& app) {
  auto arguments = std::make_shared<TransferArguments>();
  CLI::App* verb =
      app.add_subcommand("transfer", "does a small sweep order the same arms as a big one: ranks and signs");
  verb->add_option("small", arguments->small, "name or folder of the sweep of the smaller size or budget")
      ->required();
  verb->add_option("big", arguments->big, "name or folder of the sweep with the same arms")->required();
  verb->add_option("--baseline", arguments->baseline,
                   "arm to compare with, in both; by default the small sweep's");
  verb->add_option("--metric", arguments->metric, "column of runs.csv that is compared")
      ->capture_default_str();
  verb->add_flag("--json", arguments->json, "print the comparison as JSON");
  verb->callback([arguments] { transfer_verb(*arguments); });
}

}  // namespace caddie
