// SPDX-License-Identifier: Apache-2.0
#include "attack/world.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "support/paths.h"

namespace caddie::attack {
namespace fs = std::filesystem;

namespace {

constexpr const char* kExperiment = R"(
[budget]
steps = 6
[data]
train = "data/train_*.bin"
validation = "data/val_*.bin"
tokenizer = "data/tokenizer.model"
sequence_length = 32
batch_tokens = 64
[model]
vocabulary = 420
layers = 2
dim = 32
heads = 2
kv_heads = 1
[techniques]
bigram_hash = { buckets = 64, dim = 8 }
[train]
micro_batch_tokens = 64
validate_every = 3
checkpoint_seconds = 0.001
)";

constexpr const char* kSweep = R"(
base = "tiny.toml"
seeds = [1, 2]
[[axis]]
toggle = "bigram_hash"
)";

std::string key_of(const Goal& goal, const std::string& state) { return state + ": " + goal.text(); }

bool has_checkpoint(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  return std::any_of(fs::recursive_directory_iterator(folder), {}, [](const fs::directory_entry& entry) {
    return entry.path().filename() == "checkpoint.safetensors";
  });
}

/// What a command prints without how long it took.
std::string steady(const std::string& out) {
  Json json = Json::parse(out, nullptr, false);
  if (json.is_discarded()) return out;
  if (json.is_object() && json.contains("scores"))
    for (auto& [label, score] : json["scores"].items()) score.erase("seconds");
  return json.dump(1);
}

/// Tells the first cell of a table that is another; "" when there is none.
std::string first_difference(const std::string& wanted, const std::string& found) {
  std::vector<std::string> a = split(wanted, ','), b = split(found, ',');
  auto [left, right] = std::ranges::mismatch(a, b);
  if (left == a.end() && right == b.end()) return "";
  auto shown = [](auto cell, const auto& cells) { return cell == cells.end() ? "nothing" : *cell; };
  return fmt::format("\"{}\" instead of \"{}\"", shown(right, b), shown(left, a));
}

}  // namespace

void copy_state(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    bool shared = entry.path().filename() == "data";
    fs::copy(entry.path(), to / entry.path().filename(),
             fs::copy_options::recursive |
                 (shared ? fs::copy_options::create_hard_links : fs::copy_options::none));
  }
}

World::World(fs::path program, fs::path shim) : program_(program), shim_(shim) {
  ::setenv("XDG_CACHE_HOME", (folder() / "cache").c_str(), 1);
  ::setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 0);
  fs::create_directories(folder() / "notes");
  prepare_inputs();
  prepare_states();
  prepare_outputs();
}

void World::prepare_inputs() {
  fs::path fresh = state("fresh");
  std::string text = read_file(source_folder() / "tests/fixtures/text/prose.txt");
  write_file(fresh / "prose.txt", text.substr(0, text.find("\n\n", 30000)));
  succeed({{"data", "prepare", "--text", "prose.txt", "--vocab", "420", "--output", "data",
            "--validation-fraction", "0.1"},
           Compared::kNothing},
          fresh);
  fs::remove(fresh / "prose.txt");
  write_file(fresh / "tiny.toml", fmt::format("extends = \"{}/experiments/quickstart.toml\"{}",
                                              source_folder().string(), kExperiment));
  write_file(fresh / "s.toml", kSweep);
}

void World::prepare_states() {
  copy_state(state("fresh"), state("run"));
  succeed(run(), state("run"));
  run_ = testing::bits_of(state("run") / "r");
  succeed({{"run", "tiny.toml", "--seed", "7", "--output", "q", "--threads", "1"}, Compared::kNothing},
          state("run"));
  succeed({{"export", "r", "--artifact", "new.bin", "--threads", "1"}, Compared::kNothing}, state("run"));
  artifact_ = read_file(state("run") / "new.bin");
  for (const char* name : {"new.bin", "new.toml"}) fs::remove(state("run") / name);

  copy_state(state("fresh"), state("sweep"));
  succeed(sweep(), state("sweep"));
  rows_ = testing::results_of(state("sweep") / "sw");
  for (const auto& entry : fs::directory_iterator(state("sweep") / "sw/runs"))
    if (entry.is_directory()) runs_of_sweep_[entry.path().filename()] = testing::bits_of(entry.path());

  for (long nth = 1; !has_checkpoint(state("stopped")); ++nth) {
    check(nth < 100, "a run leaves no checkpoint however it is killed");
    fs::remove_all(state("stopped"));
    copy_state(state("fresh"), state("stopped"));
    Command killed = {run().arguments, failing("run", "rename", nth, "kill")};
    attack::run(program_, {&killed, 1}, state("stopped"), folder() / "notes");
  }
  copy_state(state("fresh"), state("half"));
  // The last forks start the runs; those before them try plugins.
  long forks = calls_of(sweep(), "fresh", "sweep").at("fork");
  Command killed = {sweep().arguments, failing("sweep", "fork", forks - 1, "kill")};
  attack::run(program_, {&killed, 1}, state("half"), folder() / "notes");
}

void World::prepare_outputs() {
  for (const char* name : kStates)
    for (const Goal& goal : reading(name)) {
      std::string before;
      for (const char* time : {"first", "second"}) {
        fs::path place = folder() / "outputs" / name;
        copy_state(state(name), place);
        End end = succeed(goal, place);
        fs::remove_all(place);
        outputs_[key_of(goal, name)] = steady(end.out);
        both_[key_of(goal, name)] = end.out + end.err;
        check(before.empty() || before == steady(end.out), "{} prints other things the {} time", goal.text(),
              time);
        before = steady(end.out);
      }
    }
}

