// SPDX-License-Identifier: Apache-2.0
// Lets system calls fail: for each command, each kind of call and each error that it may give, every call
// that the command makes, in an order that the seed shuffles. On a full disk all calls from the N-th on fail.
#include <caddie/error.h>

#include <cerrno>
#include <cstring>

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

/// One call of a scene that fails. Its number holds all three.
struct Case {
  uint64_t scene, failure, nth;

  static constexpr uint64_t kFailuresEnd = 100, kCallsEnd = 10000;
  uint64_t number() const { return (scene * kFailuresEnd + failure) * kCallsEnd + nth; }
  static Case of(uint64_t number) {
    return {number / kCallsEnd / kFailuresEnd, number / kCallsEnd % kFailuresEnd, number % kCallsEnd};
  }
};

std::vector<uint64_t> numbers_of(const World& world, const std::vector<Scene>& scenes) {
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < scenes.size(); ++i) {
    std::map<std::string, long> counts = world.calls_of(scenes[i].goal, scenes[i].state, scenes[i].verb);
    for (uint64_t failure = 0; failure < std::size(kFailures); ++failure)
      for (long nth = 1; nth <= counts[kFailures[failure].call]; ++nth)
        all.push_back(Case{i, failure, uint64_t(nth)}.number());
  }
  return all;
}

Attempt call_trial(const World& world, const Scene& scene, const Failure& failure, long nth) {
  Place place(world, scene.state);
  Command command = {scene.goal.arguments, world.failing(scene.verb, failure.call, nth,
                                                         std::to_string(failure.error), failure.sticky)};
  place.fault_is({std::strerror(failure.error)});
  place.attempt(scene.goal, command);
  place.recover(scene.goal);
  return attempt_of(fmt::format("{} in state {}: {} {} of {} fails with {}", scene.goal.text(), scene.state,
                                failure.call, nth, scene.verb, failure.name),
                    place);
}

}  // namespace

Trials call_trials(const World& world, uint64_t seed) {
  std::vector<Scene> scenes = scenes_of(world);
  auto make = [&world, scenes](uint64_t number) {
    Case one = Case::of(number);
    check(one.scene < scenes.size() && one.failure < std::size(kFailures), "calls:{}: there is no such trial",
          number);
    return call_trial(world, scenes[one.scene], kFailures[one.failure], long(one.nth));
  };
  auto numbers = [&world, scenes, seed](uint64_t count) {
    std::vector<uint64_t> all = numbers_of(world, scenes);
    Draw draw(seed, "calls", 0);
    for (size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[draw.below(i)]);
    all.resize(std::min<size_t>(all.size(), count));
    return all;
  };
  return {make, numbers};
}

}  // namespace caddie::attack
