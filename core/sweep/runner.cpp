// SPDX-License-Identifier: Apache-2.0
#include "sweep/runner.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
#include <set>

#include "base/files.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "process/child_set.h"
#include "process/interrupt.h"
#include "process/machine.h"
#include "results/metrics.h"
#include "sweep/concurrency.h"
#include "sweep/expression.h"
#include "sweep/live_view.h"
#include "sweep/run_state.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

constexpr int kMostStops = 10;        // of one run by somebody else, after which it is left
constexpr double kGraceSeconds = 30;  // for the checkpoint of a run that is asked to stop

class Runner {
 public:
  Runner(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks)
      : plan_(plan),
        options_(options),
        hooks_(hooks),
        order_(plan, Store(options.store)),
        view_(options.quiet) {
    Concurrency share = within_cores(options.jobs, options.threads);
    jobs_ = share.jobs;
    threads_ = share.threads;
    if (jobs_ < options.jobs)
      view_.say(fmt::format("{} runs at a time instead of {}: there are {} cores, and a run takes {}", jobs_,
                            options.jobs, core_count(), threads_));
  }

  RunnerResult go();

 private:
  struct Child {
    size_t run;
    Stopwatch clock;  // since it was started
    bool trains;      // or finds its training in the store
    bool timed_out = false;
  };

  bool is_wanted(const RunState& state) const;
  void start_some();
  bool start(size_t run);
  int64_t memory_of(size_t run) const;
  bool fits_memory(size_t run) const;
  std::vector<size_t> running() const;
  double seconds_left() const;
  std::filesystem::path write_experiment(size_t run) const;
  std::vector<std::string> command_for(size_t run) const;
  void enqueue(size_t run);
  void ask_for_more();
  void changed() const;
  void ask_to_stop();
  void ended(const ChildSet::Ended& end);
  void stop_slow_ones();
  void show();
  bool may_start() const;
  std::filesystem::path folder_of(size_t run) const { return options_.folder / plan_.runs[run].folder; }
  std::string name_of_run(size_t run) const {
    return fmt::format("{} s{}", plan_.arms[plan_.runs[run].arm].label, plan_.runs[run].seed);
  }

  Plan& plan_;
  const RunnerOptions& options_;
  const RunnerHooks& hooks_;
  TrainingOrder order_;
  ChildSet processes_{kGraceSeconds};
  LiveView view_;
  int threads_ = 1, jobs_ = 1, started_ = 0;
  const int64_t memory_ = memory_here().available;
  std::map<size_t, int64_t> peaks_;  // of memory, by arm, of runs that are done
  std::deque<size_t> queue_;
  std::vector<Child> children_;
  std::vector<int> attempts_, stops_;  // by run; a stop by somebody else is no attempt
  std::vector<double> seconds_[2];     // of the runs that ended here: those that found a training, and others
  Stopwatch clock_;                    // since the sweep was begun
  RunnerResult result_;
  int stop_signals_ = 0;
};

bool Runner::is_wanted(const RunState& state) const {
  if (state.status == RunStatus::done) return false;
  bool failed = state.status == RunStatus::failed;
  return options_.retry ? failed || state.status == RunStatus::lost : !failed;
}

bool Runner::may_start() const {
  if (stop_signals_ > 0 || int(children_.size()) >= jobs_) return false;
  if (options_.max_runs > 0 && started_ >= options_.max_runs) return false;
  return options_.budget_seconds <= 0 || clock_.seconds() < options_.budget_seconds;
}

void Runner::start_some() {
  for (auto next = queue_.begin(); next != queue_.end() && may_start();) {
    size_t run = *next;
    // Runs stay in the queue while another one makes what they need, or while a child of an earlier, killed
    // sweep still saves what they go on from.
    bool begun = fits_memory(run) && !order_.must_wait(run, running()) && start(run);
    next = begun ? queue_.erase(next) : next + 1;
  }
}

