// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <caddie/parallel.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/artifact.h"
#include "cli/data.h"
#include "cli/describe.h"
#include "cli/sweep.h"
#include "device/device.h"
#include "process/machine.h"

namespace caddie {

void start_threads(int threads) { set_thread_count(threads > 0 ? threads : core_count()); }

void add_verbs(CLI::App& app) {
  add_run_command(app);
  add_rerun_command(app);
  add_explain_command(app);
  add_data_command(app);
  add_sweep_verbs(app);
  add_artifact_command(app);
  add_plugin_command(app);
  add_describe_command(app);
  add_export_command(app);
  add_bench_command(app);
  add_doctor_command(app);
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
  verb.add_option("--threads", threads, "threads; by default one a core");
}

Device ExperimentArguments::prepare() const {
  start_threads(threads);
  std::string note;
  Device chosen = choose_device(device_name, &note);
  if (!note.empty()) fmt::print(stderr, "{}\n", note);
  return chosen;
}

}  // namespace caddie
