// SPDX-License-Identifier: Apache-2.0
// What counts for which key: every declared setting, of the core and of plugins, and every plugin file is
// changed by itself, and exactly the stages from the declared one on must get new names.
#include "results/stage_keys.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "experiment/experiment.h"
#include "experiment/fit.h"
#include "results/provenance.h"
#include "support/every_slot.h"
#include "support/laboratory.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

constexpr Stage kStages[] = {Stage::kTrain,    Stage::kAverage,  Stage::kQuantize,
                             Stage::kCompress, Stage::kEvaluate, Stage::kReport};

/// The keys of a run in which each stage goes on from what the one before it made. Where a stage makes one
/// thing a plugin (averages, scores), `own` has the keys by the plugin's path.
struct Keys {
  std::map<Stage, std::string> of;
  std::map<std::string, std::string> own;
};

Keys keys_of(const Tree& tree, const Experiment& experiment, const Registry& registry) {
  StageKeys keys(tree, experiment, registry);
  Keys all;
  std::string training = all.of[Stage::kTrain] = keys.training();
  std::string& averages = all.of[Stage::kAverage] = training;
  for (const Experiment::Part& part : experiment.parts)
    if (part.slot->stage == Stage::kAverage)
      averages += all.own[part.path] = StageKeys::average(training, keys.observer(part.technique));
  std::string quantized = all.of[Stage::kQuantize] = keys.quantize(averages);
  std::string compressed = all.of[Stage::kCompress] = keys.compress(quantized);
  std::string& scores = all.of[Stage::kEvaluate];
  for (const Experiment::Part& part : experiment.parts)
    if (part.slot->stage == Stage::kEvaluate)
      scores += all.own[part.path] = keys.evaluate(training, compressed, part.technique);
  all.of[Stage::kReport] = run_key(tree, experiment, registry, {}).run;
  return all;
}

Keys keys_with(const std::vector<std::string>& changes, Registry& plugins = registry(),
               std::span<const Slot> table = slot_table()) {
  Tree tree = tree_with(changes);
  Experiment experiment = assemble(tree, plugins, Device::kCpu, table);
  return keys_of(tree, experiment, plugins);
}

/// Which keys differ, as digits of the stages: "3456" for all from quantization on.
std::string changed(const Keys& before, const Keys& after) {
  std::string stages;
  for (Stage stage : kStages)
    if (before.of.at(stage) != after.of.at(stage)) stages += fmt::format("{}", int(stage));
  return stages;
}

std::string all_from(Stage first) {
  std::string stages;
  for (Stage stage : kStages)
    if (first <= stage) stages += fmt::format("{}", int(stage));
  return stages;
}

/// Values to try in place of one that is written, the most likely to be right first.
std::vector<std::string> alternatives(const std::string& text) {
  if (text == "true") return {"false"};
  if (text == "false") return {"true"};
  if (text.front() == '[') return {"['*']", "['others']", "[1]", "[0.5]", "[2, 3]", "[]"};
  if (text.front() == '"') return {"'last 1'", "'other'"};
  double number = std::stod(text);
  std::vector<std::string> values;
  for (double other :
       {number + 1, number / 2, number * 2, number + 2, number - 1, 0.25, 0.5, 1.0, 0.0, 8.0, 1000.0})
    if (other != number && other >= 0) {
      if (other == std::floor(other)) values.push_back(fmt::format("{}", int64_t(other)));
      values.push_back(fmt::format("{:.6f}", other));
    }
  return values;
}

std::string unquoted(std::string text) {
  std::erase_if(text, [](char c) { return c == '\'' || c == '"'; });
  return text;
}

/// The words that settings list, by path.
struct WordSettings final : Settings {
  std::map<std::string, std::vector<std::string>> of;
  std::string table;
  void visit(const Setting& setting) override {
    for (const std::string& word : setting.range.words)
      of[join_path(table, setting.name)].push_back("'" + word + "'");
  }
};

