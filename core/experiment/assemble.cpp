// SPDX-License-Identifier: Apache-2.0
// Reads an experiment section by section. Plugins are opened as they are named, so that their settings are
// part of what is checked.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/exit_code.h"
#include "base/text.h"
#include "experiment/experiment.h"
#include "experiment/fit.h"
#include "experiment/plugin_folders.h"
#include "experiment/validate.h"

namespace caddie {
namespace {

/// Builds one experiment from its tree, step by step.
class Assembler {
 public:
  Assembler(Tree& tree, Registry& registry, Device device, std::span<const Slot> table)
      : tree_(tree), registry_(registry), device_(device), table_(table) {
    experiment_.slots = table;
  }

  Experiment run();
  Experiment watchers();

 private:
  using Part = Experiment::Part;

  void check_kind_of_file() const;
  void read_parts(const std::function<bool(const Slot&)>& wanted);
  void read_tables(std::string_view path, const std::function<bool(const Slot&)>& wanted);
  void read_part(const std::string& path, std::string_view section, const std::string& label);
  const Slot& slot_at(const std::string& path, std::string_view section, const std::string& label);
  void at_setting(const std::string& path, const std::function<void()>& action) const;
  void make_model();
  void claim_weights();
  void hand_out();
  void add_blend(const Part& blend);
  void check_headline() const;
  void check_warmup_keeps() const;
  std::string of_implied_plugin(const std::string& table, const std::string& name) const;

  /// Returns the plugins of a kind; with `many`, only those of slots that take any number (true) or not
  /// (false).
  std::vector<const Part*> parts_of(Kind kind, std::optional<bool> many = std::nullopt) const;
  std::vector<Technique> techniques_of(Kind kind, std::optional<bool> many = std::nullopt) const;
  std::vector<Routed> routed(Kind kind) const;

