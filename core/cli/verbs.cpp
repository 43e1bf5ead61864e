// SPDX-License-Identifier: Apache-2.0
// The verbs are listed here under the headings that the program's help gives them.
#include "cli/verbs.h"

#include <caddie/parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "device/device.h"
#include "process/machine.h"

namespace caddie {

void start_threads(int threads) { set_thread_count(threads > 0 ? threads : core_count()); }

void add_verbs(CLI::App& app) {
  struct Task {
    const char* title;
    std::vector<void (*)(CLI::App&)> verbs;
  };
  const Task tasks[] = {{"One experiment", {add_run_command, add_rerun_command, add_explain_command}},
                        {"Sweeps",
                         {add_plan_command, add_noise_command, add_power_command, add_sweep_command,
                          add_retry_command, add_status_command}},
                        {"Results",
                         {add_table_command, add_report_command, add_test_command, add_transfer_command,
                          add_diff_command, add_ls_command, add_import_command, add_verify_command}},
                        {"Artifacts", {add_eval_command, add_artifact_command, add_export_command}},
                        {"Data and plugins", {add_data_command, add_plugin_command, add_describe_command}},
                        {"This machine", {add_bench_command, add_doctor_command, add_gc_command}}};
  for (const Task& task : tasks)
    for (auto add : task.verbs) {
      add(app);
      app.get_subcommands({}).back()->group(task.title);
    }
}

void check_verb(const CLI::App& app, const std::string& word) {
  if (word.empty() || word.starts_with('-')) return;
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  if (std::find(names.begin(), names.end(), word) == names.end())
    fail_usage("caddie: there is no verb '{}'{}", word, suggestion(word, names));
}

void ExperimentArguments::declare(CLI::App& verb) {
  verb.add_option("experiment", file, "experiment file (TOML)")->required();
  declare_options(verb);
}

void ExperimentArguments::declare_options(CLI::App& verb) {
  verb.add_option("-S,--set", overrides, "override one setting, e.g. -S train.clip_norm=0.3; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  verb.add_option("--device", device_name, "cpu, cuda or auto")->capture_default_str();
  verb.add_option("--threads", threads, "threads; by default one a core")->check(side_by_side());
}

Device ExperimentArguments::prepare() const {
  start_threads(threads);
  std::string note;
  Device chosen = choose_device(device_name, &note);
  if (!note.empty()) say_aside(note);
  return chosen;
}

}  // namespace caddie
