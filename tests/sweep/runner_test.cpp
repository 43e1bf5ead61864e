// SPDX-License-Identifier: Apache-2.0
// Sweeps that fail, stop early, take too long, and are tried again.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/owned_folder.h"
#include "base/sealed_json.h"
#include "base/text.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// Writes a sweep file and gives what follows "sweep" on a command line.
std::string sweep_of(const std::string& name, const std::string& text) {
  fs::path file = laboratory().folder(name + ".toml");
  write_file(file, "base = \"tiny.toml\"\n" + text);
  return fmt::format("{} --output {} -q -j 2", file.string(), laboratory().folder(name).string());
}

Json status_of(const std::string& name) {
  Json counts = Json::parse(shell(fmt::format("status {} --json", laboratory().folder(name).string())).output)
                    .at("counts");
  CHECK(counts.size() == 5);
  Json some = Json::object();
  for (const auto& [status, count] : counts.items())
    if (count != 0) some[status] = count;
  return some;
}

bool says(const Outcome& outcome, const std::string& text) {
  INFO(outcome.output);
  CHECK(outcome.output.find(text) != std::string::npos);
  return outcome.output.find(text) != std::string::npos;
}

/// Processes of this program that were started for a verb on something below `folder`.
std::vector<pid_t> at_work(const std::string& verb, const fs::path& folder) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string name = entry.path().filename(), command;
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::getline(std::ifstream(entry.path() / "cmdline"), command);
    std::vector<std::string> arguments = split(command, '\0');
    if (arguments.size() > 2 && arguments[1] == verb &&
        std::any_of(arguments.begin(), arguments.end(),
                    [&](const std::string& argument) { return argument.starts_with(folder.string() + "/"); }))
      found.push_back(std::stoi(name));
  }
  return found;
}

void signal_runs(const fs::path& folder, int signal) {
  for (pid_t run : at_work("run", folder)) ::kill(run, signal);
}

}  // namespace

TEST_CASE("an arm that fails is recorded with its reason, and can be retried", "[runner]") {
  std::string sweep = sweep_of("failing", R"(
seeds = [1]
[[axis]]
key = "budget.artifact_bytes"
values = [16000000, 1000]
)");
  std::string folder = laboratory().folder("failing").string();
  CHECK(shell("sweep " + sweep).code == 1);
  CHECK(status_of("failing") == Json({{"done", 1}, {"failed", 1}}));
  says(shell("status " + folder), "bytes over the limit of 1,000");
  CHECK(shell("sweep " + sweep).code == 1);  // a failure is not tried again unasked
  Outcome again = shell("retry " + folder);
  CHECK(again.code == 1);
  says(again, "failed  artifact_bytes=1000 s1: the artifact is");
  fs::remove_all(fs::path(folder) / "runs/baseline-s1");
  CHECK(shell("retry " + folder + " -q").code == 1);  // does not begin what was never begun
  CHECK(status_of("failing") == Json({{"planned", 1}, {"failed", 1}}));
  Outcome elsewhere = shell("sweep " + folder + " --output " + folder + "2");
  CHECK(elsewhere.code == 2);
  says(elsewhere, "--output is where a sweep file's results go");
}

TEST_CASE("under a wall-clock budget all runs of a sweep have the same share of the machine", "[runner]") {
  std::string file = sweep_of("timed_share", R"(
seeds = [1, 2]
[[axis]]
key = "budget.seconds"
values = [0.2]
)");
  file = file.substr(0, file.find(" -q"));
  Outcome first = shell("sweep " + file + " --max-runs 1");
  CHECK(first.code == 0);
  says(first, "the budget is wall-clock time");
  Json plan = Json::parse(read_file(laboratory().folder("timed_share") / "plan.json"));
  CHECK(plan.at("jobs") == 1);
  CHECK(int(plan.at("threads")) == std::max(1, int(std::thread::hardware_concurrency())));
  Outcome other = shell("sweep " + file + " -j 2");
  CHECK(other.code == 2);
  says(other, "which holds for all of its runs");
  CHECK(shell("sweep " + file + " -j 1").code == 0);
  CHECK(status_of("timed_share") == Json({{"done", 2}}));
}

