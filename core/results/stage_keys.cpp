// SPDX-License-Identifier: Apache-2.0
// A key hashes lines of text: the settings of the stage, the plugins of its parts, and what it starts from.
#include "results/stage_keys.h"

#include <caddie/error.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/hash.h"
#include "config/path.h"
#include "results/fingerprint.h"

namespace caddie {
namespace {

/// Returns "<kind>-<hash of the text>".
std::string named(std::string_view kind, std::string_view text) {
  return std::string(kind) + "-" + sha256(text).substr(0, 32);
}

}  // namespace

int64_t common_steps(const ScheduleSignature& a, const ScheduleSignature& b) {
  if (a.base != b.base) return 0;
  auto difference = std::mismatch(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end());
  return difference.first - a.steps.begin();
}

StageKeys::StageKeys(const Tree& tree, const Experiment& experiment, const Registry& registry,
                     const std::filesystem::path& initial_weights, int ranks)
    : experiment_(experiment), registry_(registry), ranks_(ranks) {
  if (!initial_weights.empty()) initial_weights_ = file_hash(initial_weights);
  values_.reserve(tree.values().size());
  for (const Tree::Value& value : tree.values()) {
    const Experiment::Part* owner = nullptr;
    for (const Experiment::Part& part : experiment.parts)
      if (is_below(value.path, part.path)) owner = &part;
    values_.push_back({value, owner});
  }
}

std::string StageKeys::seeded(std::string_view group, int64_t seed) {
  std::string_view kind = group.substr(0, group.find('-'));
  return named(kind, std::string(group) + " seed " + std::to_string(seed));
}

std::string StageKeys::plugin_text(const Experiment::Part& part) const {
  const std::string& name = part.technique.plugin;
  for (const LoadedPlugin* plugin : registry_.opened())
    if (plugin->file.name == name) return name + " " + plugin->sha256 + "\n";
  fail("the plugin '{}' was not opened by the registry that the keys were given", name);
}

std::string StageKeys::part_text(const Experiment::Part& part) const {
  std::string text = plugin_text(part);
  for (const OwnedValue& value : values_)
    if (value.owner == &part && value.stage == part.slot->stage)
      text += value.path.substr(part.path.size() + 1) + " = " + value.text + "\n";
  return text;
}

std::string StageKeys::core_text(Stage stage) const {
  std::string text;
  for (const OwnedValue& value : values_)
    if (!value.owner && value.stage == stage) text += value.path + " = " + value.text + "\n";
  return text;
}

std::string StageKeys::stage_text(Stage stage) const {
  std::string text = core_text(stage);
  for (const Experiment::Part& part : experiment_.parts)
    if (part.slot->stage == stage) text += part.path + " " + part_text(part);
  return text;
}

std::string StageKeys::text_of(Slot::Divergence divergence) const {
  std::string text;
  for (const Experiment::Part& part : experiment_.parts)
    if (part.slot->stage == Stage::kTrain && part.slot->divergence == divergence)
      text += part.path + " " + part_text(part);
  return text;
}

std::string StageKeys::steady_text() const {
  const Experiment& e = experiment_;
  std::string text = "engine " + engine_hash() + "\ndevice " +
                     (e.model->weights().device() == Device::kCpu ? "cpu" : "cuda") + "\n";
  if (!initial_weights_.empty()) text += "weights " + initial_weights_ + "\n";
  if (ranks_ > 1) text += "ranks " + std::to_string(ranks_) + "\n";
  text += "data " + data_hash(e.data.train) + "\n";
  text += core_text(Stage::kTrain) + text_of(Slot::Divergence::kFromStart);
  // Averaging takes time, which decides the number of steps under a wall-clock budget.
  if (e.budget.seconds > 0)
    for (const Experiment::Part& part : e.parts)
      if (part.slot->stage == Stage::kAverage) text += "averager " + observer(part.technique) + "\n";
  return text;
}

// Layers that are to run twice, say, may have weights that wait for that.
std::string StageKeys::layout_text() const {
  const ModelShape& shape = experiment_.model->shape();
  std::string text;
  if (shape.executions != shape.matrices || shape.layers != shape.matrices)
    text = message("layers {} executions {}\n", {shape.layers, shape.executions});
  for (const Experiment::Part& part : experiment_.parts) {
    if (part.slot->divergence != Slot::Divergence::kByActing) continue;
    for (const WeightInfo& info : experiment_.model->weights().infos())
      if (info.owner == part.technique.label) text += message("{} {}\n", {info.name, info.shape});
  }
  return text;
}

std::string StageKeys::training_group() const {
  return named("train",
               steady_text() + text_of(Slot::Divergence::kByScale) + text_of(Slot::Divergence::kByActing));
}

ScheduleSignature StageKeys::schedule_signature() const {
  const Experiment& e = experiment_;
  std::vector<const Technique*> views;
  std::vector<std::string> texts;
  for (const Experiment::Part& part : e.parts)
    if (part.slot->divergence == Slot::Divergence::kByActing) {
      views.push_back(&part.technique);
      texts.push_back(part.path + " " + part_text(part));
    }
  ScheduleSignature signature;
  std::string base = steady_text() + layout_text();
  // The discarded warm-up has a progress of its own, by which any view may act in it.
  if (e.train.discarded_warmup_steps > 0)
    for (const std::string& text : texts) base += text;
  signature.base = named("base", base);
  if (e.budget.seconds > 0) return signature;
  std::map<std::vector<bool>, uint64_t> hashes = {{std::vector<bool>(views.size()), 0}};
  Progress progress;
  for (progress.steps = e.budget.steps; progress.step < progress.steps; ++progress.step) {
    progress.lr_scale = e.only<Schedule>()->scale(progress);
    std::vector<bool> acting;
    for (const Technique* view : views) acting.push_back(view->any()->acts(progress));
    auto [hash, is_new] = hashes.try_emplace(acting, 0);
    if (is_new) {
      std::string text;
      for (size_t i = 0; i < views.size(); ++i)
        if (acting[i]) text += texts[i];
      hash->second = std::stoull(xxh3(text).substr(0, 16), nullptr, 16);
    }
    signature.steps.push_back({progress.lr_scale, hash->second});
  }
  return signature;
}

std::string StageKeys::prefix_group(const ScheduleSignature& signature, int64_t steps) {
  std::string text = signature.base;
  for (int64_t i = 0; i < steps; ++i) {
    const ScheduleSignature::Step& step = signature.steps.at(size_t(i));
    char bytes[sizeof step.lr_scale + sizeof step.acting];
    std::memcpy(bytes, &step.lr_scale, sizeof step.lr_scale);
    std::memcpy(bytes + sizeof step.lr_scale, &step.acting, sizeof step.acting);
    text.append(bytes, sizeof bytes);
  }
  return named("prefix", text);
}

std::string StageKeys::blends_text(const Technique& evaluator) const {
  std::string text;
  for (const RoutedEvaluator& routed : experiment_.evaluators)
    if (routed.technique.object == evaluator.object)
      for (const Technique& blend : routed.blends)
        for (const Experiment::Part& part : experiment_.parts)
          if (part.technique.object == blend.object) text += part.path + " " + part_text(part);
  return text;
}

std::string StageKeys::observer(const Technique& technique) const {
  for (const Experiment::Part& part : experiment_.parts)
    if (part.technique.object == technique.object)
      return sha256(part_text(part) + blends_text(technique) + core_text(part.slot->stage)).substr(0, 16);
  fail("'{}' is no part of the experiment that the keys were given", technique.label);
}

std::string StageKeys::average(const std::string& training, const std::string& observer) {
  return named("average", training + " " + observer);
}

std::string StageKeys::quantize(const std::string& weights) const {
  return named("quantize", "weights " + weights + "\n" + stage_text(Stage::kQuantize));
}

std::string StageKeys::compress(const std::string& quantized) const {
  return named("compress", "quantized " + quantized + "\n" + stage_text(Stage::kCompress));
}

std::string StageKeys::evaluate(const std::string& training, const std::string& weights,
                                const Technique& evaluator) const {
  return named("evaluate", "model " + training + "\nweights " + weights + "\nevaluator " +
                               observer(evaluator) + "\nvalidation " +
                               data_hash(experiment_.data.validation) + "\ntokenizer " +
                               file_hash(experiment_.data.tokenizer) + "\n");
}

}  // namespace caddie
