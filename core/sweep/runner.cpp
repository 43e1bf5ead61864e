// SPDX-License-Identifier: Apache-2.0
#include "sweep/runner.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "run/run.h"
#include "sweep/expression.h"
#include "sweep/live_view.h"
#include "sweep/run_state.h"

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// SIGINT, SIGTERM and SIGCHLD are waited for instead of interrupting whatever is being done.
class SignalQueue {
 public:
  SignalQueue() {
    sigemptyset(&watched_);
    for (int number : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&watched_, number);
    pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  }
  ~SignalQueue() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  /// The next signal, or 0 when none came in `milliseconds`.
  int wait(long milliseconds) const {
    timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    return std::max(0, sigtimedwait(&watched_, nullptr, &limit));
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t watched_, before_;
};

/// Starts this program anew with `arguments`, output to `log`, in a process group of its own: the terminal's
/// Ctrl-C reaches only the sweep, which hands it on. Should the sweep die, the child is asked to stop.
pid_t start_child(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                  const sigset_t& mask) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  check(output >= 0, "{}: cannot open it for writing: {}", log.string(), std::strerror(errno));
  int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kInterrupted);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(input);
  ::close(output);
  check(child > 0, "cannot start a process for a run: {}", std::strerror(errno));
  return child;
}

class Runner {
 public:
  Runner(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks)
      : plan_(plan), options_(options), hooks_(hooks), view_(options.quiet) {
    int cores = std::max(1, int(std::thread::hardware_concurrency()));
    threads_ = options.threads > 0 ? options.threads : std::max(1, cores / std::max(1, options.jobs));
  }

  ~Runner() {
    for (const Child& child : children_) ::kill(child.pid, SIGTERM);
  }

  RunnerResult go();

 private:
  struct Child {
    size_t run;
    pid_t pid;
    Clock::time_point started;
    bool timed_out = false;
  };

  bool is_wanted(const RunState& state) const;
  void start_some();
  bool start(size_t run);
  void enqueue(size_t run);
  void ask_for_more();
  void changed() const;
  void handle(int signal);
  void reap();
  void ended(const Child& child, int status);
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
  SignalQueue signals_;
  LiveView view_;
  int threads_ = 1, started_ = 0;
  std::deque<size_t> queue_;
  std::vector<Child> children_;
  std::vector<int> attempts_;
  std::vector<double> seconds_;  // of the runs that ended here
  Clock::time_point begun_ = Clock::now();
  RunnerResult result_;
  int stop_signals_ = 0;
};

bool Runner::is_wanted(const RunState& state) const {
  if (state.status == RunStatus::done) return false;
  return state.status != RunStatus::failed || options_.retry_failed;
}

bool Runner::may_start() const {
  if (stop_signals_ > 0 || int(children_.size()) >= options_.jobs) return false;
  if (options_.max_runs > 0 && started_ >= options_.max_runs) return false;
  return options_.budget_seconds <= 0 || since(begun_) < options_.budget_seconds;
}

void Runner::start_some() {
  // A run that a child of an earlier, killed sweep is still saving goes to the back of the queue.
  for (size_t tries = queue_.size(); tries > 0 && may_start(); --tries) {
    size_t run = queue_.front();
    queue_.pop_front();
    if (!start(run)) queue_.push_back(run);
  }
}

bool Runner::start(size_t run) {
  std::filesystem::path folder = folder_of(run);
  make_folder(folder);
  std::optional<FileLock> lock = FileLock::take(folder / kRunLock, true);
  if (!lock) return false;
  const PlannedRun& planned = plan_.runs[run];
  write_file(folder / "experiment.toml", plan_.arms[planned.arm].experiment);
  bool stale = state_of(plan_, planned, options_.folder).stale;
  bool goes_on = !stale && std::filesystem::exists(folder / "checkpoint.safetensors");
  if (!goes_on) std::filesystem::remove(folder / "log.txt");
  std::filesystem::remove(folder / "summary.json");
  std::vector<std::string> arguments = {"caddie",
                                        "run",
                                        (folder / "experiment.toml").string(),
                                        "--seed",
                                        std::to_string(planned.seed),
                                        "--output",
                                        folder.string(),
                                        "--threads",
                                        std::to_string(threads_),
                                        "--device",
                                        options_.device};
  if (!options_.allow_no_effect) arguments.push_back("--strict");
  if (stale) arguments.push_back("--fresh");
  children_.push_back({run, start_child(arguments, folder / "log.txt", signals_.before()), Clock::now()});
  ++started_;
  ++attempts_[run];
  return true;
}

void Runner::handle(int signal) {
  if (signal != SIGINT && signal != SIGTERM) return;
  ++stop_signals_;
  for (const Child& child : children_) ::kill(child.pid, stop_signals_ == 1 ? SIGTERM : SIGKILL);
  if (stop_signals_ == 1 && !children_.empty())
    view_.say(
        fmt::format("stopping: {} running, each saves a checkpoint; once more to kill", children_.size()));
}

