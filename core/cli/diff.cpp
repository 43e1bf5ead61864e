// SPDX-License-Identifier: Apache-2.0
// caddie diff A B says what is different about two runs, and where they part.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "report/compare_runs.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct DiffArguments {
  std::filesystem::path a, b;
  bool json = false;
};

Json json_of(const WeightDifferences& weights) {
  Json differing = Json::array();
  for (const TensorDifference& d : weights.differing)
    differing.push_back({{"name", d.name},
                         {"only_in", d.only_in},
                         {"shapes", {d.shape, d.other_shape}},
                         {"differing", d.differing},
                         {"first", d.first},
                         {"values", {d.a, d.b}},
                         {"largest", d.largest}});
  return {{"tensors", weights.tensors}, {"equal", weights.equal}, {"differing", differing}};
}

void print_weights(const RunDifferences& found) {
  if (!found.weights) return tell("weights: not compared: {} is missing\n", found.weights_missing);
  const WeightDifferences& weights = *found.weights;
  if (weights.same()) return tell("weights: the same\n");
  tell("weights: {} of {} tensors have equal bits\n", weights.equal, weights.tensors);
  for (const TensorDifference& difference : weights.differing) tell("  {}\n", line_of(difference));
}

void diff_verb(const DiffArguments& arguments) {
  RunDifferences found = compare_runs(arguments.a, arguments.b);
  if (arguments.json) {
    Json json = {{"a", arguments.a.string()},      {"b", arguments.b.string()}, {"settings", found.settings},
                 {"provenance", found.provenance}, {"results", found.results},  {"cost", found.cost},
                 {"stage", found.stage},           {"parting", found.parting}};
    json["weights"] = found.weights ? json_of(*found.weights) : Json();
    if (!found.weights) json["weights_missing"] = found.weights_missing;
    tell("{}\n", text_of(json, 2));
    return;
  }
  auto print_lines = [](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return tell("{}: the same\n", title);
    tell("{}:\n", title);
    for (const std::string& line : lines) tell("  {}\n", line);
  };
  print_lines("settings", found.settings);
  print_lines("provenance", found.provenance);
  print_lines("results", found.results);
  print_lines("cost", found.cost);
  print_weights(found);
  if (found.parting.empty())
    tell("they do not part\n");
  else
    tell("they part in {}\n", found.parting);
}

}  // namespace

void add_diff_command(CLI::App& app) {
  auto arguments = std::make_shared<DiffArguments>();
  CLI::App* verb = app.add_subcommand("diff", "what is different about two runs, and where they part");
  verb->add_option("a", arguments->a, "folder of a run")->required();
  verb->add_option("b", arguments->b, "folder of another run")->required();
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { diff_verb(*arguments); });
}

}  // namespace caddie
