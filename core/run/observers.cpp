// SPDX-License-Identifier: Apache-2.0
// Observers are kept by hashes of their settings and plugins, so that those which agree are one.
#include "run/observers.h"

#include <algorithm>

namespace caddie {
namespace {

/// Tells whether two experiments are validated on the same sequences of one text.
bool same_text(const DataSettings& a, const DataSettings& b) {
  return a.validation == b.validation && a.tokenizer == b.tokenizer && a.sequence_length == b.sequence_length;
}

}  // namespace

std::string validation_key(const Experiment& experiment, const StageKeys& keys) {
  if (experiment.train.validate_every == 0) return "";
  return keys.observer(experiment.stage_evaluator().technique) + "/" +
         std::to_string(experiment.train.validate_every);
}

void Observers::add(const Experiment& experiment, const StageKeys& keys, const DataSettings& data) {
  StageScope scope(Stage::kAverage);
  if (experiment.averager)
    averagers.try_emplace(keys.observer(*experiment.averager), experiment.averager->as<Averager>());
  for (const Technique& averager : experiment.extra_averagers)
    averagers.try_emplace(keys.observer(averager), averager.as<Averager>());
  std::string key = validation_key(experiment, keys);
  if (!key.empty() && same_text(experiment.data, data))
    validations.try_emplace(key, Validation{&experiment.stage_evaluator(), experiment.train.validate_every});
}

bool Observers::took_part(const TrainRecord& record) const {
  auto has_all = [](const auto& present, const auto& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& observer) {
      return std::ranges::any_of(present, [&](const auto& one) { return one.first == observer.first; });
    });
  };
  return has_all(record.averagers, averagers) && has_all(record.validations, validations);
}

AttachedExperiments::AttachedExperiments(const std::vector<std::filesystem::path>& files,
                                         const DataSettings& data, Observers& observers) {
  for (const std::filesystem::path& file : files) {
    auto attached = std::make_unique<Attached>();
    attached->tree = Tree::load(file);
    attached->experiment = assemble_watchers(attached->tree, attached->registry);
    StageKeys keys(attached->tree, attached->experiment, attached->registry);
    observers.add(attached->experiment, keys, data);
    attached_.push_back(std::move(attached));
  }
}

}  // namespace caddie