End World::succeed(const Goal& goal, const fs::path& where) const {
  Command command = {goal.arguments};
  End end = attack::run(program_, {&command, 1}, where, folder() / "notes").front();
  check(end.code == 0 && end.signal == 0 && !end.hung, "{} in {}, undisturbed: {}", goal.text(),
        where.string(), end.err);
  return end;
}

std::map<std::string, std::string> World::failing(const std::string& verb, const std::string& call, long nth,
                                                  const std::string& error, bool sticky) const {
  std::map<std::string, std::string> all = {{"LD_PRELOAD", shim_},
                                            {"CADDIE_ATTACK_IN", verb},
                                            {"CADDIE_ATTACK_CALL", call},
                                            {"CADDIE_ATTACK_NTH", std::to_string(nth)},
                                            {"CADDIE_ATTACK_ERRNO", error}};
  if (sticky) all["CADDIE_ATTACK_STICKY"] = "1";
  return all;
}

std::map<std::string, long> World::calls_of(const Goal& goal, const std::string& from,
                                            const std::string& verb) const {
  fs::path place = folder() / "counting", counts = folder() / "notes/counts";
  copy_state(state(from), place);
  Command command = {goal.arguments, failing(verb, "", 0, "")};
  command.environment["CADDIE_ATTACK_COUNT"] = counts;
  attack::run(program_, {&command, 1}, place, folder() / "notes");
  std::istringstream lines(read_file(counts));
  std::map<std::string, long> most;
  std::string kind;
  for (long count; lines >> kind >> count;) most[kind] = std::max(most[kind], count);
  fs::remove(counts);
  fs::remove_all(place);
  return most;
}

Goal World::run() const { return {{"run", "tiny.toml", "--output", "r", "--threads", "1"}, Compared::kRun}; }

Goal World::stored_run() const {
  return {{"run", "tiny.toml", "--output", "r", "--store", "store", "--threads", "1"}, Compared::kRun};
}

Goal World::sweep() const {
  return {{"sweep", "s.toml", "--output", "sw", "-j", "2", "--threads", "1", "-q"}, Compared::kSweep};
}

std::vector<Goal> World::writing(const std::string& state) const {
  if (state == "fresh") return {run(), stored_run(), sweep()};
  if (state == "half" || state == "sweep") return {sweep()};
  return {run()};
}

std::vector<Goal> World::reading(const std::string& state) const {
  if (state == "run")
    return {{{"ls", "."}, Compared::kOutput},
            {{"ls", ".", "--json"}, Compared::kOutput},
            {{"eval", "r", "--json", "--threads", "1"}, Compared::kOutput},
            {{"export", "r", "--artifact", "new.bin", "--threads", "1"}, Compared::kExport},
            {{"rerun", "r", "--threads", "1"}, Compared::kNothing},
            {{"diff", "r", "q"}, Compared::kOutput}};
  if (state == "sweep")
    return {{{"table", "sw"}, Compared::kOutput},
            {{"table", "sw", "--json"}, Compared::kOutput},
            {{"table", "sw", "--runs"}, Compared::kOutput},
            {{"status", "sw"}, Compared::kOutput},
            {{"report", "sw"}, Compared::kNothing},
            {{"ls", "sw"}, Compared::kOutput},
            {{"gc", "."}, Compared::kNothing}};
  if (state == "half")
    return {{{"table", "sw", "--json"}, Compared::kOutput}, {{"status", "sw"}, Compared::kOutput}};
  if (state == "stopped") return {{{"ls", "."}, Compared::kOutput}};
  return {};
}

const std::string& World::printed(const Goal& goal, const std::string& state) const {
  static const std::string nothing;
  auto found = both_.find(key_of(goal, state));
  return found == both_.end() ? nothing : found->second;
}

std::string World::difference(const Goal& goal, const std::string& state, const fs::path& place,
                              const End& end) const try {
  auto differing = [](const testing::Bits& a, const testing::Bits& b) -> std::string {
    if (a.weights != b.weights) return "other weights";
    if (a.artifact != b.artifact) return "another artifact";
    if (a.scores != b.scores) return "other scores";
    return a.losses != b.losses ? "other losses in metrics.csv" : "";
  };
  switch (goal.compared) {
    case Compared::kNothing:
      return "";
    case Compared::kRefusal:
      return "takes what is damaged";
    case Compared::kRun:
      return differing(testing::bits_of(place / "r"), run_);
    case Compared::kExport:
      return read_file(place / "new.bin") == artifact_ ? "" : "another artifact";
    case Compared::kOutput:
      return steady(end.out) == outputs_.at(key_of(goal, state)) ? "" : "prints other things";
    case Compared::kSweep:
      break;
  }
  for (const auto& [name, bits] : runs_of_sweep_) {
    std::string found = differing(testing::bits_of(place / "sw/runs" / name), bits);
    if (!found.empty()) return name + ": " + found;
  }
  std::string found = first_difference(rows_, testing::results_of(place / "sw"));
  return found.empty() ? "" : "other rows in runs.csv: " + found;
} catch (const std::exception& error) {
  return error.what();
}

}  // namespace caddie::attack