/// The first change of a value that leaves the experiment right, and the keys after it.
std::optional<std::pair<std::string, Keys>> change(const Tree::Value& value, const WordSettings& words,
                                                   std::vector<std::string> changes) {
  std::vector<std::string> values = alternatives(value.text);
  if (auto listed = words.of.find(value.path); listed != words.of.end()) values = listed->second;
  changes.emplace_back();
  for (const std::string& other : values) {
    if (unquoted(other) == unquoted(value.text)) continue;
    changes.back() = value.path + "=" + other;
    try {
      return std::pair(changes.back(), keys_with(changes));
    } catch (const Error&) {
      continue;  // an odd head size, a conflict with another setting
    }
  }
  return std::nullopt;
}

/// From which stage on a value must count. A switch takes its whole table away.
Stage first_stage(const Tree::Value& value, const Experiment& experiment) {
  if (value.path.ends_with(".enabled"))
    for (const Experiment::Part& part : experiment.parts)
      if (value.path == join_path(part.path, "enabled")) return part.slot->stage;
  return value.stage;
}

/// Changes each value below `table` by itself and checks the keys. Returns the paths that nothing fits.
std::set<std::string> check_each(const std::vector<std::string>& changes, const std::string& table,
                                 int& checked) {
  Tree tree = tree_with(changes);
  Experiment experiment = assemble(tree, registry(), Device::kCpu);
  Keys before = keys_of(tree, experiment, registry());
  WordSettings words;
  for (const Experiment::Part& part : experiment.parts) {
    words.table = part.path;
    part.technique.object->settings(words);
  }
  words.table = "export.calibration";
  experiment.export_parts.calibration.settings(words);
  std::set<std::string> stuck;
  for (const Tree::Value& value : tree.values()) {
    if (!value.path.starts_with(table)) continue;
    auto changed_keys = change(value, words, changes);
    if (!changed_keys) {
      stuck.insert(value.path);
      continue;
    }
    INFO(changed_keys->first << ", declared for stage " << int(value.stage));
    CHECK(changed(before, changed_keys->second) == all_from(first_stage(value, experiment)));
    ++checked;
  }
  return stuck;
}

}  // namespace

TEST_CASE("each setting of the core counts from its declared stage on and for none before", "[keys]") {
  int checked = 0;
  std::set<std::string> stuck = check_each(kEverySlot, "", checked);
  CHECK(checked > 70);
  // What cannot be changed by itself: names of plugins and files, which count by their content, a switch
  // whose table would be missed, the widths that everything else hangs on, and what other parts of the
  // experiment would not go with.
  for (const std::string& path : stuck) {
    INFO(path);
    bool named = path.ends_with(".use") || path.starts_with("data.") || path.ends_with(".enabled") ||
                 path.ends_with(".weights") || path.ends_with(".headline") || path.ends_with(".evaluators") ||
                 path == "export.pack_bits" || path == "export.quantizers.gptq.clip";
    CHECK(named);
  }
  CHECK(changed(keys_with({}), keys_with({"export.pack_bits=true"})) == all_from(Stage::kQuantize));
}

