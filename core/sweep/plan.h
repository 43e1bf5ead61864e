// SPDX-License-Identifier: Apache-2.0
// A sweep made definite: every arm with its whole experiment, every run with its folder, frozen in plan.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "results/run_folder.h"
#include "sweep/racing.h"
#include "sweep/sweep_file.h"

namespace caddie {

// Members called `fields` visit what plan.json holds of a struct; one visit both writes and reads it.

struct Arm {
  std::string label, kind;                    // kind: "baseline", the design's kind, or "point"
  std::vector<std::string> overrides;         // upon the base experiment
  std::vector<size_t> levels;                 // of the plan's factors; empty for a point
  std::map<std::string, bool> techniques;     // of [techniques.*]: whether it takes part
  std::map<std::string, std::string> params;  // path -> TOML text, of the settings that differ between arms
  std::string experiment;                     // resolved, with the origin of every value
  std::string group;  // hash of all that can change results but the seed; empty in a draft
  // What follows is found with the group. Arms with the same `training` share trained weights for each seed,
  // those with the same prefix the steps up to it; both are names of stages but for the seed.
  std::string training = {};
  struct Fork {
    int64_t step = 0;
    std::string prefix;
    template <class Fields>
    void fields(Fields& f);
  };
  std::vector<Fork> forks = {};  // by rising step
  std::string observers = {};    // hash of what watches the training
  int64_t steps = 0;             // of the training
  int64_t parameters = 0;        // of the model
  int64_t memory_bytes = 0;      // that a run takes, roughly
  double seconds = 0;            // of its wall-clock budget; 0: none
  bool is_baseline() const { return kind == "baseline"; }

  template <class Fields>
  void fields(Fields& f);
};

struct PlannedRun {
  size_t arm = 0;
  int64_t seed = 0;
  std::string folder;  // relative to the sweep's: "runs/baseline-s1337"

  template <class Fields>
  void fields(Fields& f);
};

struct Plan {
  std::string name, question, sweep_file, base_file;
  std::string sweep_text, base_text;             // canonical, to tell what was edited
  std::string design = "grid";                   // its kind
  std::vector<std::string> aliases;              // of a fractional design
  std::vector<std::string> factors;              // names of what varies
  std::vector<std::vector<std::string>> levels;  // of each factor: how an arm at it reads
  std::optional<SweepClaim> claim;
  std::optional<Race> race;  // then `runs` holds the seeds of the first look, and those asked for later
  RunSettings run;
  int jobs = 0, threads = 0;  // once runs under a wall-clock budget were begun: all of them take the same
  std::vector<int64_t> seeds;
  std::vector<Arm> arms;         // the baseline first
  std::vector<PlannedRun> runs;  // in the order in which they are started
  struct Excluded {
    std::string label, reason;
    template <class Fields>
    void fields(Fields& f);
  };
  std::vector<Excluded> excluded;
  Json history = Json::array();  // when it was frozen, and what was changed later

  const Arm& baseline() const { return arms.front(); }
  /// Whether the speed of the machine decides what runs reach; known once the groups are.
  bool is_timed() const;

  template <class Fields>
  void fields(Fields& f);
};

/// Expands the sweep and assembles every arm, so that a wrong name or value in any of them fails here:
/// Error(2) that names the arm. Equal arms are dropped and listed as excluded. Needs no data; trains nothing.
Plan make_plan(const SweepFile& sweep);

/// Runs of some arms for some seeds, seed by seed, in the order of `plan.run`.
std::vector<PlannedRun> runs_of(const Plan& plan, std::span<const size_t> arms,
                                std::span<const int64_t> seeds);

/// Whether the claim is about the arm: never the baseline, every other arm when the claim names none.
bool is_claimed(const Plan& plan, const Arm& arm);

/// Fills Arm::group and what follows it. Needs the data. Throws Error(2) when the plan has groups that differ
/// from those found now: the program, a plugin or the data were changed, and new runs could not be compared
/// with the finished ones.
void check_groups(Plan& plan);

/// "plan.json" in the folder of a sweep.
std::filesystem::path plan_path(const std::filesystem::path& folder);
void write_plan(const Plan& plan, const std::filesystem::path& folder);
/// Throws Error when the file is missing or no plan.
Plan read_plan(const std::filesystem::path& folder);

/// Throws Error(2) that lists the differences when the files that `now` was made from differ from those of
/// `frozen`.
void check_unchanged(const Plan& frozen, const Plan& now);

}  // namespace caddie
