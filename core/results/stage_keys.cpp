// SPDX-License-Identifier: Apache-2.0
#include "results/stage_keys.h"

#include <caddie/error.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/hash.h"
#include "results/fingerprint.h"

namespace caddie {
namespace {

std::string named(std::string_view kind, std::string_view text) {
  return std::string(kind) + "-" + sha256(text).substr(0, 32);
}

bool is_below(std::string_view path, std::string_view table) {
  return path.size() > table.size() && path.starts_with(table) && path[table.size()] == '.';
}

// Settings of [train] that change what is seen of a training and never what is trained.
bool only_watching(std::string_view path) {
  constexpr std::string_view kWatching[] = {"train.validate_every", "train.checkpoint_seconds",
                                            "train.select_on_validation"};
  return std::find(std::begin(kWatching), std::end(kWatching), path) != std::end(kWatching) ||
         is_below(path, "train.averager") || is_below(path, "train.averagers");
}

bool matters_to_training(std::string_view path) {
  if (path == "budget.steps" || path == "budget.seconds" || path == "data.sequence_length" ||
      path == "data.batch_tokens")
    return true;
  for (const char* table : {"model", "techniques", "optimizers", "train"})
    if (is_below(path, table)) return !only_watching(path) && !path.ends_with(".allow_no_effect");
  return false;
}

bool is_view(const Technique& technique) { return technique.entry->kind == Kind::kView; }

}  // namespace

int64_t common_steps(const Course& a, const Course& b) {
  if (a.base != b.base) return 0;
  auto parting = std::mismatch(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end());
  return parting.first - a.steps.begin();
}

StageKeys::StageKeys(const Tree& tree, const Experiment& experiment, const Registry& registry,
                     const std::filesystem::path& initial_weights, int ranks)
    : experiment_(experiment), registry_(registry), ranks_(ranks), values_(tree.values()) {
  if (!initial_weights.empty()) initial_weights_ = file_hash(initial_weights);
  constexpr std::string_view kSwitch = ".enabled";
  for (const Tree::Value& value : values_)
    if (value.path.ends_with(kSwitch) && value.text == "false")
      disabled_.push_back(value.path.substr(0, value.path.size() - kSwitch.size()));
}

std::string StageKeys::seeded(std::string_view group, int64_t seed) {
  std::string_view kind = group.substr(0, group.find('-'));
  return named(kind, std::string(group) + " seed " + std::to_string(seed));
}

bool StageKeys::is_disabled(std::string_view path) const {
  return std::any_of(disabled_.begin(), disabled_.end(),
                     [&](const std::string& table) { return is_below(path, table); });
}

std::string StageKeys::plugin_text(const Technique& technique) const {
  for (const LoadedPlugin* plugin : registry_.opened())
    if (plugin->file.name == technique.plugin) return technique.plugin + " " + plugin->sha256 + "\n";
  fail("the plugin '{}' was not opened by the registry that the keys were given", technique.plugin);
}

std::string StageKeys::text_below(std::string_view path) const {
  std::string text;
  for (const Tree::Value& value : values_) {
    if (!is_below(value.path, path)) continue;
    std::string name = value.path.substr(path.size() + 1);
    bool changes_nothing =
        name == "use" || name == "enabled" || name == "headline" || name == "allow_no_effect";
    if (!changes_nothing) text += name + " = " + value.text + "\n";
  }
  return text;
}

std::string StageKeys::technique_text(const Experiment::Part& part) const {
  return plugin_text(*part.technique) + text_below(part.path);
}

std::string StageKeys::schedule_text() const {
  return plugin_text(experiment_.schedule) + text_below("train.schedule");
}

// All that acts on every step of a training in the same way.
std::string StageKeys::steady_text() const {
  const Experiment& e = experiment_;
  std::string text = "engine " + engine_hash() + "\ndevice " +
                     (e.model->weights().device() == Device::kCpu ? "cpu" : "cuda") + "\n";
  if (!initial_weights_.empty()) text += "weights " + initial_weights_ + "\n";
  if (ranks_ > 1) text += "ranks " + std::to_string(ranks_) + "\n";
  text += "data " + data_hash(e.data.train) + "\n";
  std::vector<Experiment::Part> parts = e.parts();
  auto belongs_to_view = [&](std::string_view path) {
    return std::any_of(parts.begin(), parts.end(), [&](const Experiment::Part& part) {
      return is_view(*part.technique) && is_below(path, part.path);
    });
  };
  for (const Tree::Value& value : values_)
    if (matters_to_training(value.path) && !is_below(value.path, "train.schedule") &&
        !is_disabled(value.path) && !belongs_to_view(value.path))
      text += value.path + " = " + value.text + "\n";
  for (const Experiment::Part& part : parts) {
    bool steady = is_below(part.path, "model") || is_below(part.path, "optimizers") ||
                  (is_below(part.path, "techniques") && !is_view(*part.technique));
    if (steady) text += part.path + " " + plugin_text(*part.technique);
  }
  // Averaging takes time, and then time is what decides.
  if (e.budget.seconds > 0) {
    if (e.averager) text += "averager " + observer(*e.averager) + "\n";
    for (const Technique& rider : e.riders) text += "averager " + observer(rider) + "\n";
  }
  return text;
}

std::string StageKeys::training_group() const {
  std::string text = steady_text() + schedule_text();
  for (const Experiment::Part& part : experiment_.parts())
    if (is_view(*part.technique)) text += part.path + " " + technique_text(part);
  return named("train", text);
}

Course StageKeys::course() const {
  const Experiment& e = experiment_;
  std::vector<const Technique*> views;
  std::vector<std::string> texts;
  for (const Experiment::Part& part : e.parts())
    if (is_view(*part.technique)) {
      views.push_back(part.technique);
      texts.push_back(part.path + " " + technique_text(part));
    }
  Course course;
  std::string base = steady_text();
  // Priming shows views a progress of its own.
  if (e.train.prime_steps > 0)
    for (const std::string& text : texts) base += text;
  course.base = named("base", base);
  if (e.budget.seconds > 0) return course;
  std::map<std::vector<bool>, uint64_t> hashes = {{std::vector<bool>(views.size()), 0}};
  Progress progress;
  for (progress.steps = e.budget.steps; progress.step < progress.steps; ++progress.step) {
    progress.scale = e.schedule.as<Schedule>().scale(progress);
    std::vector<bool> acting;
    for (const Technique* view : views) acting.push_back(view->object->acts(progress));
    auto [hash, is_new] = hashes.try_emplace(acting, 0);
    if (is_new) {
      std::string text;
      for (size_t i = 0; i < views.size(); ++i)
        if (acting[i]) text += texts[i];
      hash->second = std::stoull(xxh3(text).substr(0, 16), nullptr, 16);
    }
    course.steps.push_back({progress.scale, hash->second});
  }
  return course;
}

std::string StageKeys::prefix_group(const Course& course, int64_t steps) {
  std::string text = course.base;
  for (int64_t i = 0; i < steps; ++i) {
    const Course::Step& step = course.steps.at(size_t(i));
    char bytes[sizeof step.scale + sizeof step.acting];
    std::memcpy(bytes, &step.scale, sizeof step.scale);
    std::memcpy(bytes + sizeof step.scale, &step.acting, sizeof step.acting);
    text.append(bytes, sizeof bytes);
  }
  return named("prefix", text);
}

std::string StageKeys::observer(const Technique& technique) const {
  for (const Experiment::Part& part : experiment_.parts())
    if (part.technique == &technique) return sha256(technique_text(part)).substr(0, 16);
  fail("'{}' is no part of the experiment that the keys were given", technique.label);
}

std::string StageKeys::average(const std::string& training, const std::string& observer) {
  return named("average", training + " " + observer);
}

std::string StageKeys::quantize(const std::string& weights) const {
  std::string text = "weights " + weights + "\n";
  auto concerns = [](std::string_view path) {
    return is_below(path, "export") && path != "export.compressor" && !is_below(path, "export.compressor") &&
           !is_below(path, "export.trimmers");
  };
  for (const Tree::Value& value : values_)
    if (concerns(value.path) && !is_disabled(value.path)) text += value.path + " = " + value.text + "\n";
  for (const Experiment::Part& part : experiment_.parts())
    if (concerns(part.path)) text += part.path + " " + plugin_text(*part.technique);
  return named("quantize", text);
}

std::string StageKeys::compress(const std::string& quantized) const {
  std::string text = "quantized " + quantized + "\n";
  if (!experiment_.export_parts.trimmers.empty())  // they work towards the budget of bytes
    text += message("{} {}\n", {experiment_.budget.artifact_bytes, experiment_.budget.code_bytes});
  for (const Experiment::Part& part : experiment_.parts())
    if (is_below(part.path, "export.trimmers") || part.path == "export.compressor")
      text += part.path + " " + technique_text(part);
  return named("compress", text);
}

std::string StageKeys::evaluate(const std::string& training, const std::string& weights,
                                const Technique& evaluator) const {
  return named("evaluate", "model " + training + "\nweights " + weights + "\nevaluator " +
                               observer(evaluator) + "\nvalidation " +
                               data_hash(experiment_.data.validation) + "\ntokenizer " +
                               file_hash(experiment_.data.tokenizer) + "\n");
}

}  // namespace caddie
