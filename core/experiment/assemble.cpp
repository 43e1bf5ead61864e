// SPDX-License-Identifier: Apache-2.0
// Reads an experiment section by section. Plugins are opened as they are named, so that their settings are
// part of what is checked.
#include <algorithm>

#include "base/text.h"
#include "experiment/experiment.h"
#include "experiment/fit.h"

namespace caddie {
namespace {

class Assembler {
 public:
  Assembler(Tree& tree, Registry& registry, Device device)
      : tree_(tree), registry_(registry), device_(device) {}

  Experiment run();
  Experiment watchers();

 private:
  // A table that must name its plugin: there is exactly one of these in an experiment.
  Technique slot(const std::string& path, Kind kind);
  // A table among many: its plugin is `use`, or its own name. Empty when it is switched off.
  std::optional<Technique> named(const std::string& path, const std::string& label, bool claims);
  void read_settings(const std::string& path, Technique& technique);
  void read_techniques(ModelParts& parts);
  // Techniques with the weights that they claim; `what` names them where each weight must have exactly one.
  std::vector<Routed> read_claimants(const std::string& section, Kind kind, std::string_view what = {});
  void read_export();
  void read_evaluators();
  void read_riders();
  void check_prime_keeps();

  Tree& tree_;
  Registry& registry_;
  Device device_;
  Experiment experiment_;
};

std::string where(const Tree& tree, const std::string& path) {
  std::string place = tree.origin(path).text();
  return "[" + path + "] (" + place + ")";
}

void Assembler::read_settings(const std::string& path, Technique& technique) {
  tree_.read(path, [&](Settings& s) { technique.object->settings(s); });
}

Technique Assembler::slot(const std::string& path, Kind kind) {
  Technique technique;
  std::string use;
  tree_.read(path, [&](Settings& s) { s("use", use, "plugin that fills this slot"); });
  if (use.empty())
    tree_.fail_at(path,
                  message("[{}] names no plugin; write use = \"...\" with the name of a plugin of kind {}",
                          {path, name_of(kind)}));
  technique.label = technique.plugin = use;
  technique.object = registry_.make(use, kind, where(tree_, path));
  technique.entry = registry_.open(use, path).entry;
  read_settings(path, technique);
  return technique;
}

std::optional<Technique> Assembler::named(const std::string& path, const std::string& label, bool claims) {
  Technique technique;
  bool enabled = true;
  technique.label = technique.plugin = label;
  tree_.read(path, [&](Settings& s) {
    s("enabled", enabled, "false switches the technique off");
    s("use", technique.plugin, "plugin; by default the one that is called like this table");
    if (claims) s("weights", technique.weights, "what it acts on: \"role:matrix\" or patterns of names");
  });
  technique.entry = registry_.open(technique.plugin, where(tree_, path)).entry;
  technique.object.reset(technique.entry->make());
  if (technique.entry->kind == Kind::kModifier)
    tree_.read(path, [&](Settings& s) { s("layers", technique.layers, "layers where it acts"); });
  read_settings(path, technique);
  if (!enabled) return std::nullopt;
  return technique;
}

void Assembler::read_techniques(ModelParts& parts) {
  for (const std::string& label : tree_.children("techniques")) {
    std::string path = "techniques." + label;
    std::string plugin = label;
    tree_.read(path, [&](Settings& s) { s("use", plugin, "plugin"); });
    bool view = registry_.open(plugin, where(tree_, path)).entry->kind == Kind::kView;
    std::optional<Technique> technique = named(path, label, view);
    bool allow_no_effect = false;
    tree_.read(path, [&](Settings& s) {
      s("allow_no_effect", allow_no_effect,
        "true where it is known to change nothing; else that is an error");
    });
    if (technique) technique->allow_no_effect = allow_no_effect;
    if (!technique) {
      experiment_.disabled.push_back(label);
      continue;
    }
    switch (technique->entry->kind) {
      case Kind::kEmbedding:
        parts.embeddings.push_back(std::move(*technique));
        break;
      case Kind::kModifier:
        parts.modifiers.push_back(std::move(*technique));
        break;
      case Kind::kView:
        parts.views.push_back(std::move(*technique));
        break;
      default:
        tree_.fail_at(path,
                      message("plugin '{}' is of kind {}; [techniques] holds embeddings, modifiers and views",
                              {technique->plugin, name_of(technique->entry->kind)}));
    }
  }
}

std::vector<Routed> Assembler::read_claimants(const std::string& section, Kind kind, std::string_view what) {
  std::vector<Routed> claimants;
  std::vector<Claim> claims;
  std::span<const WeightInfo> infos = experiment_.model->weights().infos();
  for (const std::string& label : tree_.children(section)) {
    std::string path = section + "." + label;
    std::optional<Technique> technique = named(path, label, true);
    if (!technique) continue;
    if (technique->entry->kind != kind)
      tree_.fail_at(path,
                    message("plugin '{}' is of kind {}; [{}] holds those of kind {}",
                            {technique->plugin, name_of(technique->entry->kind), section, name_of(kind)}));
    std::vector<int> weights = select_weights(infos, technique->weights, "[" + path + "]");
    claims.push_back({"[" + path + "]", weights});
    claimants.push_back({std::move(*technique), std::move(weights)});
  }
  if (!what.empty()) check_claimed_once(infos, claims, what);
  return claimants;
}

void Assembler::read_export() {
  ExportParts& parts = experiment_.export_parts;
  tree_.read("export", [&](Settings& s) { parts.layout.settings(s); });
  parts.pruners = read_claimants("export.pruners", Kind::kPruner);
  parts.quantizers = read_claimants("export.quantizers", Kind::kQuantizer, "quantizer");
  if (parts.wants_calibration() || tree_.has("export.calibration"))
    tree_.read("export.calibration", [&](Settings& s) { parts.calibration.settings(s); });
  parts.trimmers = read_claimants("export.trimmers", Kind::kTrimmer);
  parts.compressor = slot("export.compressor", Kind::kCompressor);
}

void Assembler::read_evaluators() {
  for (const std::string& label : tree_.children("evaluators")) {
    std::string path = "evaluators." + label;
    RoutedEvaluator evaluator;
    tree_.read(path, [&](Settings& s) {
      s("headline", evaluator.headline, "true for the evaluator whose score is val_bpb");
    });
    std::optional<Technique> technique = named(path, label, false);
    if (!technique) continue;
    if (technique->entry->kind != Kind::kEvaluator)
      tree_.fail_at(path, message("plugin '{}' is of kind {}; [evaluators] holds evaluators",
                                  {technique->plugin, name_of(technique->entry->kind)}));
    evaluator.technique = std::move(*technique);
    experiment_.evaluators.push_back(std::move(evaluator));
  }
  std::vector<RoutedEvaluator>& all = experiment_.evaluators;
  if (all.size() == 1) all[0].headline = true;
  int headlines = 0;
  for (const RoutedEvaluator& evaluator : all) headlines += evaluator.headline;
  if (headlines != 1)
    tree_.fail_at("evaluators", message("{} of {} evaluators say headline = true; exactly one must",
                                        {headlines, int(all.size())}));
}

void Assembler::read_riders() {
  for (const std::string& label : tree_.children("train.averagers")) {
    std::string path = "train.averagers." + label;
    std::optional<Technique> technique = named(path, label, false);
    if (!technique) continue;
    if (technique->entry->kind != Kind::kAverager)
      tree_.fail_at(path, message("plugin '{}' is of kind {}; [train.averagers] holds averagers",
                                  {technique->plugin, name_of(technique->entry->kind)}));
    experiment_.riders.push_back(std::move(*technique));
  }
}

void Assembler::check_prime_keeps() {
  for (const std::string& label : experiment_.train.prime_keeps)
    if (std::none_of(experiment_.optimizers.begin(), experiment_.optimizers.end(),
                     [&](const Routed& optimizer) { return optimizer.technique.label == label; }))
      tree_.fail_at("train.prime_keeps", message("there is no optimizer called '{}'", {label}));
}

Experiment Assembler::run() {
  Experiment& e = experiment_;
  tree_.read("", [&](Settings& s) {
    s("title", e.title, "one line for people");
    s("seed", e.seed, "of initial weights and everything else that is drawn", at_least(0));
  });
  tree_.read("budget", [&](Settings& s) { e.budget.settings(s); });
  tree_.read("data", [&](Settings& s) { e.data.settings(s); });
  tree_.read("train", [&](Settings& s) { e.train.settings(s); });
  tree_.read("model", [&](Settings& s) { e.model_settings.settings(s); });

  ModelParts parts;
  parts.activation = slot("model.activation", Kind::kActivation);
  parts.head = slot("model.head", Kind::kHead);
  e.initializer = slot("model.initializer", Kind::kInitializer);
  read_techniques(parts);
  e.model = std::make_unique<Model>(e.model_settings, int(e.data.sequence_length), std::move(parts), device_);
  e.optimizers = read_claimants("optimizers", Kind::kOptimizer, "optimizer");
  e.schedule = slot("train.schedule", Kind::kSchedule);
  if (tree_.has("train.averager")) e.averager = slot("train.averager", Kind::kAverager);
  read_riders();
  check_prime_keeps();
  read_export();
  read_evaluators();
  tree_.check_all_read();
  check_fit(e);
  return std::move(experiment_);
}

Experiment Assembler::watchers() {
  Experiment& e = experiment_;
  tree_.read("data", [&](Settings& s) { e.data.settings(s); });
  tree_.read("train", [&](Settings& s) { e.train.settings(s); });
  if (tree_.has("train.averager")) e.averager = slot("train.averager", Kind::kAverager);
  read_riders();
  read_evaluators();
  return std::move(experiment_);
}

}  // namespace

void DataSettings::settings(Settings& s) {
  s("train", train, "pattern of the training shards, relative to the working folder");
  s("validation", validation, "pattern of the validation shards");
  s("tokenizer", tokenizer, "SentencePiece model that made the shards");
  s("sequence_length", sequence_length, "tokens of a training sequence", between(1, 1 << 20));
  s("batch_tokens", batch_tokens, "tokens of an optimizer step, all ranks together", at_least(1));
}

std::vector<Experiment::Part> Experiment::parts() const {
  std::vector<Part> all;
  auto add = [&](std::string path, const Technique& technique) {
    if (technique.object) all.push_back({std::move(path), &technique});
  };
  if (model) {
    const ModelParts& inside = model->parts();
    add("model.activation", inside.activation);
    add("model.head", inside.head);
    for (const auto* group : {&inside.embeddings, &inside.modifiers, &inside.views})
      for (const Technique& technique : *group) add("techniques." + technique.label, technique);
  }
  add("model.initializer", initializer);
  for (const Routed& o : optimizers) add("optimizers." + o.technique.label, o.technique);
  add("train.schedule", schedule);
  if (averager) add("train.averager", *averager);
  for (const Technique& rider : riders) add("train.averagers." + rider.label, rider);
  for (const Routed& p : export_parts.pruners) add("export.pruners." + p.technique.label, p.technique);
  for (const Routed& q : export_parts.quantizers) add("export.quantizers." + q.technique.label, q.technique);
  for (const Routed& t : export_parts.trimmers) add("export.trimmers." + t.technique.label, t.technique);
  add("export.compressor", export_parts.compressor);
  for (const RoutedEvaluator& v : evaluators) add("evaluators." + v.technique.label, v.technique);
  return all;
}

const RoutedEvaluator& Experiment::headline() const {
  for (const RoutedEvaluator& evaluator : evaluators)
    if (evaluator.headline) return evaluator;
  fail("the experiment has no headline evaluator");
}

const Technique& Experiment::stage_evaluator() const {
  for (const RoutedEvaluator& evaluator : evaluators)
    if (!evaluator.headline) return evaluator.technique;
  return headline().technique;
}

Experiment assemble_watchers(Tree& tree, Registry& registry) {
  return Assembler(tree, registry, Device::kCpu).watchers();
}

Experiment assemble(Tree& tree, Registry& registry, Device device) {
  return Assembler(tree, registry, device).run();
}

Experiment load_experiment(const std::filesystem::path& file, std::span<const std::string> overrides,
                           Registry& registry, Device device) {
  Tree tree = Tree::load(file, overrides);
  return assemble(tree, registry, device);
}

}  // namespace caddie