int64_t Runner::memory_of(size_t run) const {
  size_t arm = plan_.runs[run].arm;
  auto known = peaks_.find(arm);
  return known != peaks_.end() ? known->second : plan_.arms[arm].memory_bytes;
}

/// One run may always try; further ones only where there is room for them.
bool Runner::fits_memory(size_t run) const {
  int64_t taken = memory_of(run);
  for (const Child& child : children_) taken += memory_of(child.run);
  return children_.empty() || taken <= memory_;
}

std::vector<size_t> Runner::running() const {
  std::vector<size_t> runs;
  for (const Child& child : children_) runs.push_back(child.run);
  return runs;
}

std::filesystem::path Runner::write_experiment(size_t run) const {
  std::filesystem::path file = folder_of(run) / "experiment.toml";
  write_file(file, plan_.arms[plan_.runs[run].arm].experiment);
  return file;
}

std::vector<std::string> Runner::command_for(size_t run) const {
  const PlannedRun& planned = plan_.runs[run];
  std::vector<std::string> arguments = {"caddie",
                                        "run",
                                        write_experiment(run).string(),
                                        "--seed",
                                        std::to_string(planned.seed),
                                        "--output",
                                        folder_of(run).string(),
                                        "--store",
                                        options_.store.string(),
                                        "--threads",
                                        std::to_string(threads_),
                                        "--device",
                                        options_.device,
                                        "--rank",  // alone, wherever the sweep was started
                                        "0",
                                        "--ranks",
                                        "1"};
  for (size_t other : order_.companions(run, {queue_.begin(), queue_.end()})) {
    arguments.push_back("--companion");
    arguments.push_back(write_experiment(other).string());
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

bool Runner::start(size_t run) {
  std::filesystem::path folder = folder_of(run);
  make_folder(folder);
  std::optional<FileLock> lock = FileLock::take(folder / kRunLock, true);
  if (!lock) return false;
  const PlannedRun& planned = plan_.runs[run];
  bool stale = state_of(plan_, planned, options_.folder).stale;
  if (stale || !std::filesystem::exists(folder / "run.json")) std::filesystem::remove(folder / "log.txt");
  std::filesystem::remove(folder / kSummaryFile);
  std::vector<std::string> arguments = command_for(run);
  if (stale) arguments.push_back("--fresh");
  processes_.start(run, {arguments, folder / "log.txt"});
  children_.push_back({run, Stopwatch(), !order_.is_trained(run)});
  ++started_;
  ++attempts_[run];
  return true;
}

void Runner::ask_to_stop() {
  ++stop_signals_;
  processes_.signal_all(stop_signals_ == 1 ? SIGTERM : SIGKILL);
  if (stop_signals_ == 1 && !children_.empty())
    view_.say(
        fmt::format("stopping: {} running, each saves a checkpoint; once more to kill", children_.size()));
}

void Runner::ended(const ChildSet::Ended& end) {
  auto found = std::find_if(children_.begin(), children_.end(),
                            [&](const Child& child) { return child.run == end.key; });
  Child child = *found;
  children_.erase(found);
  RunFolder folder(folder_of(child.run));
  RunState state = state_of(plan_, plan_.runs[child.run], options_.folder);
  bool stopped = end.how.signal == 0 && end.how.code == kInterrupted;
  bool killed = end.how.signal == SIGKILL || end.how.signal == SIGTERM;
  std::string reason = state.reason;
  if (state.status == RunStatus::done) {
    ++result_.done;
    seconds_[child.trains].push_back(child.clock.seconds());
    int64_t& peak = peaks_[plan_.runs[child.run].arm];
    peak = std::max(peak, state.summary.peak_memory_bytes.value_or(0));
    int ended = result_.done + result_.failed + result_.lost;
    view_.say(fmt::format("[{}/{}] done    {}   {} {:.5f}   {}", ended,
                          ended + int(queue_.size() + children_.size()), name_of_run(child.run), kBpb.name,
                          state.summary.number(kBpb), duration(child.clock.seconds())));
    std::filesystem::remove(folder.file(kRunLock));
    ask_for_more();
    return changed();
  }
  if (child.timed_out)
    reason = fmt::format("timeout: not finished after {}", duration(plan_.run.timeout_seconds));
  else if (stopped || (killed && stop_signals_ > 0)) {
    if (stopped) std::filesystem::remove(folder.file(kRunLock));
    if (stop_signals_ > 0 || ++stops_[child.run] > kMostStops) {
      ++result_.left;
    } else {
      --attempts_[child.run];
      view_.say(fmt::format("stopped {} from outside; it goes on later", name_of_run(child.run)));
      queue_.push_back(child.run);
    }
    return;
  } else if (killed) {
    reason = "killed from outside; invoke the sweep again to go on from its checkpoint";
  } else if (state.stale) {
    reason = "the program, a plugin or the data changed while the sweep was running";
  } else if (end.how.signal > 0) {
    reason = fmt::format("crashed: {}", ::strsignal(end.how.signal));
  } else if (reason.empty()) {
    reason = error_in_log(folder.path());
  }
  // A killed run stays lost, so that the next call goes on with it.
  bool lost = killed && !child.timed_out;
  if (!lost) write_summary(folder.path(), failed_summary(reason));
  view_.say(fmt::format("{}  {}: {}; see {}", lost ? "lost  " : "failed", name_of_run(child.run), reason,
                        folder.file("log.txt").string()));
  if (attempts_[child.run] <= plan_.run.retries && stop_signals_ == 0)
    queue_.push_back(child.run);
  else
    ++(lost ? result_.lost : result_.failed);
  ask_for_more();
  changed();
}

void Runner::stop_slow_ones() {
  if (plan_.run.timeout_seconds <= 0) return;
  for (Child& child : children_) {
    double late = child.clock.seconds() - plan_.run.timeout_seconds;
    if (late > 0 && !child.timed_out) processes_.signal(child.run, SIGTERM);
    if (late > kGraceSeconds) processes_.signal(child.run, SIGKILL);
    child.timed_out = late > 0;
  }
}

/// Trainings that nobody has begun take as long as those that ended, and so do runs that only share one.
double Runner::seconds_left() const {
  if (seconds_[0].empty() && seconds_[1].empty()) return NAN;
  auto mean = [](const std::vector<double>& seconds) {
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) / double(seconds.size());
  };
  double training = mean(seconds_[1].empty() ? seconds_[0] : seconds_[1]);
  double sharing = mean(seconds_[0].empty() ? seconds_[1] : seconds_[0]);
  std::set<std::string> begun;
  double left = 0;
  for (const Child& child : children_) {
    begun.insert(order_.training(child.run));
    left += std::max(0.0, (child.trains ? training : sharing) - child.clock.seconds());
  }
  for (size_t run : queue_)
    left += begun.insert(order_.training(run)).second && !order_.is_trained(run) ? training : sharing;
  return left / jobs_;
}

void Runner::show() {
  if (!view_.is_live()) return;
  size_t left = queue_.size() + children_.size();
  std::string head = fmt::format("[{}/{}] {} running  {} queued  {} failed", result_.done,
                                 size_t(result_.done + result_.failed + result_.lost) + left,
                                 children_.size(), queue_.size(), result_.failed);
  if (result_.lost > 0) head += fmt::format("  {} lost", result_.lost);
  if (double eta = seconds_left(); std::isfinite(eta)) head += "   ETA " + duration(eta);
  std::vector<std::string> lines = {head};
  size_t width = 0;
  for (const Child& child : children_) width = std::max(width, name_of_run(child.run).size());
  for (const Child& child : children_)
    lines.push_back(fmt::format("  {:<{}} {:>6}  {}", name_of_run(child.run), width,
                                duration(child.clock.seconds()), last_log_line(folder_of(child.run))));
  view_.show(lines);
}

void Runner::changed() const {
  if (hooks_.changed) hooks_.changed();
}

void Runner::enqueue(size_t run) {
  RunState state = state_of(plan_, plan_.runs[run], options_.folder);
  result_.done += state.status == RunStatus::done;
  if (is_wanted(state))
    queue_.push_back(run);
  else
    result_.failed += state.status == RunStatus::failed;
}

void Runner::ask_for_more() {
  if (!hooks_.more) return;
  std::vector<PlannedRun> more = hooks_.more(plan_);
  if (more.empty()) return;
  size_t before = plan_.runs.size();
  plan_.runs.insert(plan_.runs.end(), more.begin(), more.end());
  write_plan(plan_, options_.folder);
  attempts_.resize(plan_.runs.size(), 0);
  stops_.resize(plan_.runs.size(), 0);
  for (size_t run : select_runs(plan_, options_.only))
    if (run >= before) enqueue(run);
}

RunnerResult Runner::go() {
  attempts_.assign(plan_.runs.size(), 0);
  stops_.assign(plan_.runs.size(), 0);
  for (size_t run : select_runs(plan_, options_.only)) enqueue(run);
  ask_for_more();
  while (true) {
    start_some();
    bool waits_for_others = children_.empty() && !queue_.empty() && may_start();
    if (children_.empty() && !waits_for_others) break;
    show();
    if (hooks_.meanwhile) hooks_.meanwhile();
    ChildSet::Event event = processes_.wait(view_.is_live() ? 0.25 : 1);
    if (event.stop_signal != 0) ask_to_stop();
    if (event.ended) ended(*event.ended);
    stop_slow_ones();
  }
  result_.left += int(queue_.size());
  result_.interrupted = stop_signals_ > 0;
  changed();
  return result_;
}

}  // namespace

