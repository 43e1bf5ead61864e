// SPDX-License-Identifier: Apache-2.0
// The program caddie-attack: attacks caddie in many small ways, and prints what became of its results.
#include <caddie/error.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "attack/table.h"
#include "attack/trial.h"
#include "base/files.h"
#include "base/json.h"
#include "support/paths.h"

namespace {

using namespace caddie;
using namespace caddie::attack;
namespace fs = std::filesystem;

constexpr int kSomeFailed = 1, kUsage = 2;

struct Arguments {
  int trials = 3200, jobs = 2;
  uint64_t seed = 1;
  std::string only, program = (build_folder() / "bin/caddie").string();
  bool verbose = false;

  /// Returns the command that repeats trials, without the choice of them.
  std::string command() const { return fmt::format("caddie-attack --seed {} --program {}", seed, program); }
};

/// A trial that is to be made.
struct Wanted {
  const Kind* kind;
  std::function<Attempt(uint64_t)> make;
  uint64_t number;
};

std::vector<Wanted> wanted_by(const Arguments& arguments, const World& world) {
  std::string name = arguments.only.substr(0, arguments.only.find(':'));
  bool one = name.size() < arguments.only.size();
  int shares = 0;
  for (const Kind& kind : kKinds) shares += kind.share;
  std::vector<Wanted> all;
  for (const Kind& kind : kKinds) {
    if (!name.empty() && name != kind.name) continue;
    Trials trials = kind.trials(world, arguments.seed);
    if (one) return {{&kind, trials.make, std::stoull(arguments.only.substr(name.size() + 1))}};
    uint64_t count(name.empty() ? std::ceil(double(arguments.trials) * kind.share / shares)
                                : arguments.trials);
    std::vector<uint64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    if (trials.numbers) numbers = trials.numbers(count);
    for (uint64_t number : numbers) all.push_back({&kind, trials.make, number});
  }
  check(!all.empty(), "--only {}: there is no such kind", arguments.only);
  return all;
}

/// Makes one trial and writes what it came to into a file.
void make_trial(const std::function<Attempt()>& trial, bool verbose, const fs::path& file) {
  Json json;
  try {
    Attempt attempt = trial();
    Judgement judgement = judge(attempt.steps);
    if (!attempt.others_untouched) judgement = {Verdict::kLost, "a folder of somebody else's was changed"};
    json = {{"what", attempt.description}, {"verdict", int(judgement.verdict)}, {"why", judgement.why}};
    if (verbose)
      for (const Step& step : attempt.steps)
        fmt::print("$ {}\n{}{}[code {} signal {}] {}\n", step.command, step.end.out, step.end.err,
                   step.end.code, step.end.signal, step.difference);
  } catch (const std::exception& error) {
    json = {{"what", "the attack itself failed"}, {"verdict", int(Verdict::kCrashed)}, {"why", error.what()}};
  }
  write_file(file, text_of(json));
}

Finding finding_of(const Wanted& wanted, const fs::path& file) {
  Json json =
      fs::exists(file)
          ? Json::parse(read_file(file))
          : Json{{"what", "the attack itself died"}, {"verdict", int(Verdict::kCrashed)}, {"why", "?"}};
  return {wanted.kind->name, wanted.number, json["what"], {Verdict(int(json["verdict"])), json["why"]}};
}

/// Makes all trials, some at a time, each in a process of its own.
std::vector<Finding> make_all(const Arguments& arguments, const World& world,
                              const std::vector<Wanted>& all) {
  std::map<pid_t, size_t> running;
  auto file_of = [&](size_t i) { return world.folder() / fmt::format("finding-{}", i); };
  std::vector<Finding> findings;
  for (size_t next = 0; next < all.size() || !running.empty();) {
    if (next < all.size() && int(running.size()) < arguments.jobs) {
      std::fflush(nullptr);
      pid_t child = ::fork();
      check(child >= 0, "cannot start a process");
      if (child == 0) {
        const Wanted& wanted = all[next];
        make_trial([&] { return wanted.make(wanted.number); }, arguments.verbose, file_of(next));
        std::fflush(nullptr);
        ::_exit(0);
      }
      running[child] = next++;
      continue;
    }
    pid_t ended = ::waitpid(-1, nullptr, 0);
    if (!running.count(ended)) continue;
    findings.push_back(finding_of(all[running[ended]], file_of(running[ended])));
    if (const Judgement& bad = findings.back().judgement; !bad.why.empty())
      fmt::print(stderr, "{}:{}: {}: {}\n", findings.back().kind, findings.back().number,
                 kVerdictNames[size_t(bad.verdict)], bad.why);
    fs::remove(file_of(running[ended]));
    running.erase(ended);
    if (findings.size() % 100 == 0) fmt::print(stderr, "{} of {} trials\n", findings.size(), all.size());
  }
  return findings;
}

int attack_all(const Arguments& arguments) {
  World world(arguments.program, build_folder() / "attack/shim.so");
  std::vector<Finding> findings = make_all(arguments, world, wanted_by(arguments, world));
  std::ranges::sort(findings, {}, &Finding::number);
  fmt::print("{}", table_of(findings, arguments.command()));
  for (const Finding& finding : findings)
    if (is_failure(finding.judgement.verdict)) return kSomeFailed;
  return 0;
}

}  // namespace

/// 0 when nothing was lost, silently wrong, crashed or hung; 1 when something was; 2 when the attack could
/// not begin.
int main(int count, char** values) {
  Arguments arguments;
  CLI::App app(
      "Attacks caddie with kills, failing calls, damaged files and more, in a temporary folder, and judges "
      "it.",
      "caddie-attack");
  app.add_option("--trials", arguments.trials, "how many, of all kinds together")->capture_default_str();
  app.add_option("--seed", arguments.seed, "what is drawn depends on it alone")->capture_default_str();
  app.add_option("--only", arguments.only, "one KIND, or one trial of it, KIND:NUMBER");
  app.add_option("-j,--jobs", arguments.jobs, "trials at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--program", arguments.program, "the caddie that is attacked")->capture_default_str();
  app.add_flag("-v,--verbose", arguments.verbose, "print what each command of each trial printed");
  try {
    app.parse(count, values);
    return attack_all(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "caddie-attack: {}\n", error.what());
    return kUsage;
  }
}
