// SPDX-License-Identifier: Apache-2.0
// Builds what an experiment file describes: reads its settings, opens its plugins, builds its model, and
// assigns every weight to its plugins.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/tree.h"
#include "export/export.h"
#include "model/model.h"
#include "plugin/registry.h"
#include "train/trainer.h"

namespace caddie {

/// Holds the section [data] of an experiment.
struct DataSettings {
  std::string train, validation;  // the patterns that shards match
  std::string tokenizer;          // the path of a SentencePiece model
  int64_t sequence_length = 1024;
  int64_t batch_tokens = 524288;
  BatchSize batch() const { return {batch_tokens, sequence_length}; }
  void settings(Settings& s);
};

/// Holds an evaluator, whether its score is the run's, and the blends that change its scores.
struct RoutedEvaluator {
  Technique technique;
  bool headline = false;
  std::vector<Technique> blends = {};
};

/// Holds all that an experiment file describes.
struct Experiment {
  std::string title;
  int64_t seed = 1337;
  DataSettings data;
  ModelSettings model_settings;
  TrainSettings train;
  Budget budget;

  /// Holds a plugin that takes part, and the table that named it.
  struct Part {
    const Slot* slot;
    std::string path;  // such as "optimizers.<label>"
    Technique technique;
    bool headline = false;
    std::vector<std::string> evaluators = {};  // labels of those that a blend names
    std::vector<int> weights = {};             // the indices of the weights that it claims
  };
  std::span<const Slot> slots;        // the table that the parts fill
  std::vector<Part> parts;            // in the order of the slot table, and by label within a slot
  std::vector<std::string> disabled;  // labels of tables that are switched off

  // These are the same plugins, in the form in which model, train, export and evaluate take them.
  std::unique_ptr<Model> model;
  std::vector<Routed> optimizers, rate_factors;
  std::optional<Technique> averager;       // averages what is exported
  std::vector<Technique> extra_averagers;  // take further averages of the same training
  ExportParts export_parts;
  std::vector<RoutedEvaluator> evaluators;

  /// Returns the plugin of a kind that has exactly one. Throws Error when there is none.
  const Technique& only(Kind kind) const;
  template <class Interface>
  Call<Interface> only() const {
    return only(detail::kind_of<Interface>()).template as<Interface>();
  }

  /// Returns the evaluator whose score is the run's.
  const RoutedEvaluator& headline() const;
  /// Returns the evaluator that scores weights on the way to the artifact: the first that is not the
  /// headline, or the headline when there is no other.
  const RoutedEvaluator& stage_evaluator() const;
};

/// Builds what `tree` describes, with plugins for the slots of `table`; all of the tree has been read
/// afterwards, so that tree.resolved() is complete. Weights are not initialised. Throws Error (2 or 4) for
/// the first thing that is wrong; Misfit when each technique is right by itself and they do not go together.
Experiment assemble(Tree& tree, Registry& registry, Device device,
                    std::span<const Slot> table = slot_table());

/// Builds only what watches a training without changing it, with the settings of data and train: the plugins
/// of slots that feed averages and scores. There is no model.
Experiment assemble_watchers(Tree& tree, Registry& registry);

/// Returns assemble(Tree::load(file, overrides)), for verbs that need no tree.
Experiment load_experiment(const std::filesystem::path& file, std::span<const std::string> overrides,
                           Registry& registry, Device device);

}  // namespace caddie
