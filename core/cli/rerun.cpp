// SPDX-License-Identifier: Apache-2.0
// caddie rerun RUN: makes a finished run once more, in a new folder, and says whether it got the same bits.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/files.h"
#include "cli/verbs.h"
#include "report/compare_runs.h"
#include "run/run.h"

namespace caddie {
namespace {

struct RerunArguments {
  ExperimentArguments experiment;  // its file is made of the run's
  std::filesystem::path run, output;
  bool json = false;
};

struct Rerun {
  std::vector<std::string> differing;  // files
  RunDifferences found;
  bool same() const { return differing.empty(); }
};

Rerun compare(const std::filesystem::path& before, const std::filesystem::path& again) {
  Rerun result{{}, compare_runs(before, again)};
  for (const char* name : {"weights.safetensors", "artifact.bin"})
    if (read_file(before / name) != read_file(again / name)) result.differing.push_back(name);
  if (!result.found.parting.empty()) result.differing.push_back("results");
  return result;
}

void rerun_verb(RerunArguments& arguments) {
  const std::filesystem::path& before = arguments.run;
  if (read_summary(before).status != "done")
    throw Error(message("{}: holds no finished run; name the folder of one", {before.string()}), 2);
  Json machine = RunFolder(before).read_json("run.json").value_or(Json()).value("machine", Json::object());
  if (int ranks = machine.value("ranks", 1); ranks > 1)
    throw Error(
        message("{}: {} ranks made it; run its resolved.toml with --ranks {} and compare with caddie diff",
                {before.string(), ranks, ranks}),
        2);
  if (arguments.output.empty())
    arguments.output = before.string() + ".again";
  else if (std::filesystem::exists(arguments.output))
    throw Error(message("--output {}: exists; name a folder that does not", {arguments.output.string()}), 2);
  Device device = arguments.experiment.prepare();
  Registry registry;
  Tree tree = Tree::load(before / "resolved.toml");
  Experiment experiment = assemble(tree, registry, device);
  RunOptions options;
  options.folder = arguments.output;
  options.fresh = true;
  options.quiet = arguments.json;
  stop_on_signals();
  run_experiment(tree, experiment, registry, options);
  Rerun result = compare(before, arguments.output);
  if (arguments.json) {
    Json json = {{"same", result.same()},           {"differing", result.differing},
                 {"results", result.found.results}, {"provenance", result.found.provenance},
                 {"parting", result.found.parting}, {"folder", arguments.output.string()}};
    fmt::print("{}\n", json.dump(2));
  } else if (result.same()) {
    fmt::print("same: weights, artifact and all results but times have the bits of {}\n", before.string());
  } else {
    fmt::print("different: {}\n", fmt::join(result.differing, ", "));
    if (!result.found.parting.empty()) fmt::print("they part in {}\n", result.found.parting);
    for (const std::string& line : result.found.provenance) fmt::print("  {}\n", line);
  }
  if (!result.same()) throw Error(message("{}: could not be made again", {before.string()}));
}

}  // namespace

void add_rerun_command(CLI::App& app) {
  auto arguments = std::make_shared<RerunArguments>();
  CLI::App* verb = app.add_subcommand("rerun", "make a run once more and compare the bits");
  verb->add_option("run", arguments->run, "folder of a finished run")->required();
  verb->add_option("--output", arguments->output, "folder of the new run; by default RUN.again");
  verb->add_option("--device", arguments->experiment.device_name, "cpu, cuda or auto")->capture_default_str();
  verb->add_option("--threads", arguments->experiment.threads, "threads; by default one a core");
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { rerun_verb(*arguments); });
}

}  // namespace caddie
