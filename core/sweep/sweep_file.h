// SPDX-License-Identifier: Apache-2.0
// A sweep file holds, as written, a question, a base experiment, seeds, what varies, and what is claimed
// beforehand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/tree.h"
#include "results/metrics.h"
#include "sweep/designs/design.h"

namespace caddie {

/// The claim is what the sweep sets out to show, fixed before the first run.
struct SweepClaim {
  std::string metric = kBpb.name;
  std::string direction = "min";
  double margin = 0;       // how much better an arm must be, in the metric's unit
  double margin_nats = 0;  // how much better, in nats per token; above 0 the claim is about val_loss_nats
  double alpha = 0.01;
  std::string test = "pooled";
  std::string correction = "dunnett_step_down";
  std::optional<double> target;   // the number that one_sample holds the mean against
  std::vector<std::string> arms;  // the labels of the claimed arms; none stands for all but the baseline

  void settings(Settings& s);
  /// Visits what plan.json holds.
  template <class Fields>
  void fields(Fields& f);
};

/// Holds the section [race], by which seeds are added look by look, as far as the claim needs them.
struct RaceSettings {
  // These are the seeds of an arm at each look; the last look takes all seeds.
  std::vector<int64_t> looks;
  std::string spending = "obrien_fleming";
  double futility = 0.05;
  void settings(Settings& s);
};

/// Holds the section [run], which says how each run is made.
struct RunSettings {
  double timeout_seconds = 0;  // the time that a run may take; 0 sets no limit
  int64_t retries = 0;
  std::string order = "shuffled";

  void settings(Settings& s);
  /// Visits what plan.json holds.
  template <class Fields>
  void fields(Fields& f);
};

/// Holds everything that a sweep file says.
struct SweepFile {
  std::filesystem::path file, base;
  std::vector<std::string> base_overrides;  // what the command line lays upon the base, for all arms
  std::string name, question;
  std::vector<int64_t> seeds;
  int64_t baseline_extra = 0;  // seeds that only the baseline gets, counted on from the largest
  std::string design_kind = "grid";
  std::unique_ptr<SweepDesign> design;  // the design of that kind, with its settings
  std::vector<Factor> factors;
  std::vector<Level> points;   // the arms that are written out, by label
  std::string baseline_label;  // empty where the baseline has all factors at their baseline level
  std::vector<std::string> exclude;
  std::optional<SweepClaim> claim;
  std::optional<RaceSettings> race;
  RunSettings run;
  std::string text;       // the file's content in canonical form
  std::string base_text;  // the base experiment, merged, in canonical form
};

/// Reads `file`. `base_overrides` change the base experiment, as for a short trial of all arms; the sweep is
/// then called NAME-trial, so that its results have a folder of their own. Throws Error (kUsage) that shows
/// the place of the first thing that is wrong.
SweepFile read_sweep(const std::filesystem::path& file, std::vector<std::string> base_overrides = {});

/// Returns a sweep that runs nothing but `experiment` itself, for one seed after the other.
SweepFile seeds_of(const std::filesystem::path& experiment, std::string name, std::vector<int64_t> seeds);

}  // namespace caddie
