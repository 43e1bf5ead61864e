// SPDX-License-Identifier: Apache-2.0
// The folder of a run is claimed before its process starts, which takes the claim over.
#include "sweep/run_processes.h"

#include "base/files.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "process/interrupt.h"
#include "results/claim.h"
#include "results/run_folder.h"

namespace caddie {

RunProcesses::RunProcesses(const Plan& plan, const RunnerOptions& options, int threads)
    : plan_(plan),
      options_(options),
      threads_(threads),
      order_(plan, Store(options.store)),
      children_(kGraceSeconds) {}

RunState RunProcesses::state(size_t run) const { return state_of(plan_, plan_.runs[run], options_.folder); }

std::string RunProcesses::training_to_make(size_t run) const {
  return order_.is_trained(run) ? "" : order_.training(run);
}

void RunProcesses::own_folder_of(size_t run) const {
  std::filesystem::path folder = folder_of(run);
  bool ours = make_owned_folder(folder) || std::filesystem::exists(folder / kRecordFile);
  check(ours, "{}: holds files that Caddie did not make; move them away", folder.string());
}

void RunProcesses::write_experiment(size_t run) const {
  own_folder_of(run);
  write_file(experiment_file(run), plan_.arms[plan_.runs[run].arm].experiment);
}

std::vector<std::string> RunProcesses::command_for(size_t run, const std::vector<size_t>& attached) const {
  const PlannedRun& planned = plan_.runs[run];
  std::vector<std::string> arguments = {"caddie", "run", experiment_file(run).string(), "--seed",
                                        std::to_string(planned.seed), "--output", folder_of(run).string(),
                                        "--store", options_.store.string(), "--threads",
                                        std::to_string(threads_), "--device", options_.device,
                                        // Each run is its only rank, even if the sweep was started as one of
                                        // several.
                                        "--rank", "0", "--ranks", "1"};
  for (size_t other : attached) {
    arguments.push_back("--attach");
    arguments.push_back(experiment_file(other).string());
  }
  std::vector<std::string> forks;
  for (const Arm::Fork& fork : plan_.arms[planned.arm].forks) forks.push_back(std::to_string(fork.step));
  if (!forks.empty()) {
    arguments.push_back("--fork-at");
    arguments.push_back(join(forks, ","));
  }
  if (!options_.allow_no_effect) arguments.push_back("--strict");
  return arguments;
}

bool RunProcesses::start(size_t run, const std::vector<size_t>& waiting) {
  std::filesystem::path folder = folder_of(run);
  own_folder_of(run);
  std::optional<FolderClaim> claim = FolderClaim::take(folder);
  if (!claim) return false;
  RunState before = state(run);
  bool fresh = before.stale || before.damaged;
  if (fresh || !std::filesystem::exists(folder / kRecordFile)) std::filesystem::remove(folder / "log.txt");
  std::filesystem::remove(folder / kSummaryFile);
  std::vector<size_t> attached = order_.attached(run, waiting);
  write_experiment(run);
  for (size_t other : attached) write_experiment(other);
  std::vector<std::string> arguments = command_for(run, attached);
  if (fresh) arguments.push_back("--fresh");
  claim->hand_over();
  children_.start(run, {arguments, folder / "log.txt"});
  return true;
}

RunExecutor::Event RunProcesses::wait(double seconds) {
  ChildSet::Event event = children_.wait(seconds);
  if (!event.ended) return {event.stop_signal != 0, {}};
  auto [run, how] = *event.ended;
  std::filesystem::path folder = folder_of(run);
  RunEnd end{run, how, state(run), error_in_log(folder)};
  return {false, std::move(end)};
}

void RunProcesses::record_failure(size_t run, const std::string& reason) {
  write_summary(folder_of(run), failed_summary(reason));
}

}  // namespace caddie
