// SPDX-License-Identifier: Apache-2.0
// Small limits of memory, descriptors, file sizes and processes.
#include <sys/resource.h>

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "attack/trial.h"

namespace caddie::attack {
namespace {

struct Limit {
  __rlimit_resource_t resource;
  const char* name;
  double least, most;
};
constexpr Limit kLimits[] = {{RLIMIT_AS, "RLIMIT_AS", 2e7, 2e9},
                             {RLIMIT_NOFILE, "RLIMIT_NOFILE", 3, 64},
                             {RLIMIT_FSIZE, "RLIMIT_FSIZE", 1, 3e5},
                             {RLIMIT_NPROC, "RLIMIT_NPROC", 1, 8}};

Attempt limit_trial(const World& world, uint64_t seed, uint64_t number) {
  Draw draw(seed, "limits", number);
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<Goal> goals = world.writing(state);
  for (const Goal& goal : world.reading(state)) goals.push_back(goal);
  Goal goal = draw.from(goals);
  const Limit& limit = draw.from(kLimits);
  rlim_t value = rlim_t(limit.least * std::pow(limit.most / limit.least, draw.share()));
  Command command = {goal.arguments};
  command.prepare = [&limit, value] {
    rlimit both = {value, value};
    if (::setrlimit(limit.resource, &both) != 0) ::_exit(126);
  };
  // The message itself, which goes into a file here, is bound by the size of files too.
  bool mute = limit.resource == RLIMIT_FSIZE && value < 1000;
  Goal attacked = goal;
  if (mute && goal.compared == Compared::kOutput) attacked.compared = Compared::kNothing;
  place.fault_is({std::strerror(EMFILE), std::strerror(EAGAIN), std::strerror(ENOMEM), std::strerror(EFBIG)});
  place.attempt(attacked, command, mute);
  place.recover(goal);
  return attempt_of(fmt::format("{} in state {} under {} = {}", goal.text(), state, limit.name, value),
                    place);
}

}  // namespace

Trials limit_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) { return limit_trial(world, seed, number); }};
}

}  // namespace caddie::attack
