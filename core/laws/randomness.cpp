// SPDX-License-Identifier: Apache-2.0
// Asks a plugin for the same twice in this process, and once more in another one: what draws from the clock,
// from addresses or from a generator of the whole process gives itself away.
#include <unistd.h>

#include "base/hash.h"
#include "laws/looks.h"
#include "process/forked.h"

namespace caddie {
namespace {

constexpr double kAnHour = 3600;  // More than whoever holds a law in a child gives it.

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
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  auto ask = [&](int pipe) {
    dup2(pipe, STDOUT_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  };
  std::optional<ChildWords> words = words_of_child(ask, kAnHour);
  check(words.has_value(), "no process can be started");
  check(!words->late && words->end.succeeded(), "another process that asks it ends with exit code {}",
        words->end.shell_code());
  if (words->text.ends_with('\n')) words->text.pop_back();
  return words->text;
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
  if (!subject.library().empty())
    arguments.insert(arguments.end(), {"--library", subject.library().string()});
  for (const std::string& setting : subject.settings()) arguments.insert(arguments.end(), {"--set", setting});
  hold(printed_by(subject.program(), arguments) == once, "another process gets other bits of it; {}", rule);
}

}  // namespace caddie
