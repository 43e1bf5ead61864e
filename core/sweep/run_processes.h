// SPDX-License-Identifier: Apache-2.0
// The runs of a sweep are processes of this program, each with its folder.
#pragma once

#include <filesystem>

#include "base/stopwatch.h"
#include "process/child_set.h"
#include "sweep/executor.h"
#include "sweep/runner.h"
#include "sweep/sharing.h"

namespace caddie {

/// Starts `caddie run` on runs of the plan, which must outlive it. Processes that are left at its end are
/// asked to stop and get some seconds to save checkpoints.
class RunProcesses final : public RunExecutor {
 public:
  RunProcesses(const Plan& plan, const RunnerOptions& options, int threads);

  double seconds() const override { return clock_.seconds(); }
  RunState state(size_t run) const override;
  std::string training_to_make(size_t run) const override;
  std::string last_line(size_t run) const override { return last_log_line(folder_of(run)); }
  bool can_start(size_t run, const std::vector<size_t>& at_work) const override {
    return !order_.must_wait(run, at_work);
  }
  bool start(size_t run, const std::vector<size_t>& waiting) override;
  void stop(size_t run, bool kill) override { children_.signal(run, kill ? SIGKILL : SIGTERM); }
  Event wait(double seconds) override;
  void record_failure(size_t run, const std::string& reason) override;
  void freeze_plan() override { write_plan(plan_, options_.folder); }

 private:
  std::filesystem::path folder_of(size_t run) const { return options_.folder / plan_.runs[run].folder; }
  /// Makes the folder of a run. Throws Error when it holds what Caddie did not make.
  void own_folder_of(size_t run) const;
  std::filesystem::path experiment_file(size_t run) const { return folder_of(run) / "experiment.toml"; }
  /// Writes the experiment of a run into its folder.
  void write_experiment(size_t run) const;
  /// Returns the command of a run that other runs are attached to.
  std::vector<std::string> command_for(size_t run, const std::vector<size_t>& attached) const;

  const Plan& plan_;
  const RunnerOptions& options_;
  const int threads_;
  TrainingOrder order_;
  ChildSet children_;
  Stopwatch clock_;
};

}  // namespace caddie
