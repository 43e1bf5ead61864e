// SPDX-License-Identifier: Apache-2.0
// caddie rerun RUN makes a finished run once more, in a new folder, and says whether it got the same bits.
#include "report/rerun.h"
#include "base/console.h"
#include "base/json.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/exit_code.h"
#include "cli/numbers.h"
#include "cli/verbs.h"

namespace caddie {
namespace {

struct RerunArguments {
  ExperimentArguments experiment;  // The run gives its file and settings.
  std::filesystem::path run, output;
  bool json = false;
};

void print_json(const RerunResult& result, const std::string& folder) {
  Json json = {{"same", result.is_same()},        {"differing", result.differing},
               {"results", result.found.results}, {"provenance", result.found.provenance},
               {"parting", result.found.parting}, {"folder", folder}};
  tell("{}\n", text_of(json, 2));
}

void print_text(const RerunResult& result, const std::string& before) {
  if (result.is_same())
    return tell("same: weights, artifact and all results but times have the bits of {}\n", before);
  tell("different: {}\n", fmt::join(result.differing, ", "));
  if (!result.found.parting.empty()) tell("they part in {}\n", result.found.parting);
  for (const std::string& line : result.found.provenance) tell("  {}\n", line);
}

void rerun_verb(RerunArguments& arguments) {
  std::string before = arguments.run.string();
  check_can_rerun(arguments.run);
  if (arguments.output.empty())
    arguments.output = before + ".again";
  else if (std::filesystem::exists(arguments.output))
    fail_usage("--output {}: exists; name a folder that does not", arguments.output.string());
  Device device = arguments.experiment.prepare();
  stop_on_signals();
  RerunResult result = rerun(arguments.run, arguments.output, device, arguments.json);
  if (arguments.json)
    print_json(result, arguments.output.string());
  else
    print_text(result, before);
  check(result.is_same(), "{}: could not be made again", before);
}

}  // namespace

void add_rerun_command(CLI::App& app) {
  auto arguments = std::make_shared<RerunArguments>();
  CLI::App* verb = app.add_subcommand("rerun", "make a run once more and compare the bits");
  verb->add_option("run", arguments->run, "folder of a finished run")->required();
  verb->add_option("--output", arguments->output, "folder of the new run; by default RUN.again");
  verb->add_option("--device", arguments->experiment.device_name, "cpu, cuda or auto")->capture_default_str();
  verb->add_option("--threads", arguments->experiment.threads, "threads; by default one a core")
      ->check(side_by_side());
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { rerun_verb(*arguments); });
}

}  // namespace caddie
