// SPDX-License-Identifier: Apache-2.0
// Lets system calls fail: for each command, each kind of call and each error that it may give, every call
// that the command makes, in an order that the seed shuffles. On a full disk all calls from the N-th on fail.
#include <cerrno>

#include <fmt/format.h>

#include <algorithm>

#include "attack/trial.h"

namespace caddie::attack {
namespace {

struct Failure {
  const char* call;
  int error;
  const char* name;
  bool sticky = false;
};
constexpr Failure kFailures[] = {
    {"open", EIO, "EIO"},         {"open", EMFILE, "EMFILE"},   {"open", EACCES, "EACCES"},
    {"open", ENOSPC, "ENOSPC"},   {"open", EINTR, "EINTR"},     {"read", EIO, "EIO"},
    {"read", EINTR, "EINTR"},     {"write", EIO, "EIO"},        {"write", ENOSPC, "ENOSPC"},
    {"write", EINTR, "EINTR"},    {"close", EIO, "EIO"},        {"close", EINTR, "EINTR"},
    {"fsync", EIO, "EIO"},        {"fsync", ENOSPC, "ENOSPC"},  {"fsync", EINTR, "EINTR"},
    {"rename", EIO, "EIO"},       {"rename", ENOSPC, "ENOSPC"}, {"rename", EACCES, "EACCES"},
    {"link", EIO, "EIO"},         {"link", EACCES, "EACCES"},   {"unlink", EIO, "EIO"},
    {"unlink", EACCES, "EACCES"}, {"mkdir", ENOSPC, "ENOSPC"},  {"mkdir", EACCES, "EACCES"},
    {"mmap", ENOMEM, "ENOMEM"},   {"truncate", EIO, "EIO"},     {"truncate", ENOSPC, "ENOSPC"},
    {"lock", EINTR, "EINTR"},     {"lock", ENOLCK, "ENOLCK"},   {"fork", EAGAIN, "EAGAIN"},
    {"fork", ENOMEM, "ENOMEM"},   {"stat", EIO, "EIO"},         {"stat", EACCES, "EACCES"},
    {"list", EIO, "EIO"},         {"list", EMFILE, "EMFILE"},   {"space", ENOSPC, "disk full", true}};

/// A command in a state, and the verb of the process in which a call fails.
struct Scene {
  Goal goal;
  std::string state, verb;
};

std::vector<Scene> scenes_of(const World& world) {
  std::vector<Scene> all = {{world.sweep(), "fresh", "run"}};
  for (const char* state : kStates) {
    for (const Goal& goal : world.writing(state)) all.push_back({goal, state, goal.verb()});
    for (const Goal& goal : world.reading(state)) all.push_back({goal, state, goal.verb()});
  }
  return all;
}

/// One call of a scene that fails.
struct Case {
  size_t scene;
  const Failure* failure;
  long nth;
};

std::vector<Case> cases_of(const World& world, const std::vector<Scene>& scenes) {
  std::vector<Case> all;
  for (size_t i = 0; i < scenes.size(); ++i) {
    std::map<std::string, long> counts = world.calls_of(scenes[i].goal, scenes[i].state, scenes[i].verb);
    for (const Failure& failure : kFailures)
      for (long nth = 1; nth <= counts[failure.call]; ++nth) all.push_back({i, &failure, nth});
  }
  return all;
}

Attempt call_trial(const World& world, const Scene& scene, const Failure& failure, long nth) {
  Place place(world, scene.state);
  Command command = {scene.goal.arguments, world.failing(scene.verb, failure.call, nth,
                                                         std::to_string(failure.error), failure.sticky)};
  place.attempt(scene.goal, command);
  place.recover(scene.goal);
  return attempt_of(fmt::format("{} in state {}: {} {} of {} fails with {}", scene.goal.text(), scene.state,
                                failure.call, nth, scene.verb, failure.name),
                    place);
}

}  // namespace

TrialOf call_trials(const World& world, uint64_t seed) {
  std::vector<Scene> scenes = scenes_of(world);
  std::vector<Case> cases = cases_of(world, scenes);
  Draw draw(seed, "calls", 0);
  for (size_t i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[draw.below(i)]);
  return [&world, scenes, cases](uint64_t number) {
    const Case& one = cases[number % cases.size()];
    return call_trial(world, scenes[one.scene], *one.failure, one.nth);
  };
}

}  // namespace caddie::attack
