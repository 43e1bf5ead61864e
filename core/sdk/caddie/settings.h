// SPDX-License-Identifier: Apache-2.0
// Knobs: a setting is declared once, in one line that binds its name, its variable (whose initial value is
// the default), its help and its range. Whoever visits the settings reads TOML, writes it, or describes them.
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace caddie {

/// What values a setting may take: a closed interval of numbers, or a list of words.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> words = {};  // not empty: the only strings allowed
};
inline Range any() { return {}; }
inline Range at_least(double low) { return {low}; }
inline Range between(double low, double high) { return {low, high}; }
template <class... Words>
Range one_of(const Words&... words) {
  return {0, 0, {words...}};
}

/// The layers where a technique acts, as written: "all", "none", "last 4", "first 2", or "7,8,9".
/// In TOML also an array of layer numbers. Layers count from 0.
struct CADDIE_API Layers {
  std::string text = "all";
  /// Throws Error when the text is of no known form or names a layer outside [0, count).
  std::vector<int> resolve(int count) const;
  bool contains(int layer, int count) const;
};

/// The stages of a run in their order, each of which reads what the ones before it have made. A value counts
/// for the name of the first stage that it can change, and so for all that follow.
enum class Stage : uint8_t {
  kSeed,      // a dimension apart: it counts for every stage, in a part of the name of its own
  kTrain,     // initial weights and their training
  kAverage,   // averages that are taken while the model trains
  kQuantize,  // pruning, calibration and quantization
  kCompress,  // trimming and compression: the artifact
  kEvaluate,  // the scores
  kReport,    // what a run says of itself, but nothing that a stage makes
  kNothing    // neither: paths to files that are known by their content, titles
};

/// One declared setting: where its value lies and what may be written there.
struct Setting {
  using Target = std::variant<bool*, int*, int64_t*, float*, double*, std::string*, std::vector<int64_t>*,
                              std::vector<double>*, std::vector<std::string>*, Layers*>;
  const char* name;
  Target target;
  const char* help;
  Range range;
  Stage stage;  // the first one that it can change
};

/// Visits the settings of a plugin or of a section of an experiment.
///
///     void settings(Settings& s) override {
///       s("decay", decay, "share of the old average kept at each step", between(0, 1));
///     }
class CADDIE_API Settings {
 public:
  virtual ~Settings();
  /// `stage` is for settings of the core: what plugins declare counts from the stage of their slot on, and
  /// what names no stage counts for the first one, which is always right.
  template <class T>
  void operator()(const char* name, T& value, const char* help, Range range = any(),
                  Stage stage = Stage::kTrain) {
    visit({name, &value, help, std::move(range), stage});
  }

 protected:
  virtual void visit(const Setting& setting) = 0;
};

}  // namespace caddie
