// SPDX-License-Identifier: Apache-2.0
// A trial is one attack: a state, commands under a fault, and commands that show what became of the results.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attack/draw.h"
#include "attack/world.h"

namespace caddie::attack {

/// A trial's own copy of a state, and what its commands came to.
class Place {
 public:
  /// Copies the state into a new folder beside a folder of somebody else's.
  Place(const World& world, std::string state);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const World& world() const { return world_; }
  const std::string& state() const { return state_; }
  std::filesystem::path folder() const { return root_ / "here"; }
  /// Names the fault: a reading command whose output has one of the words more often than usual has said so.
  void fault_is(std::vector<std::string> words) { words_ = std::move(words); }
  /// The fault is a damaged file, which is named itself or by its folder.
  void damaged(const std::filesystem::path& file) {
    fault_is({file.filename(), file.parent_path().filename()});
  }

  /// Runs commands side by side, each with the goal that it is to come to.
  void together(const std::vector<std::pair<Goal, Command>>& commands, bool mute = false);
  void attempt(const Goal& goal, Command command, bool mute = false) {
    together({{goal, std::move(command)}}, mute);
  }
  /// Runs the goal's command without a fault; when it refuses, does what its message advises, and runs it
  /// once more.
  void recover(const Goal& goal);

  const std::vector<Step>& steps() const { return steps_; }
  /// Tells whether somebody else's folder is as it was.
  bool others_untouched() const;

 private:
  bool advised(const Goal& goal);
  bool says_fault(const Goal& goal, const End& end) const;

  const World& world_;
  std::string state_;
  std::filesystem::path root_;
  std::vector<std::string> words_;
  std::vector<Step> steps_;
};

/// What one trial came to.
struct Finding {
  std::string kind;
  uint64_t number = 0;
  std::string description = {};
  Judgement judgement = {};
};

/// What was tried, and what could be seen of it.
struct Attempt {
  std::string description;
  std::vector<Step> steps;
  bool others_untouched = true;
};

/// The trials of one kind: a trial depends on its number alone.
struct Trials {
  std::function<Attempt(uint64_t number)> make;
  /// Returns the numbers of so many trials, or of all when there are fewer; by default those from 0.
  std::function<std::vector<uint64_t>(uint64_t count)> numbers = {};
};

/// A kind of attack.
struct Kind {
  const char* name;
  int share;  // of a thousand trials
  Trials (*trials)(const World&, uint64_t seed);
};

Trials kill_trials(const World& world, uint64_t seed);
Trials call_trials(const World& world, uint64_t seed);
Trials damage_trials(const World& world, uint64_t seed);
Trials header_trials(const World& world, uint64_t seed);
Trials together_trials(const World& world, uint64_t seed);
Trials signal_trials(const World& world, uint64_t seed);
Trials limit_trials(const World& world, uint64_t seed);

inline constexpr Kind kKinds[] = {{"kill", 120, kill_trials},        {"calls", 400, call_trials},
                                  {"damage", 240, damage_trials},    {"headers", 80, header_trials},
                                  {"together", 40, together_trials}, {"signals", 80, signal_trials},
                                  {"limits", 40, limit_trials}};

/// Returns the command that reads the weights or the artifact of a sweep's run; nothing for any other file.
/// The sweep itself and its tables read neither: they hold what summaries say, and who saves space may delete
/// both.
std::optional<Goal> reader_in_sweep(const std::filesystem::path& file);

/// Closes a place.
inline Attempt attempt_of(std::string description, const Place& place) {
  return {std::move(description), place.steps(), place.others_untouched()};
}

}  // namespace caddie::attack
