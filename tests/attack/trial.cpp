// SPDX-License-Identifier: Apache-2.0
#include "attack/trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"

namespace caddie::attack {
namespace fs = std::filesystem;

namespace {

constexpr const char* kPrecious = "somebody else's";

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Returns the file in the trial's folder that a message "error: FILE: ...; delete it ..." advises to delete,
/// or "".
std::string to_delete(const std::string& message) {
  constexpr std::string_view kError = "error: ";
  size_t begin = message.find(kError), end = message.find(": ", begin + kError.size());
  if (begin == std::string::npos || message.find("delete it", end) == std::string::npos) return "";
  std::string file = message.substr(begin + kError.size(), end - begin - kError.size());
  return is_below(file) ? file : "";
}

}  // namespace

Place::Place(const World& world, std::string state)
    : world_(world), state_(std::move(state)), root_(world.folder() / fmt::format("trial-{}", ::getpid())) {
  copy_state(world.state(state_), folder());
  fs::create_directories(root_ / "notes");
  write_file(root_ / "x/runs/keep.txt", kPrecious);
}

Place::~Place() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

bool Place::others_untouched() const {
  std::error_code error;
  bool there =
      fs::exists(root_ / "x/runs/keep.txt", error) && read_file(root_ / "x/runs/keep.txt") == kPrecious;
  return there && std::distance(fs::recursive_directory_iterator(root_ / "x"), {}) == 2;
}

std::optional<Goal> reader_in_sweep(const fs::path& file) {
  std::string run = file.parent_path();
  if (!run.starts_with("sw/runs/")) return std::nullopt;
  if (file.filename() == "artifact.bin") return Goal{{"eval", run, "--threads", "1"}, Compared::kRefusal};
  if (file.filename() != "weights.safetensors") return std::nullopt;
  return Goal{{"export", run, "--artifact", "new.bin", "--threads", "1"}, Compared::kRefusal};
}

void Place::together(const std::vector<std::pair<Goal, Command>>& all, bool mute) {
  std::vector<Command> commands;
  for (const auto& [goal, command] : all) commands.push_back(command);
  std::vector<End> ends = run(world_.program(), commands, folder(), root_ / "notes");
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& [goal, command] = all[i];
    bool well = ends[i].code == 0 && ends[i].signal == 0;
    std::string difference = well ? world_.difference(goal, state_, folder(), ends[i]) : "";
    steps_.push_back({command.text(), ends[i], difference, says_fault(goal, ends[i]), mute});
  }
}

bool Place::says_fault(const Goal& goal, const End& end) const {
  if (goal.compared != Compared::kOutput) return false;
  return std::ranges::any_of(words_, [&](const std::string& word) {
    return !word.empty() && count_of(end.out + end.err, word) > count_of(world_.printed(goal, state_), word);
  });
}

/// Does what the last message advises; returns whether it advises something.
bool Place::advised(const Goal& goal) {
  const std::string said = steps_.back().end.err + steps_.back().end.out;
  auto says = [&](const char* part) { return said.find(part) != std::string::npos; };
  if (says("--fresh")) {
    Goal fresh = goal;
    fresh.arguments.push_back("--fresh");
    attempt(fresh, {fresh.arguments});
    return true;
  }
  if (says("caddie retry") && goal.compared == Compared::kSweep) {
    Goal retry = {{"retry", "sw", "-j", "2", "--threads", "1", "-q"}, Compared::kSweep};
    attempt(retry, {retry.arguments});
    return true;
  }
  std::string file = to_delete(said);
  if (file.empty()) return false;
  fs::remove_all(folder() / file);
  attempt(goal, {goal.arguments});
  return true;
}

void Place::recover(const Goal& goal) {
  auto well = [&] { return steps_.back().end.code == 0 && steps_.back().end.signal == 0; };
  attempt(goal, {goal.arguments});
  if (!well() && advised(goal) && !well()) attempt(goal, {goal.arguments});
}

}  // namespace caddie::attack
