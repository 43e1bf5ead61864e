// SPDX-License-Identifier: Apache-2.0
// A sweep file as written: a question, a base experiment, seeds, what varies, and what is claimed beforehand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/tree.h"
#include "results/metrics.h"

namespace caddie {

/// One choice of a factor: assignments "path=value" or "~path" upon the base experiment.
struct Level {
  std::string label;  // how an arm at this level reads: "+hash", "-hash", "bits=6"
  std::vector<std::string> overrides;
};

/// Something that varies. Its baseline level is what "nothing changed" means for it.
struct Factor {
  std::string name;     // of the technique, the key or the slot
  bool toggle = false;  // levels are off, on
  std::vector<Level> levels;
  size_t baseline = 0;
};

struct DesignSettings {
  std::string kind = "grid";
  std::vector<std::string> techniques;  // toggles besides the axes
  int64_t samples = 16;                 // random: arms to draw
  int64_t seed = 0;                     // random: of the draw
  int64_t arms = 0;                     // fractional: a power of two; 0: the fewest that keep `resolution`
  int64_t resolution = 4;               // fractional
  void settings(Settings& s);
};

/// What the sweep sets out to show, fixed before the first run.
struct SweepClaim {
  std::string metric = kBpb.name;
  std::string direction = "min";
  double margin = 0;       // in the metric's unit
  double margin_nats = 0;  // of val_loss_nats; when above 0 the claim is about that
  double alpha = 0.01;
  std::string test = "pooled";
  std::string correction = "holm";
  std::optional<double> target;   // one_sample: what the mean is held against
  std::vector<std::string> arms;  // labels; empty: every arm but the baseline
  void settings(Settings& s);
};

/// Seeds added look by look, as far as the claim needs them.
struct RaceSettings {
  std::vector<int64_t> looks;  // seeds of an arm at each look; the last look takes all seeds
  std::string spending = "obrien_fleming";
  double futility = 0.05;
  void settings(Settings& s);
};

struct RunSettings {
  double timeout_seconds = 0;  // 0: none
  int64_t retries = 0;
  std::string order = "shuffled";
  void settings(Settings& s);
};

struct SweepFile {
  std::filesystem::path file, base;
  std::string name, question;
  std::vector<int64_t> seeds;
  int64_t baseline_extra = 0;  // seeds that only the baseline gets, counted on from the largest
  DesignSettings design;
  std::vector<Factor> factors;
  std::vector<Level> points;   // arms written out, by label
  std::string baseline_label;  // empty: all factors at their baseline level
  std::vector<std::string> exclude;
  std::optional<SweepClaim> claim;
  std::optional<RaceSettings> race;
  RunSettings run;
  std::string text;       // the file's content in canonical form
  std::string base_text;  // the base experiment, merged, in canonical form
};

/// Reads `file`. Throws Error(2) that shows the place of the first thing that is wrong.
SweepFile read_sweep(const std::filesystem::path& file);

/// A sweep that runs nothing but `experiment` itself, for one seed after the other.
SweepFile seeds_of(const std::filesystem::path& experiment, std::string name, std::vector<int64_t> seeds);

/// One difference between two TOML texts: "train.clip: 1.0 -> 0.3"; absent values show as "(none)".
std::vector<std::string> differences(const std::string& before, const std::string& after);

}  // namespace caddie
