// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_file.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "experiment/experiment.h"
#include "results/metrics.h"
#include "sweep/expression.h"

namespace caddie {
namespace {

// Settings of a named table that belong to the core and stay when its plugin is replaced.
constexpr std::string_view kKeptWithPlugin[] = {"enabled", "layers", "weights", "headline", "use"};

bool is_kept(std::string_view name) {
  return std::find(std::begin(kKeptWithPlugin), std::end(kKeptWithPlugin), name) != std::end(kKeptWithPlugin);
}

bool same_value(const std::string& a, const std::string& b) { return value_of_toml(a) == value_of_toml(b); }

/// All settings of an experiment, defaults included; none when it needs an arm's changes to be one.
std::map<std::string, std::string> resolve(const std::filesystem::path& file) {
  std::map<std::string, std::string> values;
  Tree tree = Tree::load(file);
  try {
    Registry registry;
    assemble(tree, registry, Device::kCpu);
  } catch (const Error&) {
    return values;
  }
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

std::string unquoted(const std::string& text) {
  Expression::Value value = value_of_toml(text);
  const auto* word = std::get_if<std::string>(&value);
  return word ? *word : text;
}

/// The path of the switch of a technique: a label stands for [techniques.<label>], a dotted path for itself.
std::string switch_of(const std::string& toggle) {
  return (toggle.find('.') == std::string::npos ? join_path("techniques", toggle) : toggle) + ".enabled";
}

Factor toggle_factor(const std::string& name) {
  std::string label = split_path(name).back(), path = switch_of(name);
  return {name, true, {{"-" + label, {path + "=false"}}, {"+" + label, {path + "=true"}}}, 0};
}

std::string content(Tree& tree) {
  for (const std::string& name : tree.children("")) tree.read_text(name);
  return tree.canonical();
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : tree_(Tree::load(file)) { sweep_.file = file; }

  SweepFile read() {
    read_head();
    read_seeds();
    tree_.read("design", [&](Settings& s) { sweep_.design.settings(s); });
    tree_.read("run", [&](Settings& s) { sweep_.run.settings(s); });
    tree_.read("when", [&](Settings& s) {
      s("exclude", sweep_.exclude, "conditions; arms that meet one are left out");
    });
    for (const std::string& condition : sweep_.exclude) Expression(condition, "[when] exclude");
    read_axes();
    read_points();
    read_claim();
    read_race();
    choose_baseline();
    tree_.check_all_read();
    Tree whole = Tree::load(sweep_.file);
    sweep_.text = content(whole);
    return std::move(sweep_);
  }

 private:
  void read_head() {
    std::string base;
    int64_t schema = 1;
    sweep_.name = sweep_.file.stem().string();
    tree_.read("", [&](Settings& s) {
      s("schema", schema, "version of this format", between(1, 1));
      s("name", sweep_.name, "name of the results folder; by default the file's");
      s("question", sweep_.question, "what the sweep is to answer");
      s("base", base, "experiment file, relative to this one");
    });
    if (base.empty()) tree_.fail_at("", "base is missing; write base = \"../experiments/NAME.toml\"");
    if (sweep_.name.empty() || sweep_.name.find('/') != std::string::npos)
      tree_.fail_at("name", "the name becomes a folder; it must be a word without '/'");
    sweep_.base = (sweep_.file.parent_path() / base).lexically_normal();
    if (!std::filesystem::is_regular_file(sweep_.base))
      tree_.fail_at("base", message("base names {}; there is no such file", {sweep_.base.string()}));
    base_ = Tree::load(sweep_.base);
    sweep_.base_text = content(base_);
  }

  void read_seeds() {
    std::vector<int64_t> values;
    if (tree_.is_array("seeds")) {
      tree_.read("", [&](Settings& s) { s("seeds", values, "one run of every arm for each", at_least(0)); });
    } else {
      int64_t count = 0, first = 1;
      tree_.read("seeds", [&](Settings& s) {
        s("values", values, "one run of every arm for each", at_least(0));
        s("count", count, "or as many from `first` on", between(1, 100000));
        s("first", first, "the first of `count` seeds", at_least(0));
        s("baseline_extra", sweep_.baseline_extra, "more seeds for the baseline, which every comparison uses",
          at_least(0));
      });
      if (count > 0 && !values.empty())
        tree_.fail_at("seeds", "[seeds] gives values and count; write one of them");
      for (int64_t i = 0; i < count; ++i) values.push_back(first + i);
    }
    if (values.empty())
      tree_.fail_at("seeds", "there are no seeds; write seeds = [1, 2] or [seeds] count = 2");
    if (std::set<int64_t>(values.begin(), values.end()).size() != values.size())
      tree_.fail_at("seeds", "a seed is listed twice; runs of the same seed are the same run");
    sweep_.seeds = std::move(values);
  }

  void read_axes() {
    for (const std::string& index : tree_.children("axis")) {
      std::string path = "axis." + index;
      Factor factor;
      if (tree_.has(path + ".toggle"))
        factor = read_toggle(path);
      else if (tree_.has(path + ".zip"))
        factor = read_zip(path);
      else if (tree_.has(path + ".slot"))
        factor = read_slot(path);
      else if (tree_.has(path + ".key"))
        factor = read_key(path);
      else
        tree_.fail_at(path, "an axis has a toggle, a key with values, a slot with use, or a zip");
      rename_levels(path, factor);
      sweep_.factors.push_back(std::move(factor));
    }
    for (const std::string& technique : sweep_.design.techniques)
      sweep_.factors.push_back(toggle_factor(technique));
    std::set<std::string> names;
    for (const Factor& factor : sweep_.factors)
      if (!names.insert(factor.name).second)
        tree_.fail_at("axis", message("'{}' varies on two axes; one must go", {factor.name}));
  }

  Factor read_toggle(const std::string& path) {
    std::string name;
    tree_.read(path, [&](Settings& s) {
      s("toggle", name, "label of a technique, or path of a table with `enabled`");
    });
    return toggle_factor(name);
  }

  Factor read_key(const std::string& path) {
    Factor factor;
    tree_.read(path, [&](Settings& s) { s("key", factor.name, "dotted path of the setting that varies"); });
    for (const std::string& value : texts(path + ".values"))
      factor.levels.push_back(
          {split_path(factor.name).back() + "=" + unquoted(value), {factor.name + "=" + value}});
    std::string now = base_value(factor.name);
    choose_level(
        factor, now, [&](const std::string& value) { return same_value(value, now); },
        texts(path + ".values"));
    return factor;
  }

  Factor read_zip(const std::string& path) {
    Factor factor;
    for (const std::string& key : tree_.children(path + ".zip")) {
      // A key is one quoted name here: zip = { "model.dim" = [...] }.
      std::vector<std::string> values = texts(join_path(path + ".zip", key));
      if (factor.levels.empty()) factor.levels.resize(values.size());
      if (factor.levels.size() != values.size())
        tree_.fail_at(path + ".zip", message("'{}' has {} values, the others {}; they vary together",
                                             {key, values.size(), factor.levels.size()}));
      factor.name += (factor.name.empty() ? "" : ",") + key;
      for (size_t i = 0; i < values.size(); ++i) {
        Level& level = factor.levels[i];
        level.label += (level.label.empty() ? "" : " ") + split_path(key).back() + "=" + unquoted(values[i]);
        level.overrides.push_back(key + "=" + values[i]);
      }
    }
    if (factor.levels.empty())
      tree_.fail_at(path, "zip names no key; write zip = { \"model.dim\" = [1, 2] }");
    return factor;
  }

  Factor read_slot(const std::string& path) {
    Factor factor;
    tree_.read(path,
               [&](Settings& s) { s("slot", factor.name, "path of the table whose plugin is replaced"); });
    std::string used = unquoted(base_value(factor.name + ".use"));
    bool is_there = !used.empty() || base_.has(factor.name);
    if (used.empty()) used = split_path(factor.name).back();
    std::vector<std::string> uses = texts(path + ".use");
    for (const std::string& text : uses) {
      factor.levels.push_back(slot_level(path, factor.name, text));
      if (unquoted(text) == used) factor.levels.back().overrides.clear();
    }
    choose_level(
        factor, is_there ? used : "",
        [&](const std::string& text) {
          return unquoted(text) == used || is_base_table(factor.name, used, text);
        },
        uses);
    return factor;
  }

  // The level that leaves the base as it is. Where none does, the sweep has to say which one is the baseline.
  template <class IsBase>
  void choose_level(Factor& factor, const std::string& base, const IsBase& is_base,
                    const std::vector<std::string>& texts) {
    auto found = std::find_if(texts.begin(), texts.end(), is_base);
    if (found != texts.end())
      factor.baseline = size_t(found - texts.begin());
    else if (!base.empty() && texts.size() > 1)
      without_base_[factor.name] = base;
  }

  // What the base experiment has there, defaults included; empty when it has nothing there.
  std::string base_value(const std::string& path) {
    if (base_.has(path)) return base_.read_text(path);
    if (!resolved_) resolved_ = resolve(sweep_.base);
    auto found = resolved_->find(path);
    return found != resolved_->end() ? found->second : "";
  }

  // Whether a table that names a plugin with settings says what the base says.
  bool is_base_table(const std::string& slot, const std::string& used, const std::string& text) {
    Tree table = Tree::parse("use = " + text, "use");
    if (!table.is_table("use") || !table.has("use.use") || unquoted(table.read_text("use.use")) != used)
      return false;
    std::vector<std::string> names = table.children("use");
    for (const std::string& name : base_.children(slot))
      if (!is_kept(name) && std::find(names.begin(), names.end(), name) == names.end()) return false;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return name == "use" ||
             same_value(table.read_text(join_path("use", name)), base_value(join_path(slot, name)));
    });
  }

