// SPDX-License-Identifier: Apache-2.0
// caddie import LOG... makes a sweep's folder of runs that other programs made, and prints its table.
#include "import/import.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "report/sweep_tables.h"

namespace caddie {
namespace {

struct ImportArguments {
  ImportRequest request;
  std::string keys;
  bool json = false;
};

/// Returns all that an import found of one run.
Json run_json(const ForeignRun& run, const PlannedRun& planned, const Plan& plan) {
  Json json = {{"arm", plan.arms[planned.arm].label}, {"folder", planned.folder}, {"seed", planned.seed}};
  json.update(written(run));
  json["problem"] = run.problem();
  json["summary"] = written(summary_of(run));
  return json;
}

void print_json(const ImportResult& result, const Ablation& ablation) {
  Json runs = Json::array(), notes = Json::array(), arms = Json::array();
  std::vector<const PlannedRun*> where = places_of(result.sweep, result.plan);
  for (size_t i = 0; i < where.size(); ++i)
    runs.push_back(run_json(result.sweep.runs[i], *where[i], result.plan));
  for (const ImportNote& note : result.sweep.notes) notes.push_back(written(note));
  for (const ArmRow& row : ablation.arms)
    arms.push_back({{"label", row.arm->label},
                    {"runs", row.planned},
                    {"seeds", row.seeds},
                    {"params", row.arm->params},
                    {"pooled", row.arm->unpooled.empty()},
                    {"unpooled", row.arm->unpooled}});
  Json json = {{"folder", result.folder.string()},
               {"sweep", result.plan.name},
               {"baseline", result.plan.baseline().label},
               {"added", result.added.size()},
               {"arms", arms},
               {"runs", runs},
               {"notes", notes},
               {"copies", result.copies},
               {"refused", result.refused},
               {"passed_over", result.passed}};
  tell("{}\n", text_of(json, 2));
}

/// Prints what was read of the files, and what of them was not understood.
void print_reading(const ImportResult& result) {
  LineCounts all;
  for (size_t i : result.added) {
    const LineCounts& own = result.sweep.runs[i].counts;
    all.steps += own.steps;
    all.results += own.results;
    all.settings += own.settings;
    all.remarks += own.remarks;
    all.source += own.source;
    all.unknown += own.unknown;
  }
  tell("{}: {} runs added, {} in {} arms\n", result.folder.string(), result.added.size(),
       result.sweep.runs.size(), result.plan.arms.size());
  tell("lines: {} of steps, {} of results, {} of settings, {} remarks, {} of source, {} not understood\n",
       with_commas(all.steps), with_commas(all.results), with_commas(all.settings), with_commas(all.remarks),
       with_commas(all.source), with_commas(all.unknown));
  for (size_t i : result.added) {
    const ForeignRun& run = result.sweep.runs[i];
    for (const std::string& line : run.unknown) tell("not understood: {}:{}\n", run.source.file, line);
    if (int64_t more = run.counts.unknown - int64_t(run.unknown.size()); more > 0)
      tell("not understood: {}: and {} more lines\n", run.source.file, more);
  }
  for (const std::string& text : result.copies) tell("left out: {}\n", text);
  for (const std::string& file : result.passed) tell("no log: {}\n", file);
  for (const std::string& text : result.refused) tell("refused: {}\n", text);
}

void import_verb(ImportArguments& arguments) {
  if (!arguments.keys.empty()) arguments.request.grouping.keys = split(arguments.keys, ',');
  ImportResult result = import_runs(arguments.request);
  Ablation ablation = write_tables(result.plan, result.folder);
  if (arguments.json) {
    print_json(result, ablation);
  } else {
    print_reading(result);
    tell("\n{}", render(ablation, "term"));
  }
  if (!result.refused.empty())
    throw Error(message("{} files were not read; the others are in {}",
                        {result.refused.size(), result.folder.string()}),
                kFailed);
}

}  // namespace

void add_import_command(CLI::App& app) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* verb =
      app.add_subcommand("import", "read the logs of runs that other programs made, and print their table");
  ImportRequest& request = arguments->request;
  verb->add_option("files", request.files,
                   "logs, folders of logs, tables (.csv, .tsv) or submission.json; compressed ones as well")
      ->required();
  verb->add_option("--into", request.into,
                   "the sweep's folder; by default results/ and the first folder's name");
  verb->add_option("--arm", request.grouping.arm, "put all runs into one arm of this label");
  verb->add_option(
      "--group-by", arguments->keys,
      "settings by which runs are grouped into arms, with commas between, or folder; by default all that "
      "differ");
  verb->add_option("--baseline", request.baseline, "label of the arm to compare with; by default the first");
  verb->add_option("--columns", request.columns,
                   "what a table's columns mean, as in val_bpb=final_score seed=rng");
  verb->add_flag("--fresh", request.fresh, "start the folder over; by default runs are added to it");
  verb->add_flag("--json", arguments->json, "print all that was read as JSON");
  verb->callback([arguments] { import_verb(*arguments); });
}

}  // namespace caddie
