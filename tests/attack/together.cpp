// SPDX-License-Identifier: Apache-2.0
// Two to four of the same command at once, with commands beside them that read or clear the same folders.
#include <fmt/format.h>

#include "attack/trial.h"

namespace caddie::attack {
namespace {

Attempt together_trial(const World& world, uint64_t seed, uint64_t number) {
  Draw draw(seed, "together", number);
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<Goal> goals = world.writing(state);
  Goal goal = draw.from(goals);
  uint64_t count = 2 + draw.below(3);
  // What a command prints or leaves while another one works is compared with nothing.
  Goal beside = goal;
  beside.compared = Compared::kNothing;
  std::vector<std::pair<Goal, Command>> commands(count, {beside, {goal.arguments}});
  const std::vector<std::string> kBeside[] = {{"gc", "."}, {"ls", "."}, {"table", "sw"}, {"status", "sw"}};
  std::string description = fmt::format("{} of {} in state {}", count, goal.text(), state);
  bool begun = state == "half" || state == "sweep";
  if (draw.below(2) == 0) {
    const std::vector<std::string>& other = kBeside[draw.below(begun ? std::size(kBeside) : 2)];
    commands.push_back({{other, Compared::kNothing}, {other}});
    description += " beside " + commands.back().second.text();
  }
  place.together(commands);
  place.recover(goal);
  return attempt_of(description, place);
}

}  // namespace

Trials together_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) { return together_trial(world, seed, number); }};
}

}  // namespace caddie::attack