  // Replacing a plugin takes its settings away, except those that the core reads for every plugin.
  Level slot_level(const std::string& path, const std::string& slot, const std::string& text) {
    Level level;
    for (const std::string& name : base_.children(slot))
      if (!is_kept(name)) level.overrides.push_back("~" + join_path(slot, name));
    Tree table = Tree::parse("use = " + text, "use");
    std::string plugin = text, settings;
    if (table.is_table("use")) {
      if (!table.has("use.use"))
        tree_.fail_at(path + ".use", message("{} names no plugin; write use = \"...\"", {text}));
      plugin = table.read_text("use.use");
      for (const std::string& name : table.children("use")) {
        std::string value = table.read_text(join_path("use", name));
        level.overrides.push_back(join_path(slot, name) + "=" + value);
        if (name != "use") settings += (settings.empty() ? "" : " ") + name + "=" + unquoted(value);
      }
    } else {
      level.overrides.push_back(slot + ".use=" + text);
    }
    level.label =
        split_path(slot).back() + "=" + unquoted(plugin) + (settings.empty() ? "" : "(" + settings + ")");
    return level;
  }

  std::vector<std::string> texts(const std::string& path) {
    std::vector<std::string> values = tree_.read_texts(path);
    if (values.empty()) tree_.fail_at(path, "there is no value in the list");
    if (std::set<std::string>(values.begin(), values.end()).size() != values.size())
      tree_.fail_at(path, "a value is listed twice; its runs would be the same runs");
    return values;
  }

