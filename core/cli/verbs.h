// SPDX-License-Identifier: Apache-2.0
// Every verb of the program, and what several of them share.
#pragma once

#include <caddie/tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace caddie {

/// As many as --threads says; 0: one a core.
void start_threads(int threads);

void add_verbs(CLI::App& app);

void add_run_command(CLI::App& app);
void add_rerun_command(CLI::App& app);
void add_explain_command(CLI::App& app);
void add_plugin_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_doctor_command(CLI::App& app);

/// What verbs that read an experiment have in common.
struct ExperimentArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;  // of -S
  std::string device_name = "cpu";
  int threads = 0;  // 0: one a core

  void declare(CLI::App& verb);
  /// The same without the experiment itself.
  void declare_options(CLI::App& verb);
  /// Starts the threads and chooses the device; tells about a fall-back on stderr.
  Device prepare() const;
};

}  // namespace caddie