TEST_CASE("each setting of each plugin counts from the stage of its slot on", "[keys]") {
  // Lists that must be as long as one another begin with one entry, so that each can be changed by itself.
  const std::map<std::string, std::vector<std::string>> kPlans = {
      {"lora_ttt", {"evaluators.lora_ttt.short_lengths=[5]", "evaluators.lora_ttt.short_chunks=[2]"}},
      {"sequence_length_schedule", {"data.sampler.lengths=[2]", "data.sampler.until=[0.9]"}},
      {"batch_size_schedule",
       {"data.sequence_length=1", "data.sampler.tokens=[2]", "data.sampler.until=[0.9]"}}};
  int checked = 0;
  for (const PluginFile& file : registry().files()) {
    const Slot& slot = slot_of(plugin_entry(file.name).kind);
    if (slot.path.empty()) continue;  // no experiment names it
    std::string table(slot.path);
    if (slot.count == Slot::Count::kMany) table = join_path(table, file.name);
    std::vector<std::string> changes = use_of(file.name);
    if (slot.kind == Kind::kEvaluator) changes.emplace_back("evaluators.standard.headline=true");
    auto plan = kPlans.find(file.name);
    if (plan != kPlans.end()) changes.insert(changes.end(), plan->second.begin(), plan->second.end());
    std::set<std::string> stuck;
    try {
      stuck = check_each(changes, table + ".", checked);
    } catch (const Misfit&) {
      continue;  // it needs another technique; what it declares is no different for that
    }
    for (const std::string& path : stuck) {
      INFO(path);
      CHECK((path.ends_with(".use") || path.ends_with(".enabled") || path.ends_with(".weights") ||
             path.ends_with(".headline") || path.ends_with(".evaluators")));
    }
  }
  CHECK(checked > 80);
}

TEST_CASE("each plugin file counts from the stage of its slot on", "[keys]") {
  TemporaryFolder folder;
  for (const PluginFile& file : registry().files())
    fs::create_symlink(file.path, folder.path() / file.path.filename());
  Registry linked({folder.path()});
  Keys before = keys_with(kEverySlot, linked);
  Tree tree = tree_with(kEverySlot);
  for (const Experiment::Part& part : assemble(tree, registry(), Device::kCpu).parts) {
    INFO(part.path << ", " << part.technique.plugin);
    fs::path file = folder.path() / (part.technique.plugin + ".so"), original = fs::canonical(file);
    fs::remove(file);
    fs::copy_file(original, file);
    std::ofstream(file, std::ios::app) << "another build";
    Registry rebuilt({folder.path()});
    Stage first = part.slot->stage;
    for (const Experiment::Part& other : assemble(tree, registry(), Device::kCpu).parts)
      if (other.technique.plugin == part.technique.plugin) first = std::min(first, other.slot->stage);
    CHECK(changed(before, keys_with(kEverySlot, rebuilt)) == all_from(first));
    fs::remove(file);
    fs::create_symlink(original, file);
  }
}

TEST_CASE("a technique that is switched off counts for nothing, and neither does what it would be",
          "[keys]") {
  Keys off = keys_with({"techniques.bigram_hash.enabled=false"});
  CHECK(changed(keys_with({}), off).empty());
  CHECK(changed(off, keys_with({"techniques.bigram_hash={enabled=false,buckets=64}"})).empty());
  CHECK(changed(off, keys_with({"techniques.bigram_hash.enabled=true"})) == all_from(Stage::kTrain));
}

TEST_CASE("a new slot counts for training without being listed anywhere", "[keys]") {
  std::vector<Slot> table(slot_table().begin(), slot_table().end());
  table.push_back({.kind = Kind::kSchedule, .name = "planted", .path = "data.planted"});
  auto keys = [&](const std::string& planted) {
    return keys_with({"data.planted=" + planted}, registry(), table);
  };
  Keys before = keys("{use='warmdown',warmdown_steps=5}");
  CHECK(changed(before, keys("{use='warmdown',warmdown_steps=6}")) == all_from(Stage::kTrain));
  CHECK(changed(before, keys("{use='constant'}")) == all_from(Stage::kTrain));
}

TEST_CASE("a new setting counts for training without being listed anywhere", "[keys]") {
  auto keys = [](int64_t window) {
    Tree tree = tree_with({"data.shuffle_window=" + std::to_string(window)});
    int64_t read = 0;
    tree.read("data", [&](Settings& s) { s("shuffle_window", read, "planted by a test"); });
    Experiment experiment = assemble(tree, registry(), Device::kCpu);
    CHECK(read == window);
    return keys_of(tree, experiment, registry());
  };
  CHECK(changed(keys(4), keys(5)) == all_from(Stage::kTrain));
}
