// SPDX-License-Identifier: Apache-2.0
// caddie report SWEEP writes the sweep as one HTML page.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "base/console.h"
#include "base/files.h"
#include "cli/verbs.h"
#include "report/page.h"
#include "results/run_folder.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

struct ReportArguments {
  std::string sweep, baseline;
  std::filesystem::path output;
};

void report_verb(const ReportArguments& arguments) {
  std::filesystem::path folder = sweep_folder(arguments.sweep);
  std::filesystem::path output = arguments.output.empty() ? folder / "report.html" : arguments.output;
  Plan plan = read_plan(folder);
  std::optional<FolderClaim> claim = claim_to_write({output});
  write_file(output, report_page(analyze(plan, folder, arguments.baseline), folder));
  tell("{}\n", output.string());
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* verb = app.add_subcommand("report", "write a sweep as one HTML page that needs no network");
  verb->add_option("sweep", arguments->sweep, "name or folder of the sweep, or its file")->required();
  verb->add_option("-o,--output", arguments->output,
                   "file to write; by default report.html in the sweep's folder");
  verb->add_option("--baseline", arguments->baseline, "arm to compare with; by default the plan's");
  verb->callback([arguments] { report_verb(*arguments); });
}

}  // namespace caddie
