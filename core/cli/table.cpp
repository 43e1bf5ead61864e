// SPDX-License-Identifier: Apache-2.0
// caddie table SWEEP prints the ablation table of what is finished.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "cli/verbs.h"
#include "report/sweep_tables.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

struct TableArguments {
  std::string sweep, format, baseline;
  bool json = false, runs = false;
};

void table_verb(const TableArguments& arguments) {
  std::filesystem::path folder = sweep_folder(arguments.sweep);
  Plan plan = read_plan(folder);
  Ablation ablation = analyze(plan, folder, arguments.baseline);
  std::string format = arguments.json ? "json" : arguments.format;
  if (arguments.runs)
    tell("{}", render_runs(ablation, format.empty() ? "csv" : format));
  else
    tell("{}", render(ablation, format.empty() ? "term" : format));
}

}  // namespace

void add_table_command(CLI::App& app) {
  auto arguments = std::make_shared<TableArguments>();
  CLI::App* verb = app.add_subcommand("table", "print the ablation table of a sweep");
  verb->add_option("sweep", arguments->sweep, "name or folder of the sweep, or its file")->required();
  verb->add_option("--format", arguments->format,
                   "term, csv, md, tex or json; by default term, csv with --runs; tsv for a decision on "
                   "each arm, as in results.tsv");
  verb->add_option("--baseline", arguments->baseline, "arm to compare with; by default the plan's");
  verb->add_flag("--runs", arguments->runs, "one row a run, as in runs.csv");
  verb->add_flag("--json", arguments->json, "the same as --format json");
  verb->callback([arguments] { table_verb(*arguments); });
}

}  // namespace caddie
