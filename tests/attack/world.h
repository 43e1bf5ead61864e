// SPDX-License-Identifier: Apache-2.0
// What all trials share: a small text, an experiment and a sweep on it, folders in the states that attacks
// start from, and the results that undisturbed commands come to.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "attack/process.h"
#include "support/bits.h"
#include "support/temporary_folder.h"

namespace caddie::attack {

/// What of a command that ended well is compared with the reference.
enum class Compared {
  kNothing,
  kRun,     // the run in the folder r
  kSweep,   // the sweep in the folder sw
  kExport,  // the artifact new.bin
  kOutput,  // what it prints
  kRefusal  // nothing: what it reads is damaged, and it has to say so
};

/// A command and what it is to come to.
struct Goal {
  std::vector<std::string> arguments;
  Compared compared;
  std::string text() const { return Command{arguments}.text(); }
  const std::string& verb() const { return arguments[0]; }
};

/// The states: nothing was run; a run was stopped behind a checkpoint; two runs are done; a sweep was killed;
/// a sweep is done.
inline constexpr const char* kStates[] = {"fresh", "stopped", "run", "half", "sweep"};

class World {
 public:
  /// Prepares everything below one temporary folder. Throws Error when an undisturbed command fails, or
  /// prints other things the second time.
  World(std::filesystem::path program, std::filesystem::path shim);

  const std::string& program() const { return program_; }
  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path state(const std::string& name) const { return folder_ / name; }
  /// The environment under which the n-th call of a kind fails in processes of a verb; see shim.cpp.
  std::map<std::string, std::string> failing(const std::string& verb, const std::string& call, long nth,
                                             const std::string& error, bool sticky = false) const;
  /// How many calls of each kind the undisturbed command makes, the most of any process of the verb.
  std::map<std::string, long> calls_of(const Goal& goal, const std::string& state,
                                       const std::string& verb) const;

  Goal run() const;
  Goal stored_run() const;
  Goal sweep() const;
  /// The goals that write into a state, and those that read it.
  std::vector<Goal> writing(const std::string& state) const;
  std::vector<Goal> reading(const std::string& state) const;
  /// Returns what is other in `folder`, or in what was printed, than the reference says; "" when nothing is.
  std::string difference(const Goal& goal, const std::string& state, const std::filesystem::path& folder,
                         const End& end) const;
  /// What an undisturbed goal printed, on both streams.
  const std::string& printed(const Goal& goal, const std::string& state) const;

 private:
  void prepare_inputs();
  void prepare_states();
  void prepare_outputs();
  End succeed(const Goal& goal, const std::filesystem::path& folder) const;

  std::string program_, shim_;
  TemporaryFolder folder_;
  testing::Bits run_;
  std::string rows_, artifact_;
  std::map<std::string, testing::Bits> runs_of_sweep_;
  std::map<std::string, std::string> outputs_;  // by state and command: what it printed on stdout
  std::map<std::string, std::string> both_;     // on both streams
};

/// Copies a folder; files below data/ are shared by hard links, for no command writes there.
void copy_state(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace caddie::attack
