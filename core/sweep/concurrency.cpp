// SPDX-License-Identifier: Apache-2.0
// A measurement runs `caddie bench experiment` in as many child processes as there are to be runs at a time.
#include "sweep/concurrency.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <exception>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "process/child_set.h"
#include "process/interrupt.h"
#include "process/machine.h"
#include "results/metrics.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

/// Makes a folder for the time of a measurement.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "caddie-probe-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "{}: cannot create a folder for a measurement", pattern);
    path_ = pattern;
    make_owned_folder(path_);
  }
  ~Scratch() {
    try {
      remove_owned(path_);
    } catch (const std::exception&) {
      // The folder lies among temporary files, where what is left of it does no harm.
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Returns when all children have ended. Throws Error as soon as one has failed, and Error (kInterrupted)
/// when the user asks to stop.
void wait_for_all(ChildSet& children, const std::vector<std::filesystem::path>& logs) {
  while (!children.empty()) {
    ChildSet::Event event = children.wait(1);
    if (event.stop_signal != 0) stop_here("while it was measured how many runs go side by side");
    if (event.ended && !event.ended->how.succeeded())
      fail("the experiment could not be timed: {}", read_file(logs[event.ended->key]));
  }
}

Concurrency measure(int jobs, int threads, const std::string& device, const Scratch& scratch) {
  std::vector<std::filesystem::path> logs;
  ChildSet children;
  for (int job = 0; job < jobs; ++job) {
    logs.push_back(scratch.file(fmt::format("{}x{}-{}.json", jobs, threads, job)));
    children.start(size_t(job), {{"caddie", "bench", "experiment", scratch.file("experiment.toml").string(),
                                  "--threads", std::to_string(threads), "--device", device, "--json"},
                                 logs.back()});
  }
  wait_for_all(children, logs);
  Concurrency choice{jobs, threads};
  for (const std::filesystem::path& log : logs) {
    std::string text = read_file(log);
    Json found = Json::parse(text.substr(std::min(text.find('{'), text.size())), nullptr, false);
    check(found.is_object(), "the experiment could not be timed: {}", text);
    choice.step_seconds = std::max(choice.step_seconds, double(found.at("step_seconds")));
    choice.evaluation_seconds = std::max(choice.evaluation_seconds, double(found.at("evaluation_seconds")));
    choice.peak_mem_bytes = std::max(choice.peak_mem_bytes, int64_t(found.at(kPeakMemoryBytes.name)));
  }
  return choice;
}

}  // namespace

Concurrency within_cores(int jobs, int threads) {
  int cores = core_count(), wanted = std::max(1, jobs);
  threads = threads > 0 ? std::min(threads, cores) : std::max(1, cores / wanted);
  return {std::min(wanted, std::max(1, cores / threads)), threads};
}

std::vector<Concurrency> measure_concurrency(const Plan& plan, const std::string& device) {
  Scratch scratch;
  write_file(scratch.file("experiment.toml"), plan.baseline().experiment);
  int cores = core_count();
  std::vector<Concurrency> choices = {measure(1, cores, device, scratch)};
  if (cores == 1 || cores * choices[0].peak_mem_bytes > memory_here().available) return choices;
  choices.push_back(measure(cores, 1, device, scratch));
  auto steps = double(plan.baseline().steps);
  std::stable_sort(choices.begin(), choices.end(), [&](const Concurrency& a, const Concurrency& b) {
    return a.runs_done_per_second(steps) > b.runs_done_per_second(steps);
  });
  return choices;
}

Concurrency measure_jobs(const Plan& plan, int jobs, const std::string& device) {
  Scratch scratch;
  write_file(scratch.file("experiment.toml"), plan.baseline().experiment);
  Concurrency choice = within_cores(jobs, 0);
  return measure(choice.jobs, choice.threads, device, scratch);
}

std::string text_of(const Concurrency& choice) {
  return fmt::format("{} x {}", choice.jobs, counted(choice.threads, "thread"));
}

}  // namespace caddie
