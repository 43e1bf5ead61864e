// SPDX-License-Identifier: Apache-2.0
// Declares settings. Each is declared once, in one line that binds its name, its variable (whose initial
// value is the default), its help and its range. Visitors of these declarations read TOML, write it, or
// describe the settings.
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace caddie {

/// Says which values a setting may take: a closed interval of numbers, or a list of words. The range of an
/// array holds for each of its elements.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> words = {};  // are the only strings allowed, unless the list is empty
};
inline Range any() { return {}; }
inline Range at_least(double low) { return {low}; }
inline Range between(double low, double high) { return {low, high}; }
template <class... Words>
Range one_of(const Words&... words) {
  return {0, 0, {words...}};
}

/// Holds the layers where a technique acts, as written: "all", "none", "last 4", "first 2", or "7,8,9". In
/// TOML it may also be an array of layer numbers. Layers count from 0.
struct CADDIE_API Layers {
  std::string text = "all";
  /// Returns the layers in rising order, where the model has `count`. Throws Error when the text is of no
  /// known form or names a layer outside [0, count).
  std::vector<int> resolve(int count) const;
  /// Returns whether `layer` is one of resolve(count).
  bool contains(int layer, int count) const;
};

/// Names the stages of a run in their order, each of which reads what the ones before it have made. A
/// setting's value is part of the key of the first stage that it can change, and so of all that follow;
/// stages with equal keys have equal results.
enum class Stage : uint8_t {
  kSeed,      // counts for every stage, in a part of the key of its own
  kTrain,     // makes initial weights and trains them
  kAverage,   // takes averages while the model trains
  kQuantize,  // prunes, calibrates and quantizes
  kCompress,  // trims and compresses, which makes the artifact
  kEvaluate,  // makes the scores
  kReport,    // changes what a run says of itself, but nothing that a stage makes
  kNothing    // is for titles, and for paths to files that are known by their content
};

/// Describes one declared setting: where its value lies and what may be written there.
struct Setting {
  using Target = std::variant<bool*, int*, int64_t*, float*, double*, std::string*, std::vector<int64_t>*,
                              std::vector<double>*, std::vector<std::string>*, Layers*>;
  const char* name;
  Target target;
  const char* help;
  Range range;
  Stage stage;  // the first stage that it can change
};

/// Visits the settings of a plugin or of a section of an experiment.
///
///     void settings(Settings& s) override {
///       s("decay", decay, "share of the old average kept at each step", between(0, 1));
///     }
class CADDIE_API Settings {
 public:
  virtual ~Settings();
  /// Declares one setting, whose default is the present `value`. Only settings of the core name a `stage`:
  /// those of plugins count from the stage of their slot on, and those that name no stage count for the first
  /// one, which is always right.
  template <class T>
  void operator()(const char* name, T& value, const char* help, Range range = any(),
                  Stage stage = Stage::kTrain) {
    visit({name, &value, help, std::move(range), stage});
  }

 protected:
  virtual void visit(const Setting& setting) = 0;
};

}  // namespace caddie