  void rename_levels(const std::string& path, Factor& factor) {
    std::vector<std::string> labels;
    tree_.read(path, [&](Settings& s) { s("labels", labels, "how the levels read in tables"); });
    if (labels.empty()) return;
    if (labels.size() != factor.levels.size())
      tree_.fail_at(path + ".labels",
                    message("{} labels for {} levels", {labels.size(), factor.levels.size()}));
    for (size_t i = 0; i < labels.size(); ++i) factor.levels[i].label = labels[i];
  }

  void read_points() {
    for (const std::string& index : tree_.children("point")) {
      std::string path = "point." + index;
      Level point;
      tree_.read(path, [&](Settings& s) { s("label", point.label, "how the arm reads in tables"); });
      if (point.label.empty()) tree_.fail_at(path, "a point needs a label");
      for (const std::string& key : tree_.children(path + ".set"))
        point.overrides.push_back(key + "=" + tree_.read_text(join_path(path + ".set", key)));
      sweep_.points.push_back(std::move(point));
    }
  }

  void read_claim() {
    if (!tree_.is_table("claim")) return;
    sweep_.claim.emplace();
    tree_.read("claim", [&](Settings& s) { sweep_.claim->settings(s); });
    if (tree_.has("claim.target")) {
      double target = 0;
      tree_.read("claim",
                 [&](Settings& s) { s("target", target, "one_sample: what the mean is held against"); });
      sweep_.claim->target = target;
    }
    if (sweep_.claim->test == "one_sample" && !sweep_.claim->target)
      tree_.fail_at("claim", "a one_sample claim needs a target");
  }

