// SPDX-License-Identifier: Apache-2.0
// An experiment file made real: its settings read, its plugins opened, its model built, every weight routed.
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

struct DataSettings {
  std::string train, validation;  // patterns of shards
  std::string tokenizer;          // SentencePiece model
  int64_t sequence_length = 1024;
  int64_t batch_tokens = 524288;
  void settings(Settings& s);
};

struct RoutedEvaluator {
  Technique technique;
  bool headline = false;
};

struct Experiment {
  std::string title;
  int64_t seed = 1337;
  DataSettings data;
  ModelSettings model_settings;
  TrainSettings train;
  Budget budget;

  /// A plugin that takes part, and the table that named it.
  struct Part {
    const Slot* slot;
    std::string path;  // "optimizers.<label>"
    Technique technique;
    bool headline = false;
    std::vector<int> weights = {};  // indices of those that it claims
  };
  std::vector<Part> parts;            // in the order of the slot table, those of one slot by label
  std::vector<std::string> disabled;  // labels of tables that are switched off

  // These are the same plugins, as the rooms below take them.
  std::unique_ptr<Model> model;
  std::vector<Routed> optimizers;
  std::optional<Technique> averager;       // of what is exported
  std::vector<Technique> extra_averagers;  // further averages of the same training
  ExportParts export_parts;
  std::vector<RoutedEvaluator> evaluators;

  /// The plugin of a slot that has exactly one.
  const Technique& only(Kind kind) const;
  template <class Interface>
  Interface& only() const {
    const Technique& technique = only(detail::kind_of<Interface>());
    return technique.as<Interface>();
  }

  const RoutedEvaluator& headline() const;
  /// The one that scores weights on the way to the artifact: the first that is not the headline, if any.
  const Technique& stage_evaluator() const;
};

/// Builds what `tree` describes, with plugins for the slots of `table`; all of the tree has been read
/// afterwards, so that tree.resolved() is complete. Weights are not initialised. Throws Error (2 or 4) for
/// the first thing that is wrong; Misfit when each technique is right by itself and they do not go together.
Experiment assemble(Tree& tree, Registry& registry, Device device,
                    std::span<const Slot> table = slot_table());

/// Only what watches a training without changing it, with the settings of data and train: the plugins of
/// slots that feed averages and scores. There is no model.
Experiment assemble_watchers(Tree& tree, Registry& registry);

/// assemble(Tree::load(file, overrides)), for verbs that need no tree.
Experiment load_experiment(const std::filesystem::path& file, std::span<const std::string> overrides,
                           Registry& registry, Device device);

}  // namespace caddie