TEST_CASE("a run killed from outside is lost, not failed", "[runner]") {
  std::string sweep = sweep_of("lost", R"(
seeds = [1]
[[axis]]
key = "budget.steps"
values = [100000]
)");
  fs::path folder = laboratory().folder("lost");
  std::future<Outcome> outcome = std::async(std::launch::async, [&] { return shell("sweep " + sweep); });
  while (outcome.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready)
    signal_runs(folder, SIGKILL);
  Outcome ended = outcome.get();
  CHECK(ended.code == 1);
  says(ended, "1 of 1 runs were killed from outside");
  CHECK(status_of("lost") == Json({{"lost", 1}}));
  says(shell("status " + folder.string()), "once more: caddie retry");
}

TEST_CASE("a measurement of how many runs go side by side can be interrupted", "[runner]") {
  std::string file = sweep_of("measured", "seeds = [1, 2, 3, 4]\n");
  file = file.substr(0, file.find(" -q"));
  fs::path scratch = laboratory().folder("scratch");
  fs::create_directories(scratch);
  ::setenv("TMPDIR", scratch.c_str(), 1);
  std::future<Outcome> outcome = std::async(std::launch::async, [&] { return shell("sweep " + file); });
  std::vector<pid_t> measuring;
  while (outcome.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready && measuring.empty())
    measuring = at_work("bench", scratch);
  for (pid_t sweep : at_work("sweep", laboratory().folder("measured").parent_path()))
    if (!measuring.empty()) ::kill(sweep, SIGINT);
  Outcome ended = outcome.get();
  ::unsetenv("TMPDIR");
  if (std::thread::hardware_concurrency() < 2) return;  // then there is nothing to measure
  REQUIRE_FALSE(measuring.empty());
  CHECK(ended.code == 130);
  says(ended, "interrupted while it was measured");
  CHECK(at_work("bench", scratch).empty());
}

TEST_CASE("experiments of one file name keep their noise apart", "[runner]") {
  fs::path before = fs::current_path(), place = laboratory().folder("noise_place");
  fs::create_directories(place);
  for (const char* name : {"a", "b"})
    write_file(place / name / "one.toml", "extends = \"" + laboratory().experiment().string() + "\"\n");
  fs::current_path(place);
  for (const char* name : {"a/one.toml", "b/one.toml", "a/one.toml"})
    CHECK(shell(fmt::format("noise {} --seeds 2", name)).code == 0);
  std::set<std::string> bases;
  for (const auto& entry : fs::directory_iterator("results/noise"))
    bases.insert(Json::parse(read_file(entry.path() / "plan.json")).at("base_file").get<std::string>());
  fs::current_path(before);
  CHECK(bases == std::set<std::string>{"a/one.toml", "b/one.toml"});
}

TEST_CASE("an arm whose last step blows up has failed, and the others go on", "[runner]") {
  std::string sweep = sweep_of("blown_up", R"(
seeds = [1]
[[axis]]
key = "optimizers.token.lr"
values = [0.02, 1e20]
[[axis]]
key = "budget.steps"
values = [1]
)");
  CHECK(shell("sweep " + sweep + " --allow-no-effect").code == 1);  // one step moves few weights
  CHECK(status_of("blown_up") == Json({{"done", 1}, {"failed", 1}}));
  says(shell("table " + laboratory().folder("blown_up").string()), "not finite");
}

TEST_CASE("a sweep can be taken in portions", "[runner]") {
  std::string sweep = sweep_of("portions", R"(
seeds = [1, 2]
[[axis]]
slot = "export.compressor"
use = ["zstd", "zlib"]
)");
  Outcome first = shell("sweep " + sweep + " --max-runs 1");
  CHECK(first.code == 0);
  says(first, "3 runs left");
  CHECK(status_of("portions") == Json({{"planned", 3}, {"done", 1}}));
  CHECK(shell("sweep " + sweep + " --only 'seed == 2'").code == 0);
  CHECK(int(status_of("portions").at("done")) >= 2);
  CHECK(shell("sweep " + sweep + " --budget 1h").code == 0);
  CHECK(status_of("portions") == Json({{"done", 4}}));
  says(shell("sweep " + sweep + " --only 'sed == 2'"), "did you mean 'seed'");

  fs::path folder = laboratory().folder("portions");
  auto test = [&](double alpha) {
    Outcome outcome = shell(fmt::format("test {}:baseline 5.5 --alpha {} --json", folder.string(), alpha));
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.output);
  };
  double p = test(0.4).at("p");
  CHECK(double(test(1.1 * p).at("high")) < 0);  // the interval says what the one-sided test says
  CHECK(double(test(p / 1.1).at("high")) > 0);
  std::string elsewhere = (folder / "runs/..").string();  // the same sweep by another name
  CHECK(shell(fmt::format("test {}:baseline {}:baseline --test pooled", folder.string(), elsewhere)).code ==
        0);
}