void Runner::reap() {
  for (size_t i = 0; i < children_.size();) {
    int status = 0;
    if (::waitpid(children_[i].pid, &status, WNOHANG) != children_[i].pid) {
      ++i;
      continue;
    }
    Child child = children_[i];
    children_.erase(children_.begin() + long(i));
    ended(child, status);
  }
}

void Runner::ended(const Child& child, int status) {
  RunFolder folder(folder_of(child.run));
  RunState state = state_of(plan_, plan_.runs[child.run], options_.folder);
  bool stopped = WIFEXITED(status) && WEXITSTATUS(status) == kInterrupted;
  bool killed = WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
  std::string reason = state.reason;
  if (state.status == RunStatus::done) {
    ++result_.done;
    seconds_.push_back(since(child.started));
    view_.say(fmt::format("[{}/{}] done    {}   val_bpb {:.5f}   {}", result_.done + result_.failed,
                          result_.done + result_.failed + int(queue_.size() + children_.size()),
                          name_of_run(child.run), state.summary.value("val_bpb", 0.0),
                          duration(since(child.started))));
    std::filesystem::remove(folder.file(kRunLock));
    ask_for_more();
    return changed();
  }
  if (child.timed_out)
    reason = fmt::format("timeout: not finished after {}", duration(plan_.run.timeout_seconds));
  else if (stopped || (killed && stop_signals_ > 0)) {
    if (stopped) std::filesystem::remove(folder.file(kRunLock));
    ++result_.left;
    return;
  } else if (killed) {
    reason = "killed from outside; invoke the sweep again to go on from its checkpoint";
  } else if (state.stale) {
    reason = "the program, a plugin or the data changed while the sweep was running";
  } else if (WIFSIGNALED(status)) {
    reason = fmt::format("crashed: {}", ::strsignal(WTERMSIG(status)));
  } else if (reason.empty()) {
    reason = error_in_log(folder.path());
  }
  // A killed run stays lost, so that the next call goes on with it.
  if (!killed || child.timed_out)
    folder.write_json("summary.json", {{"status", "failed"}, {"fail_reason", reason}});
  view_.say(
      fmt::format("failed  {}: {}; see {}", name_of_run(child.run), reason, folder.file("log.txt").string()));
  if (attempts_[child.run] <= plan_.run.retries && stop_signals_ == 0)
    queue_.push_back(child.run);
  else
    ++result_.failed;
  ask_for_more();
  changed();
}

void Runner::stop_slow_ones() {
  if (plan_.run.timeout_seconds <= 0) return;
  constexpr double kGraceSeconds = 30;  // for the checkpoint
  for (Child& child : children_) {
    double late = since(child.started) - plan_.run.timeout_seconds;
    if (late > 0 && !child.timed_out) ::kill(child.pid, SIGTERM);
    if (late > kGraceSeconds) ::kill(child.pid, SIGKILL);
    child.timed_out = late > 0;
  }
}

void Runner::show() {
  if (!view_.is_live()) return;
  size_t left = queue_.size() + children_.size();
  std::string head = fmt::format("[{}/{}] {} running  {} queued  {} failed", result_.done,
                                 size_t(result_.done + result_.failed) + left, children_.size(),
                                 queue_.size(), result_.failed);
  if (!seconds_.empty()) {
    double sum = 0;
    for (double s : seconds_) sum += s;
    double mean = sum / double(seconds_.size()), eta = mean * double(left) / std::max(1, options_.jobs);
    for (const Child& child : children_) eta -= since(child.started) / std::max(1, options_.jobs);
    head += "   ETA " + duration(std::max(0.0, eta));
  }
  std::vector<std::string> lines = {head};
  for (const Child& child : children_)
    lines.push_back(fmt::format("  {:<32} {:>6}  {}", name_of_run(child.run), duration(since(child.started)),
                                last_log_line(folder_of(child.run))));
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
  for (size_t run : select_runs(plan_, options_.only))
    if (run >= before) enqueue(run);
}

RunnerResult Runner::go() {
  attempts_.assign(plan_.runs.size(), 0);
  for (size_t run : select_runs(plan_, options_.only)) enqueue(run);
  ask_for_more();
  while (true) {
    start_some();
    bool waits_for_others = children_.empty() && !queue_.empty() && may_start();
    if (children_.empty() && !waits_for_others) break;
    show();
    handle(signals_.wait(view_.is_live() ? 250 : 1000));
    reap();
    stop_slow_ones();
  }
  result_.left += int(queue_.size());
  result_.interrupted = stop_signals_ > 0;
  changed();
  return result_;
}

}  // namespace

RunnerResult run_plan(Plan& plan, const RunnerOptions& options, const RunnerHooks& hooks) {
  make_folder(options.folder);
  std::optional<FileLock> lock = FileLock::take(options.folder / kRunLock);
  if (!lock)
    throw Error(message("{}: another caddie sweep is at work there; wait for it or stop it",
                        {options.folder.string()}),
                2);
  return Runner(plan, options, hooks).go();
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
