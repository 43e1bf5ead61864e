// SPDX-License-Identifier: Apache-2.0
// Signals that ask to stop, output into a pipe that nobody reads, and standard streams that are closed.
#include <csignal>

#include <fmt/format.h>
#include <unistd.h>

#include "attack/trial.h"

namespace caddie::attack {
namespace {

std::vector<Goal> all_goals(const World& world, const std::string& state) {
  std::vector<Goal> goals = world.writing(state);
  for (const Goal& goal : world.reading(state)) goals.push_back(goal);
  return goals;
}

/// SIGINT or SIGTERM, up to twice.
Attempt asked_to_stop(const World& world, Draw& draw) {
  const char* kWriting[] = {"fresh", "stopped", "half"};
  std::string state = draw.from(kWriting);
  Place place(world, state);
  std::vector<Goal> goals = world.writing(state);
  Goal goal = draw.from(goals);
  uint64_t stops = 1 + draw.below(2);
  for (uint64_t i = 0; i < stops; ++i) {
    Command command = {goal.arguments};
    command.stop_signal = draw.below(2) == 0 ? SIGINT : SIGTERM;
    command.stop_after = draw.share() * (goal.verb() == "sweep" ? 0.5 : 0.1);
    command.stop_all = command.stop_signal == SIGTERM && draw.below(2) == 0;
    place.attempt(goal, command);
  }
  place.recover(goal);
  return attempt_of(fmt::format("{} in state {} asked to stop {} time(s)", goal.text(), state, stops), place);
}

/// A closed pipe in the place of stdout, stderr or both.
Attempt broken_pipe(const World& world, Draw& draw) {
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<Goal> goals = all_goals(world, state);
  Goal goal = draw.from(goals);
  uint64_t streams = 1 + draw.below(3);
  Command command = {goal.arguments};
  command.may_die = true;  // by SIGPIPE, as programs do
  command.prepare = [streams] {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(126);
    ::close(ends[0]);
    for (int stream : {1, 2})
      if (streams & uint64_t(stream)) ::dup2(ends[1], stream);
    ::close(ends[1]);
    std::signal(SIGPIPE, SIG_DFL);
  };
  Goal attacked = goal;  // its output went away
  if (goal.compared == Compared::kOutput) attacked.compared = Compared::kNothing;
  place.attempt(attacked, command, streams & 2);
  place.recover(goal);
  return attempt_of(
      fmt::format("{} in state {} into a closed pipe ({} of stdout, stderr)", goal.text(), state, streams),
      place);
}

/// Any of the three standard descriptors closed.
Attempt closed_streams(const World& world, Draw& draw) {
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<Goal> goals = all_goals(world, state);
  Goal goal = draw.from(goals);
  uint64_t closed = 1 + draw.below(7);
  Command command = {goal.arguments};
  command.prepare = [closed] {
    for (int stream : {0, 1, 2})
      if (closed >> stream & 1) ::close(stream);
  };
  Goal attacked = goal;
  if (goal.compared == Compared::kOutput && (closed & 2)) attacked.compared = Compared::kNothing;
  place.attempt(attacked, command, closed & 4);
  place.recover(goal);
  return attempt_of(fmt::format("{} in state {} with closed streams (bits {})", goal.text(), state, closed),
                    place);
}

}  // namespace

Trials signal_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) {
    Draw draw(seed, "signals", number);
    uint64_t choice = draw.below(4);
    return choice < 2    ? asked_to_stop(world, draw)
           : choice == 2 ? broken_pipe(world, draw)
                         : closed_streams(world, draw);
  }};
}

}  // namespace caddie::attack
