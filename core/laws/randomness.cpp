// SPDX-License-Identifier: Apache-2.0
// Asks a plugin for the same twice in this process, and once more in another one: what draws from the clock,
// from addresses or from a generator of the whole process gives itself away.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/hash.h"
#include "laws/looks.h"
#include "process/child.h"

extern char** environ;

namespace caddie {
namespace {

std::string output_of(const Subject& subject) {
  switch (subject.kind()) {
    case Kind::kInitializer:
    case Kind::kOptimizer:
    case Kind::kSchedule:
    case Kind::kRateFactor:
    case Kind::kAverager:
      return output_of_steps(subject);
    case Kind::kSampler:
      return output_of_sampler(subject);
    case Kind::kQuantizer:
    case Kind::kPruner:
    case Kind::kTrimmer:
    case Kind::kCompressor:
      return output_of_export(subject);
    case Kind::kAllocator:
    case Kind::kCorrector:
    case Kind::kLayout:
      return output_across_weights(subject);
    case Kind::kTextTransform:
      return output_of_text_transform(subject);
    case Kind::kEvaluator:
      return output_of_evaluator(subject);
    case Kind::kBlend:
      return output_of_blend(subject);
    default:
      return output_of_training(subject);
  }
}

/// Returns what a program prints, without its last line break. Throws Error when it fails.
std::string printed_by(const std::filesystem::path& program, std::vector<std::string> arguments) {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC) == 0, "no pipe can be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  int failure = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  char some[256];
  for (ssize_t got = 1; failure == 0 && got > 0;) {
    got = read(ends[0], some, sizeof some);
    if (got > 0) text.append(some, size_t(got));
    if (got < 0 && errno == EINTR) got = 1;
  }
  close(ends[0]);
  check(failure == 0, "{} cannot be started", program.string());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  check(end_of_status(status).succeeded(), "another process that asks it ends with exit code {}",
        end_of_status(status).shell_code());
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::string output_hash(const Subject& subject) { return xxh3(output_of(subject)); }

void look_at_randomness(const Subject& subject) {
  const char* rule = "random numbers must come from Rng, forward.rng() or what the slot gives";
  std::string once = output_hash(subject);
  hold(output_hash(subject) == once, "asked twice for the same, it gives other bits; {}", rule);
  if (subject.program().empty()) return;
  std::vector<std::string> arguments = {subject.program().string(), "plugin", "test", subject.name(),
                                        "--hash"};
  for (const std::string& setting : subject.settings()) arguments.insert(arguments.end(), {"--set", setting});
  hold(printed_by(subject.program(), arguments) == once, "another process gets other bits of it; {}", rule);
}

}  // namespace caddie