  Tree& tree_;
  Registry& registry_;
  Device device_;
  std::span<const Slot> table_;
  std::map<std::string, std::string> used_;  // the plugin that each table names, or is called like
  Experiment experiment_;
};

/// Collects the names of the settings that a plugin declares.
struct NamesOfSettings final : Settings {
  std::set<std::string> all;
  std::string twice;  // a name that was declared again
  void visit(const Setting& setting) override {
    if (!all.insert(setting.name).second) twice = setting.name;
  }
};

/// Says why a plugin could not do what its author means: it hooks into no site, or has a setting that nobody
/// can set; "" where it could.
std::string fault_of(const Technique& technique) {
  if (technique.entry->kind == Kind::kModifier && technique.entry->sites == 0)
    return message(
        "plugin '{}' overrides none of a modifier's sites, so it can change nothing; a hook has the name and "
        "the "
        "signature of the one in caddie/slots.h",
        {technique.plugin});
  NamesOfSettings names;
  technique.any()->settings(names);
  if (!names.twice.empty())
    return message("plugin '{}' declares the setting '{}' twice", {technique.plugin, names.twice});
  static const std::vector<std::string> kOwn = slot_setting_names();
  for (const std::string& own : kOwn)
    if (names.all.contains(own))
      return message(
          "plugin '{}' declares a setting '{}', which is the core's in every plugin's table; call it "
          "otherwise",
          {technique.plugin, own});
  return "";
}

/// Returns the path of what names the plugin of a table: its `use` where that is written, or the table.
std::string naming_path(const Tree& tree, const std::string& path) {
  std::string use = join_path(path, "use");
  return tree.has(use) ? use : path;
}

/// Returns a table and where its plugin is named, for messages.
std::string place(const Tree& tree, const std::string& path) {
  return "[" + path + "] (" + tree.origin(naming_path(tree, path)).text() + ")";
}

/// Reads the plugins below each path of the slot table, in its order. Slots that share a path are read
/// together.
void Assembler::read_parts(const std::function<bool(const Slot&)>& wanted) {
  std::set<std::string_view> done;
  for (const Slot& slot : table_)
    if (wanted(slot) && done.insert(slot.path).second) read_tables(slot.path, wanted);
  std::stable_sort(experiment_.parts.begin(), experiment_.parts.end(),
                   [](const Part& a, const Part& b) { return a.slot < b.slot; });
}

void Assembler::read_tables(std::string_view path, const std::function<bool(const Slot&)>& wanted) {
  auto slot =
      std::find_if(table_.begin(), table_.end(), [&](const Slot& s) { return s.path == path && wanted(s); });
  if (slot->count == Slot::Count::kMany) {
    for (const std::string& label : tree_.children(path)) read_part(join_path(path, label), path, label);
  } else if (slot->count == Slot::Count::kOne || tree_.has(path)) {
    read_part(std::string(path), path, "");
  }
}

/// Returns the slot that the plugin named in a table fills; `label` is that of a table among many, and else
/// empty. Throws Error when no plugin is named or its kind fits none of the slots.
const Slot& Assembler::slot_at(const std::string& path, std::string_view section, const std::string& label) {
  std::string plugin = label;
  std::vector<Kind> wanted;
  std::vector<std::string> kinds;  // their names
  for (const Slot& slot : table_) {
    if (slot.path != section) continue;
    wanted.push_back(slot.kind);
    kinds.emplace_back(name_of(slot.kind));
    if (plugin.empty()) plugin = slot.preset;
  }
  tree_.read(path, [&](Settings& s) { s("use", plugin, "plugin"); });
  if (plugin.empty())
    tree_.fail_at(path,
                  message("[{}] names no plugin; write use = \"...\" with the name of a plugin of kind {}",
                          {path, join(kinds, " or ")}));
  Kind kind = registry_.open(plugin, place(tree_, path), wanted).entry->kind;
  for (const Slot& slot : table_)
    if (slot.path == section && slot.kind == kind) return slot;
  tree_.fail_at(naming_path(tree_, path), message("plugin '{}' is of kind {}; [{}] wants one of kind {}",
                                                  {plugin, name_of(kind), section, join(kinds, " or ")}));
}

void Assembler::read_part(const std::string& path, std::string_view section, const std::string& label) {
  const Slot& slot = slot_at(path, section, label);
  SlotSettings own;
  own.use = label;
  tree_.read(path, [&](Settings& s) { own.settings(s, slot); });
  Part part{&slot, path, {}, own.headline, own.evaluators};
  Technique& technique = part.technique;
  used_[path] = own.use;
  technique.plugin = own.use;
  technique.label = label.empty() ? own.use : label;
  technique.stage = slot.stage;
  technique.layers = own.layers;
  technique.weights = own.weights;
  technique.allow_no_effect = own.allow_no_effect;
  technique.entry = registry_.open(own.use, place(tree_, path)).entry;
  technique.object = make_object(own.use, *technique.entry);
  if (std::string fault = fault_of(technique); !fault.empty())
    throw Error(place(tree_, path) + ": " + fault, kPluginRefused);
  Stage first = own.enabled ? slot.stage : Stage::kNothing;
  tree_.read(
      path, [&](Settings& s) { technique.any()->settings(s); }, first);
  if (own.enabled) {
    experiment_.parts.push_back(std::move(part));
    return;
  }
  tree_.read(
      path, [&](Settings& s) { own.settings(s, slot); }, Stage::kNothing);
  experiment_.disabled.push_back(technique.label);
}

std::vector<const Experiment::Part*> Assembler::parts_of(Kind kind, std::optional<bool> many) const {
  std::vector<const Part*> found;
  for (const Part& part : experiment_.parts)
    if (part.slot->kind == kind && (!many || *many == (part.slot->count == Slot::Count::kMany)))
      found.push_back(&part);
  return found;
}

std::vector<Technique> Assembler::techniques_of(Kind kind, std::optional<bool> many) const {
  std::vector<Technique> found;
  for (const Part* part : parts_of(kind, many)) found.push_back(part->technique);
  return found;
}

std::vector<Routed> Assembler::routed(Kind kind) const {
  std::vector<Routed> found;
  for (const Part* part : parts_of(kind)) found.push_back({part->technique, part->weights});
  return found;
}

/// Does something with a setting. What it throws is told with the place of the setting in its file.
void Assembler::at_setting(const std::string& path, const std::function<void()>& action) const {
  try {
    action();
  } catch (const Error& error) {
    tree_.fail_at(path, error.what());
  }
}

void Assembler::make_model() {
  ModelParts parts;
  for (const Part& part : experiment_.parts) {
    if (part.slot->by_layer)
      at_setting(join_path(part.path, "layers"),
                 [&] { part.technique.layers.resolve(experiment_.model_settings.layers); });
    if (is_in_model(*part.slot)) parts.add(part.slot->kind, part.technique);
  }
  experiment_.model = std::make_unique<Model>(
      experiment_.model_settings, int(experiment_.data.sequence_length), std::move(parts), device_);
  experiment_.model->draw_by(uint64_t(experiment_.seed));
}

void Assembler::claim_weights() {
  std::span<const WeightInfo> infos = experiment_.model->weights().infos();
  for (const Slot& slot : table_) {
    if (slot.claims == Slot::Claims::kNone) continue;
    bool exports = slot.stage >= Stage::kQuantize;
    std::vector<Claim> claims;
    for (Part& part : experiment_.parts) {
      if (part.slot != &slot) continue;
      std::string owner = "[" + part.path + "]";
      at_setting(join_path(part.path, "weights"),
                 [&] { part.weights = select_weights(infos, part.technique.weights, owner); });
      if (exports) std::erase_if(part.weights, [&](int i) { return infos[size_t(i)].training_only; });
      claims.push_back({owner, part.weights});
    }
    if (slot.claims == Slot::Claims::kEach)
      check_claimed_once(infos, claims, slot.name, exports ? Claimable::kExported : Claimable::kAll);
  }
}

/// Hands the plugins to the rooms that use them: train, export and evaluate.
void Assembler::hand_out() {
  Experiment& e = experiment_;
  e.optimizers = routed(Kind::kOptimizer);
  e.rate_factors = routed(Kind::kRateFactor);
  for (const Technique& technique : techniques_of(Kind::kAverager, false)) e.averager = technique;
  e.extra_averagers = techniques_of(Kind::kAverager, true);
  e.export_parts.pruners = routed(Kind::kPruner);
  e.export_parts.allocators = routed(Kind::kAllocator);
  e.export_parts.quantizers = routed(Kind::kQuantizer);
  e.export_parts.correctors = routed(Kind::kCorrector);
  e.export_parts.trimmers = routed(Kind::kTrimmer);
  for (const Technique& technique : techniques_of(Kind::kLayout)) e.export_parts.layout = technique;
  for (const Technique& technique : techniques_of(Kind::kCompressor)) e.export_parts.compressor = technique;
  for (const Part* part : parts_of(Kind::kEvaluator))
    e.evaluators.push_back({part->technique, part->headline});
  if (e.evaluators.size() == 1) e.evaluators[0].headline = true;
  for (const Part* blend : parts_of(Kind::kBlend)) add_blend(*blend);
}

/// Gives a blend to the evaluators that it names, or to all where it names none.
void Assembler::add_blend(const Part& blend) {
  std::set<std::string> unknown(blend.evaluators.begin(), blend.evaluators.end());
  for (RoutedEvaluator& evaluator : experiment_.evaluators)
    if (blend.evaluators.empty() || unknown.erase(evaluator.technique.label) > 0)
      evaluator.blends.push_back(blend.technique);
  for (const std::string& label : experiment_.disabled) unknown.erase(label);
  if (!unknown.empty())
    tree_.fail_at(join_path(blend.path, "evaluators"),
                  message("no evaluator of the experiment is called '{}'; name some of [{}], or none for all",
                          {*unknown.begin(), slot_of(Kind::kEvaluator).path}));
}

void Assembler::check_headline() const {
  const std::vector<RoutedEvaluator>& all = experiment_.evaluators;
  auto headlines = std::count_if(all.begin(), all.end(), [](auto& evaluator) { return evaluator.headline; });
  if (headlines != 1)
    tree_.fail_at(slot_of(Kind::kEvaluator).path,
                  message("{} of {} evaluators say headline = true; exactly one must",
                          {int(headlines), int(all.size())}));
}

void Assembler::check_warmup_keeps() const {
  for (const std::string& label : experiment_.train.discarded_warmup_keeps)
    if (std::none_of(experiment_.optimizers.begin(), experiment_.optimizers.end(),
                     [&](const Routed& optimizer) { return optimizer.technique.label == label; }))
      tree_.fail_at("train.discarded_warmup_keeps", message("there is no optimizer called '{}'", {label}));
}

/// Explains a setting that nothing read in the table of a plugin, when it is one of the plugin that the table
/// is called like and `use` does not name.
std::string Assembler::of_implied_plugin(const std::string& table, const std::string& name) const {
  auto other = used_.find(table);
  if (other == used_.end()) return "";
  std::string label = split_path(table).back();
  if (other->second == label || !registry_.has(label)) return "";
  std::unique_ptr<Plugin> implied = make_object(label, *registry_.open(label, "[" + table + "]").entry);
  NamesOfSettings names;
  implied->settings(names);
  if (!names.all.contains(name)) return "";
  return message(
      "; it is a setting of {}, which the table is called like, and use names {}: take it away with "
      "-S '~{}'",
      {label, other->second, join_path(table, name)});
}

/// Throws Error when the file is a sweep, before each part of an experiment that it lacks becomes an error.
void Assembler::check_kind_of_file() const {
  if (tree_.has("base") && !tree_.has("model"))
    tree_.fail_at("base", "this is a sweep, no experiment: caddie sweep runs it, caddie plan shows its arms");
}

Experiment Assembler::run() {
  Experiment& e = experiment_;
  check_kind_of_file();
  tree_.read("", [&](Settings& s) {
    s("title", e.title, "one line for people", any(), Stage::kNothing);
    s("seed", e.seed, "seed of the initial weights and of everything else that is drawn", at_least(0),
      Stage::kSeed);
  });
  add_plugin_folders(tree_, registry_);
  tree_.read("budget", [&](Settings& s) { e.budget.settings(s); });
  tree_.read("data", [&](Settings& s) { e.data.settings(s); });
  tree_.read("train", [&](Settings& s) { e.train.settings(s); });
  tree_.read("model", [&](Settings& s) { e.model_settings.settings(s); });
  read_parts([](const Slot&) { return true; });
  make_model();
  claim_weights();
  hand_out();
  ExportParts& parts = e.export_parts;
  tree_.read(
      "export", [&](Settings& s) { parts.byte_layout.settings(s); }, Stage::kQuantize);
  if (parts.wants_calibration() || tree_.has("export.calibration"))
    tree_.read(
        "export.calibration", [&](Settings& s) { parts.calibration.settings(s); }, Stage::kQuantize);
  check_headline();
  check_warmup_keeps();
  tree_.check_all_read(
      [this](const std::string& table, const std::string& name) { return of_implied_plugin(table, name); });
  check_fit(e);
  if (std::optional<Problem> problem = find_problem(e, sizes_of(e.data)))
    tree_.fail_about(problem->path, problem->text);
  return std::move(experiment_);
}

Experiment Assembler::watchers() {
  Experiment& e = experiment_;
  add_plugin_folders(tree_, registry_);
  tree_.read("data", [&](Settings& s) { e.data.settings(s); });
  tree_.read("train", [&](Settings& s) { e.train.settings(s); });
  read_parts(
      [](const Slot& slot) { return slot.stage == Stage::kAverage || slot.stage == Stage::kEvaluate; });
  hand_out();
  return std::move(experiment_);
}

}  // namespace

void DataSettings::settings(Settings& s) {
  // These name files, which count by their content, wherever they lie.
  s("train", train, "pattern of the training shards, relative to the working folder", any(), Stage::kNothing);
  s("validation", validation, "pattern of the validation shards", any(), Stage::kNothing);
  s("tokenizer", tokenizer, "SentencePiece model that made the shards", any(), Stage::kNothing);
  s("sequence_length", sequence_length, "tokens of a training sequence", between(1, 1 << 20));
  s("batch_tokens", batch_tokens, "tokens of an optimizer step, all ranks together", at_least(1));
}

const Technique& Experiment::only(Kind kind) const {
  for (const Part& part : parts)
    if (part.slot->kind == kind) return part.technique;
  fail("the experiment has no plugin of kind {}", name_of(kind));
}

const RoutedEvaluator& Experiment::headline() const {
  for (const RoutedEvaluator& evaluator : evaluators)
    if (evaluator.headline) return evaluator;
  fail("the experiment has no headline evaluator");
}

const RoutedEvaluator& Experiment::stage_evaluator() const {
  for (const RoutedEvaluator& evaluator : evaluators)
    if (!evaluator.headline) return evaluator;
  return headline();
}

Experiment assemble_watchers(Tree& tree, Registry& registry) {
  return Assembler(tree, registry, Device::kCpu, slot_table()).watchers();
}

Experiment assemble(Tree& tree, Registry& registry, Device device, std::span<const Slot> table) {
  return Assembler(tree, registry, device, table).run();
}

Experiment load_experiment(const std::filesystem::path& file, std::span<const std::string> overrides,
                           Registry& registry, Device device) {
  Tree tree = Tree::load(file, overrides);
  return assemble(tree, registry, device);
}

}  // namespace caddie
