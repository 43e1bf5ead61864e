// SPDX-License-Identifier: Apache-2.0
// Declares every verb of the program, and what several of them share.
#pragma once

#include <caddie/tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace caddie {

/// Starts as many threads as --threads says; 0 stands for one for each core.
void start_threads(int threads);

/// Adds every verb to the program, grouped in its help by what they are for.
void add_verbs(CLI::App& app);

/// Throws Error (kUsage) that names the nearest verb when `word`, the first one of the command line, is
/// neither a verb nor an option.
void check_verb(const CLI::App& app, const std::string& word);

// Each of these adds one verb, which runs when the command line names it, and stands in the file of its name.
void add_run_command(CLI::App& app);
void add_rerun_command(CLI::App& app);
void add_explain_command(CLI::App& app);
void add_plan_command(CLI::App& app);
void add_noise_command(CLI::App& app);
void add_power_command(CLI::App& app);
void add_sweep_command(CLI::App& app);
void add_retry_command(CLI::App& app);
void add_status_command(CLI::App& app);
void add_table_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_test_command(CLI::App& app);
void add_transfer_command(CLI::App& app);
void add_diff_command(CLI::App& app);
void add_ls_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_artifact_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_plugin_command(CLI::App& app);
void add_describe_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_doctor_command(CLI::App& app);
void add_gc_command(CLI::App& app);
void add_import_command(CLI::App& app);
void add_verify_command(CLI::App& app);

/// These add `caddie plugin new`, `build` and `test`, which stand in files of their names.
void add_plugin_new_command(CLI::App& plugin);
void add_plugin_build_command(CLI::App& plugin);
void add_plugin_test_command(CLI::App& plugin);

/// Adds `caddie artifact score`, which is `caddie eval` of a file; it stands in the same file as that.
void add_score_command(CLI::App& artifact);

/// Holds what verbs that read an experiment have in common.
struct ExperimentArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;  // the assignments of -S
  std::string device_name = "cpu";
  int threads = 0;  // 0 stands for one for each core

  /// Adds the experiment and the options to the verb.
  void declare(CLI::App& verb);
  /// Adds these options without the experiment itself.
  void declare_options(CLI::App& verb);
  /// Starts the threads and chooses the device; tells about a fall-back on stderr.
  Device prepare() const;
};

}  // namespace caddie
