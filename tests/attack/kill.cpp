// SPDX-License-Identifier: Apache-2.0
// Kills runs and sweeps without warning, at a drawn time or before a drawn call, some of them several times,
// and takes them up again.
#include <fmt/format.h>

#include "attack/trial.h"

namespace caddie::attack {
namespace {

constexpr double kLongest = 0.5;  // seconds after which a kill still finds a sweep at work

/// A command that is killed at a drawn time.
Command killed_in_time(const Goal& goal, Draw& draw) {
  Command command = {goal.arguments};
  command.stop_after = draw.share() * (goal.verb() == "sweep" ? kLongest : kLongest / 5);
  command.stop_all = draw.below(2) == 0;
  return command;
}

/// A command that is killed before a drawn call, in the process of a sweep or in those of its runs.
Command killed_at_call(const World& world, const Goal& goal, Draw& draw) {
  constexpr std::pair<const char*, int> kCalls[] = {{"open", 130}, {"write", 25},  {"rename", 22},
                                                    {"fsync", 20}, {"close", 100}, {"mkdir", 9},
                                                    {"unlink", 3}, {"lock", 6}};
  const auto& [call, most] = draw.from(kCalls);
  std::string verb = draw.below(2) == 0 ? goal.verb() : "run";
  Command command = {goal.arguments, world.failing(verb, call, long(1 + draw.below(uint64_t(most))), "kill")};
  command.may_die = true;
  return command;
}

Attempt kill_trial(const World& world, uint64_t seed, uint64_t number) {
  Draw draw(seed, "kill", number);
  std::string state = draw.from(kStates);
  if (state == "run" || state == "sweep") state = "fresh";
  Place place(world, state);
  std::vector<Goal> goals = world.writing(state);
  Goal goal = draw.from(goals);
  uint64_t kills = 1 + draw.below(3);
  for (uint64_t i = 0; i < kills; ++i)
    place.attempt(goal, draw.below(2) == 0 ? killed_in_time(goal, draw) : killed_at_call(world, goal, draw));
  place.recover(goal);
  return attempt_of(fmt::format("{} killed {} time(s) in state {}", goal.text(), kills, state), place);
}

}  // namespace

Trials kill_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) { return kill_trial(world, seed, number); }};
}

}  // namespace caddie::attack