FileLock lock_sweep(const std::filesystem::path& folder) {
  make_folder(folder);
  std::optional<FileLock> lock = FileLock::take(folder / kRunLock);
  if (!lock)
    throw Error(
        message("{}: another caddie sweep is at work there; wait for it or stop it", {folder.string()}), 2);
  return std::move(*lock);
}

RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks, const FileLock&) {
  return Runner(plan, options, hooks).go();
}

std::filesystem::path store_for(const std::filesystem::path& folder) {
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  for (std::filesystem::path around = whole; around.has_relative_path(); around = around.parent_path())
    if (around.filename() == "results") return around / kStoreFolder;
  return whole / kStoreFolder;
}

std::vector<size_t> select_runs(const Plan& plan, const std::string& condition) {
  std::vector<size_t> chosen;
  std::optional<Expression> expression;
  if (!condition.empty()) expression.emplace(condition, "--only");
  size_t parsed = plan.arms.size();
  std::map<std::string, std::string> values;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    const Arm& arm = plan.arms[run.arm];
    if (expression && parsed != run.arm) {
      parsed = run.arm;
      Tree tree = Tree::parse(arm.experiment, "plan.json");
      for (const std::string& name : tree.children("")) tree.read_text(name);
      values.clear();
      for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
    }
    auto lookup = [&](const std::string& name) -> std::optional<Expression::Value> {
      if (name == "label" || name == "arm") return arm.label;
      if (name == "seed") return double(run.seed);
      auto found = values.find(name);
      if (found == values.end()) found = values.find("techniques." + name + ".enabled");
      if (found != values.end()) return value_of_toml(found->second);
      std::vector<std::string> names = {"label", "seed"};
      for (const auto& [path, text] : values) names.push_back(path);
      throw Error(message("--only: no experiment here has a setting '{}'{}", {name, suggestion(name, names)}),
                  2);
    };
    if (!expression || expression->holds(lookup)) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace caddie