TEST_CASE("a sweep that is at work is not started over", "[runner]") {
  std::string sweep = sweep_of("busy", "seeds = [1]\n");
  fs::path folder = laboratory().folder("busy");
  REQUIRE(shell("sweep " + sweep).code == 0);
  std::string plan = read_file(folder / "plan.json");
  auto is_refused = [&](const fs::path& claimed, const std::string& reason) {
    REQUIRE(fs::exists(claimed));
    std::optional<FolderClaim> held = FolderClaim::take(claimed);
    for (const std::string& what : {sweep, folder.string() + " -q"}) {
      Outcome outcome = shell("sweep " + what + " --fresh");
      CHECK(outcome.code != 0);
      says(outcome, reason);
      CHECK(read_file(folder / "plan.json") == plan);
      CHECK(status_of("busy") == Json({{"done", 1}}));
    }
  };
  is_refused(folder, "wait for it or stop it");
  for (const auto& stage : fs::directory_iterator(folder / "store"))
    if (stage.path().filename().string().starts_with("train-"))
      is_refused(stage.path(), "start over when it has ended");
  fs::path run = folder / "runs/gone-s1";  // of an arm that was taken from the sweep file
  make_owned_folder(run);
  is_refused(run, "start over when it has ended");
  CHECK(shell("sweep " + sweep + " --fresh").code == 0);
}

TEST_CASE("a run that takes too long has failed", "[runner]") {
  // How long a run takes to its first step depends on what else the machine does, so the time grows until a
  // first attempt was in training when it ended.
  bool went_on = false;
  for (int seconds = 1; !went_on && seconds <= 64; seconds *= 2) {
    std::string name = fmt::format("slow_{}", seconds);
    std::string sweep = sweep_of(name, fmt::format(R"(
seeds = [1]
[run]
timeout = {}
retries = 1
[[axis]]
key = "budget.steps"
values = [10000000]
)",
                                                   seconds));
    Outcome outcome = shell("sweep " + sweep);
    CHECK(outcome.code == 1);
    says(shell("status " + laboratory().folder(name).string()),
         fmt::format("timeout: not finished after {}s", seconds));
    std::string log = read_file(laboratory().folder(name) / "runs/baseline-s1/log.txt");
    went_on = log.find("going on from the checkpoint at step") != std::string::npos;
  }
  CHECK(went_on);  // The second attempt begins where the first one stopped.
}

TEST_CASE("a run that somebody else stops goes on in the same sweep", "[runner]") {
  std::string sweep = sweep_of("stopped", R"(
seeds = [1]
[[axis]]
key = "train.checkpoint_seconds"
values = [0.001]
[[axis]]
key = "budget.steps"
values = [100]
)");
  fs::path folder = laboratory().folder("stopped");
  std::future<Outcome> outcome = std::async(std::launch::async, [&] { return shell("sweep " + sweep); });
  auto is_training = [&] {
    return outcome.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready ||
           has_checkpoint(folder);
  };
  while (!is_training()) continue;
  signal_runs(folder, SIGTERM);
  CHECK(outcome.get().code == 0);
  CHECK(status_of("stopped") == Json({{"done", 1}}));
  std::string log = read_file(folder / "runs/baseline-s1/log.txt");
  CHECK(log.find("interrupted at step") != std::string::npos);
  CHECK(log.find("going on from the checkpoint") != std::string::npos);
}

TEST_CASE("ls knows the names that runs have, and the words that status has", "[runner]") {
  std::string sweep = sweep_of("listed", "seeds = [1]\n");
  REQUIRE(shell("sweep " + sweep).code == 0);
  fs::path folder = laboratory().folder("listed");
  auto list = [&](const std::string& more) { return shell(fmt::format("ls {} {}", folder.string(), more)); };
  says(list("--where 'val_bpb < 100 and not trigram_hash'"), "done");
  Outcome wrong = list("--where 'vla_bpb < 1'");
  CHECK(wrong.code == 2);
  says(wrong, "did you mean 'val_bpb'");
  CHECK(list("--sort val_bpb").code == 0);
  CHECK(list("--sort vall").code == 2);
  says(list("--where 'zzzzzzzz == 1'"), "caddie ls --json shows what runs have");
  CHECK(shell("ls " + (folder / "nowhere").string()).code == 2);
  fs::remove(folder / "runs/baseline-s1/summary.json");
  write_file(folder / "runs/baseline-s1/lock", "");
  says(list("--where 'not (val_bpb < 100)'"), "lost");  // no run has that number now
  CHECK(status_of("listed") == Json({{"lost", 1}}));
}

