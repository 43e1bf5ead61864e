// SPDX-License-Identifier: Apache-2.0
// A sweep file is read section by section.
#include <caddie/error.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <span>

#include "base/files.h"
#include "base/text.h"
#include "config/path.h"
#include "config/read_all.h"
#include "config/renamed_keys.h"
#include "config/tree.h"
#include "results/store.h"
#include "sweep/axes.h"
#include "sweep/expression.h"
#include "sweep/read_design.h"
#include "sweep/sweep_file.h"

namespace caddie {
namespace {

/// Reads what the sweep is called and asks, and the file of its base.
void read_head(Tree& tree, SweepFile& sweep) {
  std::string base;
  int64_t schema = 1;
  sweep.name = sweep.file.stem().string();
  tree.read("", [&](Settings& s) {
    s("schema", schema, "version of this format", between(1, 1));
    s("name", sweep.name, "name of the results folder; by default the file's");
    s("question", sweep.question, "what the sweep is to answer");
    s("base", base, "experiment file, relative to this one");
  });
  if (base.empty() && (tree.has("extends") || tree.has("model")))
    tree.fail_at("", "this is an experiment, no sweep: caddie run runs it");
  if (base.empty()) tree.fail_at("", "base is missing; write base = \"../experiments/NAME.toml\"");
  if (!is_file_name(sweep.name) || sweep.name == kStoreFolder)
    tree.fail_at("name", message("'{}' cannot be the name of a folder in results/; a word without '/' can, "
                                 "but for '{}', where stages lie",
                                 {printable(sweep.name), kStoreFolder}));
  sweep.base = (folder_of(sweep.file) / base).lexically_normal();
  if (!std::filesystem::is_regular_file(sweep.base)) {
    std::string why = why_no_file(sweep.base);
    tree.fail_at("base", message("base names {}: {}",
                                 {sweep.base.string(), why.empty() ? "it is no regular file" : why}));
  }
}

void read_seeds(Tree& tree, SweepFile& sweep) {
  std::vector<int64_t> values;
  if (tree.is_array("seeds")) {
    tree.read("", [&](Settings& s) {
      s("seeds", values, "seeds, with each of which every arm is run once", at_least(0));
    });
  } else {
    int64_t count = 0, first = 1;
    tree.read("seeds", [&](Settings& s) {
      s("values", values, "seeds, with each of which every arm is run once", at_least(0));
      s("count", count, "how many seeds to count up from `first`, in place of values", between(1, 100000));
      s("first", first, "the first of `count` seeds", at_least(0));
      s("baseline_extra", sweep.baseline_extra, "more seeds for the baseline, which every comparison uses",
        between(0, 100000));
    });
    if (first > std::numeric_limits<int64_t>::max() - count)
      tree.fail_at("seeds.first",
                   message("{} seeds from {} on do not fit; the last of them can be {} at most",
                           {count, first, std::numeric_limits<int64_t>::max()}));
    if (count > 0 && !values.empty())
      tree.fail_at("seeds", "[seeds] gives values and count; write one of them");
    for (int64_t i = 0; i < count; ++i) values.push_back(first + i);
  }
  if (values.empty()) tree.fail_at("seeds", "there are no seeds; write seeds = [1, 2] or [seeds] count = 2");
  if (std::set<int64_t>(values.begin(), values.end()).size() != values.size())
    tree.fail_at("seeds", "a seed is listed twice; runs of the same seed are the same run");
  int64_t largest = *std::max_element(values.begin(), values.end());
  if (largest > std::numeric_limits<int64_t>::max() - sweep.baseline_extra)
    tree.fail_at("seeds.baseline_extra",
                 message("{} more seeds behind {} do not fit; the last of them can be {} at most",
                         {sweep.baseline_extra, largest, std::numeric_limits<int64_t>::max()}));
  sweep.seeds = std::move(values);
}

void read_conditions(Tree& tree, SweepFile& sweep) {
  tree.read("when",
            [&](Settings& s) { s("exclude", sweep.exclude, "conditions; arms that meet one are left out"); });
  for (const std::string& condition : sweep.exclude) Expression(condition, "[when] exclude");
}

void read_points(Tree& tree, SweepFile& sweep) {
  for (const std::string& index : tree.children("point")) {
    std::string path = "point." + index;
    Level point;
    tree.read(path, [&](Settings& s) { s("label", point.label, "how the arm reads in tables"); });
    if (point.label.empty()) tree.fail_at(path, "a point needs a label");
    for (const std::string& key : tree.children(path + ".set"))
      point.overrides.push_back(key + "=" + tree.read_text(join_path(path + ".set", key)));
    sweep.points.push_back(std::move(point));
  }
}

void read_claim(Tree& tree, SweepFile& sweep) {
  if (!tree.is_table("claim")) return;
  SweepClaim& claim = sweep.claim.emplace();
  tree.read("claim", [&](Settings& s) { claim.settings(s); });
  if (tree.has("claim.target"))
    tree.read("claim", [&](Settings& s) {
      s("target", claim.target.emplace(), "number that the test one_sample compares the mean with");
    });
  if (claim.test == "one_sample" && !claim.target) tree.fail_at("claim", "a one_sample claim needs a target");
}

void read_race(Tree& tree, SweepFile& sweep) {
  if (!tree.is_table("race")) return;
  RaceSettings& race = sweep.race.emplace();
  tree.read("race", [&](Settings& s) { race.settings(s); });
  if (!sweep.claim || sweep.claim->test != "pooled")
    tree.fail_at("race", "a race needs to know what is to be proved; write [claim] with test = \"pooled\"");
  if (sweep.baseline_extra > 0)
    tree.fail_at("race", "a race gives its baseline as many seeds as its arms; take baseline_extra away");
  const std::vector<int64_t>& looks = race.looks;
  bool rising = std::is_sorted(looks.begin(), looks.end(), std::less_equal<>());
  if (looks.size() < 2 || !rising || looks[0] < 2 || looks.back() != int64_t(sweep.seeds.size()))
    tree.fail_at("race.looks",
                 message("looks are two or more rising numbers of seeds, from 2 to all {} of them",
                         {sweep.seeds.size()}));
}

/// Throws Error (kUsage) at a value of a sweep that names a setting by more parts than any has; `names` is
/// the path of the value. Later only the arm would be known.
void check_parts(const Tree& tree, const Tree::Value& value, std::span<const std::string> names) {
  constexpr std::string_view kPaths[] = {"key", "toggle", "slot"};
  bool set = names.size() > 1 && names[names.size() - 2] == "set";
  bool named = std::find(std::begin(kPaths), std::end(kPaths), names.back()) != std::end(kPaths);
  const std::string& path = set ? names.back() : value.text;
  if ((set || named) && std::count(path.begin(), path.end(), '.') >= kMostParts)
    tree.fail_at(value.path, message("a path of more than {} parts; nothing here has so many", {kMostParts}));
}

/// Throws Error (kUsage) at a value that names a setting of experiments as earlier versions did, or by too
/// many parts. What is written for people may say anything.
void check_names(Tree tree) {
  constexpr std::string_view kForPeople[] = {"name", "question", "label", "labels"};
  read_all(tree);
  for (const Tree::Value& value : tree.values()) {
    std::vector<std::string> names = split_path(value.path);
    check_parts(tree, value, names);
    if (std::find(std::begin(kForPeople), std::end(kForPeople), names.back()) != std::end(kForPeople))
      continue;
    std::string renamed = renamed_in(value.path + " " + value.text);
    if (!renamed.empty()) tree.fail_at(value.path, renamed);
  }
}

}  // namespace

SweepFile read_sweep(const std::filesystem::path& file, std::vector<std::string> base_overrides) {
  Tree tree = Tree::load(file);
  check_names(tree);
  SweepFile sweep;
  sweep.file = file;
  Tree whole = tree;  // A pipe cannot be read again.
  read_all(whole);
  sweep.text = whole.canonical();
  read_head(tree, sweep);
  if (!base_overrides.empty()) sweep.name += "-trial";
  sweep.base_overrides = std::move(base_overrides);
  BaseExperiment base(sweep.base, sweep.base_overrides);
  sweep.base_text = base.text();
  read_seeds(tree, sweep);
  std::vector<std::string> techniques = read_design(tree, sweep);
  tree.read("run", [&](Settings& s) { sweep.run.settings(s); });
  read_conditions(tree, sweep);
  sweep.factors = read_axes(tree, base, techniques);
  read_points(tree, sweep);
  read_claim(tree, sweep);
  read_race(tree, sweep);
  choose_baseline(tree, sweep);
  tree.check_all_read();
  return sweep;
}

}  // namespace caddie
