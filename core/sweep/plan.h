// SPDX-License-Identifier: Apache-2.0
// A plan is a sweep made definite: every arm with its whole experiment, every run with its folder, frozen in
// plan.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "results/run_folder.h"
#include "sweep/racing.h"
#include "sweep/run_order.h"
#include "sweep/sweep_file.h"

namespace caddie {

// Members called `fields` visit what plan.json holds of a struct; one visit both writes and reads it.

struct Arm {
  std::string label, kind;                    // the kind is "baseline", the design's kind, or "point"
  std::vector<std::string> overrides;         // the assignments that are laid upon the base experiment
  std::vector<size_t> levels;                 // the level of each of the plan's factors; empty for a point
  std::map<std::string, bool> techniques;     // whether each of [techniques.*] takes part
  std::map<std::string, std::string> params;  // the settings that differ between arms: path -> TOML text
  std::string experiment;                     // the resolved experiment, with the origin of every value
  std::string group;  // the hash of all that can change results but the seed; empty before fill_groups()
  // The members below are filled with the group. Arms with the same `training` share trained weights for each
  // seed, and arms with the same prefix share the steps up to it; both are names of stages without the seed.
  std::string training = {};
  struct Fork {
    int64_t step = 0;
    std::string prefix;
    template <class Fields>
    void fields(Fields& f);
  };
  std::vector<Fork> forks = {};  // the steps where trainings part, in rising order
  std::string observers = {};    // the hash of what watches the training
  int64_t steps = 0;             // the steps of the training
  int64_t parameters = 0;        // the parameters of the model
  int64_t memory_bytes = 0;      // the memory that a run takes, roughly
  double seconds = 0;            // the time of its wall-clock budget; 0 where it has none
  std::string unpooled = {};  // why its runs are no sample of one thing, so that no test pools them; "" else
  bool is_baseline() const { return kind == "baseline"; }

  template <class Fields>
  void fields(Fields& f);
};

struct PlannedRun {
  size_t arm = 0;
  int64_t seed = 0;
  std::string folder;  // such as "runs/baseline-s1337", relative to the sweep's folder

  template <class Fields>
  void fields(Fields& f);
};

/// Tells of runs that other programs made and `caddie import` read; a plan that has this runs nothing.
struct ImportedRuns {
  std::vector<std::string> notes;  // what the checks found, a sentence each

  template <class Fields>
  void fields(Fields& f);
};

struct Plan {
  std::string name, question, sweep_file, base_file;
  std::string sweep_text, base_text;             // in canonical form, to tell what was edited
  std::string design = "grid";                   // the kind of the design
  std::vector<std::string> aliases;              // what a fractional design cannot tell apart
  std::vector<std::string> factors;              // the names of what varies
  std::vector<std::vector<std::string>> levels;  // how an arm at each level of each factor reads
  std::optional<SweepClaim> claim;
  // Where there is a race, `runs` holds those of the first look and those that were added later.
  std::optional<Race> race;
  RunSettings run;
  // These are the runs at a time and the threads of each. They are set once runs under a wall-clock budget
  // have begun, which all get the same.
  int jobs = 0, threads = 0;
  std::vector<int64_t> seeds;
  std::vector<Arm> arms;         // the arms, with the baseline first
  std::vector<PlannedRun> runs;  // the runs in the order in which they are started
  struct Excluded {
    std::string label, reason;
    template <class Fields>
    void fields(Fields& f);
  };
  std::vector<Excluded> excluded;
  std::optional<ImportedRuns> imported;
  Json history = Json::array();  // when the plan was frozen, and what was changed later

  const Arm& baseline() const { return arms.front(); }
  /// Tells whether runs have a wall-clock budget, so that the speed of the machine decides how far they
  /// train. It is known after fill_groups().
  bool is_timed() const;

  template <class Fields>
  void fields(Fields& f);
};

/// Throws Error (kUsage) when the plan's runs were imported, so that Caddie cannot make them.
void check_can_run(const Plan& plan);

/// Expands the sweep and assembles every arm, so that a wrong name or value in any of them fails here, with
/// Error (kUsage) that names the arm. Equal arms are dropped and listed as excluded. It trains nothing and
/// needs no data; where there are data, the groups are filled.
Plan make_plan(const SweepFile& sweep);

/// Returns the runs of some arms for some seeds, seed by seed, in the order of `plan.run`.
std::vector<PlannedRun> runs_of(const Plan& plan, std::span<const size_t> arms,
                                std::span<const int64_t> seeds);

/// Returns the order of `plan.run`. Throws Error when it is not known.
const RunOrder& order_of(const Plan& plan);

/// Tells whether the claim is about the arm: never the baseline, every other arm when the claim names none.
bool is_claimed(const Plan& plan, const Arm& arm);

/// Fills Arm::group and the members below it as the program, the plugins and the data are now. Throws Error
/// when the data cannot be read.
void fill_groups(Plan& plan);
/// Does so for a plan that was just made, unless make_plan() could do it.
void fill_missing_groups(Plan& plan);
/// Throws Error (kUsage) when arms of `now` have other groups than in `frozen`, the same plan at the time
/// when it was frozen: the program, a plugin or the data were changed, and new runs could not be compared
/// with the finished ones.
void check_groups(const Plan& frozen, const Plan& now);

/// Returns "plan.json" in the folder of a sweep.
std::filesystem::path plan_path(const std::filesystem::path& folder);
/// Writes the plan into the folder of a sweep.
void write_plan(const Plan& plan, const std::filesystem::path& folder);
/// Throws Error when the file is missing or no plan.
Plan read_plan(const std::filesystem::path& folder);

/// These are the settings that differ between the files that two plans were made from, one on a line.
struct ChangedTexts {
  std::vector<std::string> base, sweep;
};
ChangedTexts changed_texts(const Plan& before, const Plan& now);

/// Throws Error (kUsage) that lists the differences when the files that `now` was made from differ from those
/// of `frozen`.
void check_unchanged(const Plan& frozen, const Plan& now);

}  // namespace caddie