TEST_CASE("a plan is probed with as many runs at a time as there are cores", "[runner]") {
  std::string file = sweep_of("probed", "seeds = [1, 2]\n");
  Outcome outcome =
      shell(fmt::format("plan {} --probe -j 64 --json", laboratory().folder("probed.toml").string()));
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  CHECK(int(Json::parse(outcome.output).at("jobs")) == int(std::thread::hardware_concurrency()));
}

TEST_CASE("more runs at a time than there are cores are refused politely", "[runner]") {
  std::string sweep = sweep_of("crowd", "seeds = [1]\n");
  Outcome outcome =
      shell(fmt::format("sweep {} --output {} -j 64", laboratory().folder("crowd.toml").string(),
                        laboratory().folder("crowd").string()));
  CHECK(outcome.code == 0);
  says(outcome, "runs at a time instead of 64: there are");
}

TEST_CASE("one damaged run is lost, says why, and hides no other", "[runner]") {
  std::string sweep = sweep_of("damaged", "seeds = [3, 4]\n");
  REQUIRE(shell("sweep " + sweep).code == 0);
  fs::path folder = laboratory().folder("damaged");
  Json before = read_sealed(folder / "runs/baseline-s3/summary.json");
  for (const char* name : {"summary.json", "run.json", "metrics.csv"}) {
    INFO(name);
    fs::path file = folder / "runs/baseline-s3" / name;
    std::string text = read_file(file);
    text[text.size() / 2] ^= 1;
    write_file(file, text);
    // What ls lists of a run it reads from the first two files.
    says(shell("ls " + folder.string()), name == std::string("metrics.csv") ? "done" : "lost");
    says(shell("status " + folder.string()), name);
    CHECK(shell("table " + folder.string()).code == 0);
    Outcome again = shell("sweep " + sweep);
    CHECK(again.code == 0);
    Json after = read_sealed(folder / "runs/baseline-s3/summary.json");
    CHECK(after["val_bpb"] == before["val_bpb"]);
    CHECK(after["files"]["artifact.bin"] == before["files"]["artifact.bin"]);
  }
}

TEST_CASE("a run can be made again, to the same bits, and differences are found", "[runner]") {
  std::string sweep = sweep_of("once_more", "seeds = [3]\n");
  REQUIRE(shell("sweep " + sweep).code == 0);
  fs::path run = laboratory().folder("once_more") / "runs/baseline-s3";
  Outcome same = shell("rerun " + run.string());
  CHECK(same.code == 0);
  says(same, "same: weights, artifact and all results");
  CHECK(bits_of(run) == bits_of(run.string() + ".again"));
  Outcome difference = shell(fmt::format("diff {0} {0}.again", run.string()));
  says(difference, "results: the same\ncost:\n");
  says(difference, "they do not part\n");
  std::string artifact = read_file(run / "artifact.bin");
  write_file(run / "artifact.bin", artifact + "x");
  for (const char* verb : {"rerun ", "eval "}) {
    Outcome damaged = shell(verb + run.string());
    CHECK(damaged.code == 1);
    says(damaged, "artifact.bin was changed after it was written; run it again with --fresh");
  }
  Json summary = read_sealed(run / "summary.json");
  summary.erase("files");  // as older versions wrote it
  write_sealed(run / "summary.json", summary);
  Outcome other = shell("rerun " + run.string());
  CHECK(other.code == 1);
  says(other, "different: artifact.bin");
  summary["train_loss"] = double(summary["train_loss"]) * (1 + 1e-12);
  write_sealed(run / "summary.json", summary);
  says(shell("rerun " + run.string()), "different: artifact.bin, results");
  for (const std::string& there : {run.string(), run.string() + ".again"})
    CHECK(shell(fmt::format("rerun {} --output {}", run.string(), there)).code == 2);
  CHECK(fs::exists(run / "weights.safetensors"));
  says(shell("rerun " + laboratory().data().string()), "holds no finished run");
}
