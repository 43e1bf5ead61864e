// SPDX-License-Identifier: Apache-2.0
// The verbs about sweeps, and how they find the folder of one.
#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace caddie {

struct Plan;
struct RunnerOptions;

/// All of them.
void add_sweep_verbs(CLI::App& app);

void add_sweep_command(CLI::App& app);   // sweep, retry
void add_plan_command(CLI::App& app);    // plan
void add_status_command(CLI::App& app);  // status
void add_table_command(CLI::App& app);   // table
void add_test_command(CLI::App& app);    // test
void add_power_command(CLI::App& app);   // power
void add_noise_command(CLI::App& app);   // noise
void add_diff_command(CLI::App& app);    // diff
void add_list_command(CLI::App& app);    // ls
void add_gc_command(CLI::App& app);      // gc
void add_report_command(CLI::App& app);  // report

/// Runs under a wall-clock budget compare only when all of them have the same share of the machine: what the
/// first call takes is frozen in the plan. Throws Error(2) when a later one would give another.
void freeze_concurrency(Plan& plan, RunnerOptions& options);

/// Whether two paths lead to the same file, which need not exist.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Where caddie noise keeps the runs of an experiment: in results/noise, under the name of its file; where
/// that holds the runs of another file, with digits of a hash of its path.
std::filesystem::path noise_folder(const std::filesystem::path& experiment);

/// Where a sweep keeps its results: what is named may be that folder, its plan.json, the sweep file, or the
/// name of a folder in results/. Throws Error(2) when it is none of these.
std::filesystem::path sweep_folder(const std::string& named);

}  // namespace caddie