  void read_race() {
    if (!tree_.is_table("race")) return;
    RaceSettings& race = sweep_.race.emplace();
    tree_.read("race", [&](Settings& s) { race.settings(s); });
    if (!sweep_.claim || sweep_.claim->test != "pooled")
      tree_.fail_at("race",
                    "a race needs to know what is to be proved; write [claim] with test = \"pooled\"");
    if (sweep_.baseline_extra > 0)
      tree_.fail_at("race", "a race gives its baseline as many seeds as its arms; take baseline_extra away");
    const std::vector<int64_t>& looks = race.looks;
    bool rising = std::is_sorted(looks.begin(), looks.end(), std::less_equal<>());
    if (looks.size() < 2 || !rising || looks[0] < 2 || looks.back() != int64_t(sweep_.seeds.size()))
      tree_.fail_at("race.looks",
                    message("looks are two or more rising numbers of seeds, from 2 to all {} of them",
                            {sweep_.seeds.size()}));
  }

  // Toggles are off and values as in the base; leaving one out starts from everything on.
  void choose_baseline() {
    if (sweep_.design.kind == "leave_one_out")
      for (Factor& factor : sweep_.factors)
        if (factor.toggle) factor.baseline = 1;
    for (std::string section : {"design.baseline", "claim.baseline"}) {
      if (tree_.is_table(section)) {
        for (const std::string& key : tree_.children(section)) set_baseline(section, key);
      } else if (tree_.has(section)) {
        sweep_.baseline_label = unquoted(tree_.read_text(section));
      }
    }
    if (without_base_.empty() || !sweep_.baseline_label.empty()) return;
    const auto& [name, value] = *without_base_.begin();
    tree_.fail_at("axis",
                  message("'{}' is {} in the base, which is no level of its axis; list it, or say with "
                          "[design.baseline] which level is the baseline",
                          {name, value}));
  }

  void set_baseline(const std::string& section, const std::string& key) {
    std::string path = join_path(section, key), value = tree_.read_text(path);
    std::vector<std::string> names;
    for (Factor& factor : sweep_.factors) {
      names.push_back(factor.name);
      std::string wanted = (factor.toggle ? switch_of(factor.name) : key) + "=" + value;
      if (factor.toggle && factor.name != key) continue;
      for (size_t i = 0; i < factor.levels.size(); ++i) {
        const auto& overrides = factor.levels[i].overrides;
        if (std::find(overrides.begin(), overrides.end(), wanted) == overrides.end()) continue;
        factor.baseline = i;
        without_base_.erase(factor.name);
        return;
      }
    }
    tree_.fail_at(path, message("'{}' at {} is no level of an axis{}", {key, value, suggestion(key, names)}));
  }

