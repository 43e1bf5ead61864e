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

  std::unique_ptr<Model> model;
  Technique initializer, schedule;
  std::optional<Technique> averager;
  std::vector<Technique> riders;  // [train.averagers.*]: further averages of the same training
  std::vector<Routed> optimizers;
  ExportParts export_parts;
  std::vector<RoutedEvaluator> evaluators;  // enabled ones, by label

  std::vector<std::string> disabled;  // labels of [techniques.*] that are switched off

  /// Every technique that takes part, the slots' included, with the path of its table.
  struct Part {
    std::string path;
    const Technique* technique;
  };
  std::vector<Part> parts() const;

  const RoutedEvaluator& headline() const;
  /// The one that scores weights on the way to the artifact: the first that is not the headline, if any.
  const Technique& stage_evaluator() const;
};

/// Builds what `tree` describes; all of it has been read afterwards, so that tree.resolved() is complete.
/// Weights are not initialised. Throws Error (2 or 4) for the first thing that is wrong; Misfit when each
/// technique is right by itself and they do not go together.
Experiment assemble(Tree& tree, Registry& registry, Device device);

/// Only what watches a training without changing it: averager, riders and evaluators, with the settings of
/// data and train. There is no model.
Experiment assemble_watchers(Tree& tree, Registry& registry);

/// assemble(Tree::load(file, overrides)), for verbs that need no tree.
Experiment load_experiment(const std::filesystem::path& file, std::span<const std::string> overrides,
                           Registry& registry, Device device);

}  // namespace caddie
