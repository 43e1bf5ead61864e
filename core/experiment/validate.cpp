// SPDX-License-Identifier: Apache-2.0
// Asks each plugin, the budget and the calibration whether they go with the model and the data.
#include "experiment/validate.h"

#include "base/files.h"
#include "base/text.h"
#include "data/loader.h"
#include "data/validation.h"

namespace caddie {
namespace {

/// Returns the weights that a plugin claims.
std::vector<const WeightInfo*> claimed_by(const Experiment::Part& part, const Model& model) {
  std::vector<const WeightInfo*> claimed;
  for (int index : part.weights) claimed.push_back(&model.weights().info(index));
  return claimed;
}

/// Returns what a plugin is told that claims these weights.
Shapes shapes_for(std::span<const WeightInfo* const> claimed, const Experiment& experiment,
                  const DataSizes& sizes) {
  const Budget& budget = experiment.budget;
  return {experiment.model->shape(), claimed,           sizes.positions, sizes.documents, budget.steps,
          budget.seconds > 0,        sizes.start_token, sizes.shards};
}

/// Returns what is wrong with a plugin's settings; "" when nothing is.
std::string problem_of(const Experiment::Part& part, const Experiment& experiment, const DataSizes& sizes) {
  std::vector<const WeightInfo*> claimed = claimed_by(part, *experiment.model);
  try {
    part.technique.any()->validate(shapes_for(claimed, experiment, sizes));
  } catch (const std::exception& error) {
    return part.technique.plugin + ": " + error.what();
  }
  return "";
}

std::string problem_of(const Budget& budget) {
  if (budget.code_bytes < budget.artifact_bytes) return "";
  return message("code_bytes {} leaves nothing of artifact_bytes {} for the weights",
                 {with_commas(budget.code_bytes), with_commas(budget.artifact_bytes)});
}

std::string problem_of_layout(const ExportParts& parts) {
  if (!parts.layout || !parts.byte_layout.pack_bits) return "";
  return message("packed bits are in an order of their own; switch pack_bits or [export.layout] {} off",
                 {parts.layout->plugin});
}

/// Returns what is wrong with a size of batches that a plugin chooses. The size that the experiment sets is
/// checked when it is known how many ranks there are.
std::string problem_of_batches(const Experiment& experiment) {
  BatchSize set = experiment.data.batch();
  try {
    for (const BatchSize& size : experiment.only<Sampler>()->sizes(set))
      if (size != set) check_batch(size, experiment.train.accumulation, 1);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string problem_of_calibration(const Experiment& experiment, const DataSizes& sizes) {
  const ExportParts& parts = experiment.export_parts;
  if (!parts.wants_calibration()) return "";
  int64_t of_text = parts.reads_training_text() ? sizes.training_tokens : 0;
  try {
    calibration_length(parts.calibration, experiment.data.sequence_length, of_text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

DataSizes sizes_of(const DataSettings& data) {
  DataSizes sizes;
  if (!files_matching(data.train).empty()) {
    TokenStream stream(data.train);
    sizes.training_tokens = stream.size();
    for (size_t i = 0; i < stream.shards(); ++i) sizes.shards.push_back(int64_t(stream.tokens(i).size()));
  }
  if (!files_matching(data.validation).empty())
    sizes.positions = scored_positions(TokenStream(data.validation), data.sequence_length);
  return sizes;
}

std::optional<Problem> find_problem(const Experiment& experiment, const DataSizes& sizes) {
  if (std::string text = problem_of(experiment.budget); !text.empty()) return Problem{"budget", text};
  for (const Experiment::Part& part : experiment.parts)
    if (std::string text = problem_of(part, experiment, sizes); !text.empty())
      return Problem{part.path, text};
  if (std::string text = problem_of_layout(experiment.export_parts); !text.empty())
    return Problem{"export.pack_bits", text};
  if (std::string text = problem_of_batches(experiment); !text.empty())
    return Problem{std::string(slot_of(Kind::kSampler).path), text};
  if (std::string text = problem_of_calibration(experiment, sizes); !text.empty())
    return Problem{"export.calibration", text};
  return {};
}

std::vector<std::string> remarks_on(const Experiment& experiment, const DataSizes& sizes) {
  std::vector<std::string> remarks;
  for (const Experiment::Part& part : experiment.parts) {
    std::vector<const WeightInfo*> claimed = claimed_by(part, *experiment.model);
    std::string remark = part.technique.any()->remark(shapes_for(claimed, experiment, sizes));
    if (!remark.empty()) remarks.push_back(message("[{}] {}", {part.path, remark}));
    for (const std::string& pattern : part.technique.weights)
      if (select_weights(experiment.model->weights().infos(), {&pattern, 1}, part.path).empty())
        remarks.push_back(message("[{}] '{}' matches no weight of this model", {part.path, pattern}));
  }
  return remarks;
}

}  // namespace caddie