  Tree tree_, base_;
  std::optional<std::map<std::string, std::string>> resolved_;  // the base
  std::map<std::string, std::string> without_base_;  // value in the base, by factor that has no such level
  SweepFile sweep_;
};

std::map<std::string, std::string> values_of(const std::string& text) {
  Tree tree = Tree::parse(text, "text");
  content(tree);
  std::map<std::string, std::string> values;
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

}  // namespace

void DesignSettings::settings(Settings& s) {
  s("kind", kind, "how arms are formed from the axes",
    one_of("grid", "zip", "list", "random", "leave_one_out", "add_one_in", "stack", "fractional"));
  s("techniques", techniques, "techniques that are switched, besides the axes");
  s("samples", samples, "random: arms to draw", between(1, 100000));
  s("seed", seed, "random: of the draw", at_least(0));
  s("arms", arms, "fractional: a power of two; 0: the fewest that keep the resolution", between(0, 1024));
  s("resolution", resolution, "fractional: 3 keeps main effects apart, 4 also from pairs, 5 pairs from pairs",
    between(3, 5));
}

void SweepClaim::settings(Settings& s) {
  s("metric", metric, "column of runs.csv", {0, 0, names_of_run_metrics()});
  s("direction", direction, "which way is better", one_of("min", "max"));
  s("margin", margin, "how much better at least, in the metric's unit", at_least(0));
  s("margin_nats", margin_nats, "how much better at least, in nats per token", at_least(0));
  s("alpha", alpha, "chance of a false claim that is accepted", between(1e-9, 0.5));
  s("test", test, "of the difference",
    one_of("pooled", "welch", "one_sample", "paired_checkpoint", "paired_seed"));
  s("correction", correction, "for several arms", one_of("holm", "dunnett", "none"));
  s("arms", arms, "labels of the arms that must meet it; by default every one");
}

void RaceSettings::settings(Settings& s) {
  s("looks", looks, "seeds an arm at each look, rising; the last takes all seeds");
  s("spending", spending, "of alpha over the looks: most of it late, or early looks their share",
    one_of("obrien_fleming", "pocock"));
  s("futility", futility, "an arm whose chance to be proved is smaller is given up; 0: never",
    between(0, 0.5));
}

void RunSettings::settings(Settings& s) {
  s("timeout", timeout_seconds, "seconds or \"20m\"; a run that takes longer has failed; 0: none",
    at_least(0));
  s("retries", retries, "how often a failed run is tried again", between(0, 100));
  s("order", order, "of the runs within a seed", one_of("shuffled", "listed"));
}

SweepFile read_sweep(const std::filesystem::path& file) { return Reader(file).read(); }

SweepFile seeds_of(const std::filesystem::path& experiment, std::string name, std::vector<int64_t> seeds) {
  SweepFile sweep;
  sweep.file = sweep.base = experiment;
  sweep.name = std::move(name);
  sweep.question = "How much does the score vary from seed to seed?";
  sweep.seeds = std::move(seeds);
  Tree tree = Tree::load(experiment);
  sweep.base_text = content(tree);
  return sweep;
}

std::vector<std::string> differences(const std::string& before, const std::string& after) {
  std::map<std::string, std::string> old_values = values_of(before), new_values = values_of(after);
  std::vector<std::string> lines;
  auto text = [](const std::map<std::string, std::string>& values, const std::string& path) {
    auto found = values.find(path);
    return found == values.end() ? std::string("(none)") : found->second;
  };
  std::map<std::string, std::string> all = old_values;
  all.insert(new_values.begin(), new_values.end());
  for (const auto& [path, unused] : all) {
    std::string was = text(old_values, path), is = text(new_values, path);
    if (was != is) lines.push_back(fmt::format("{}: {} -> {}", path, was, is));
  }
  return lines;
}

}  // namespace caddie
