// SPDX-License-Identifier: Apache-2.0
// caddie status SWEEP says how far its runs have come, and why some failed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "sweep/folders.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

struct StatusArguments {
  std::string sweep;
  bool all = false, json = false;
};

struct Line {
  const PlannedRun* run;
  const Arm* arm;
  RunState state;
  std::string last;  // the log's last line, for a run that is neither done nor planned
};

/// Holds what the verb prints. It points into the plan.
struct StatusReport {
  std::vector<Line> lines;
  std::map<RunStatus, int> counts;
};

StatusReport status_of(const Plan& plan, const std::filesystem::path& folder) {
  StatusReport found;
  for (const PlannedRun& run : plan.runs) {
    Line line{&run, &plan.arms[run.arm], state_of(plan, run, folder), ""};
    RunStatus status = line.state.status;
    ++found.counts[status];
    if (status != RunStatus::done && status != RunStatus::planned)
      line.last = last_log_line(folder / run.folder);
    found.lines.push_back(std::move(line));
  }
  return found;
}

/// Returns why the run failed or is lost, or else what it said last.
std::string what_of(const Line& line) {
  return line.state.files_tell_why() || line.last.empty() ? line.state.reason : line.last;
}

void print_json(const Plan& plan, const StatusReport& found) {
  Json json = {{"sweep", plan.name},
               {"runs", found.lines.size()},
               {"counts", Json::object()},
               {"states", Json::array()}};
  for (RunStatus status :
       {RunStatus::planned, RunStatus::running, RunStatus::done, RunStatus::failed, RunStatus::lost})
    json["counts"][std::string(name_of(status))] =
        found.counts.contains(status) ? found.counts.at(status) : 0;
  for (const Line& line : found.lines)
    json["states"].push_back({{"arm", line.arm->label},
                              {"seed", line.run->seed},
                              {"status", name_of(line.state.status)},
                              {"reason", line.state.reason},
                              {"folder", line.run->folder},
                              {"last", line.last}});
  tell("{}\n", text_of(json, 2));
}

void print_text(const Plan& plan, const std::filesystem::path& folder, const StatusReport& found, bool all) {
  std::string head;
  for (const auto& [status, count] : found.counts)
    head += fmt::format("{}{} {}", head.empty() ? "" : ", ", count, name_of(status));
  tell("{}: {} runs: {}\n", plan.name, found.lines.size(), head);
  for (const Line& line : found.lines) {
    if (!all && line.last.empty() && line.state.reason.empty()) continue;
    tell("  {:<8} {:<40} {}\n", name_of(line.state.status),
         fmt::format("{} s{}", line.arm->label, line.run->seed), what_of(line));
  }
  if (found.counts.contains(RunStatus::failed) || found.counts.contains(RunStatus::lost))
    tell("once more: caddie retry {}\n", folder.string());
}

void status_verb(const StatusArguments& arguments) {
  std::filesystem::path folder = sweep_folder(arguments.sweep);
  Plan plan = read_plan(folder);
  StatusReport found = status_of(plan, folder);
  if (arguments.json)
    print_json(plan, found);
  else
    print_text(plan, folder, found, arguments.all);
}

}  // namespace

void add_status_command(CLI::App& app) {
  auto arguments = std::make_shared<StatusArguments>();
  CLI::App* verb = app.add_subcommand("status", "how far a sweep has come, and what failed");
  verb->add_option("sweep", arguments->sweep, "name or folder of the sweep, or its file")->required();
  verb->add_flag("--all", arguments->all, "also the runs that are done or not begun");
  verb->add_flag("--json", arguments->json, "every run, as JSON");
  verb->callback([arguments] { status_verb(*arguments); });
}

}  // namespace caddie
