// SPDX-License-Identifier: Apache-2.0
// A sweep file becomes its plan: every arm is assembled once, so that what is wrong in any of them fails
// here.
#include <caddie/error.h>
#include <caddie/parallel.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>

#include "base/exit_code.h"
#include "base/hash.h"
#include "base/text.h"
#include "config/read_all.h"
#include "experiment/fit.h"
#include "plugin/slot_table.h"
#include "sweep/combinations.h"
#include "sweep/condition_scope.h"
#include "sweep/plan.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

using Values = std::map<std::string, std::string>;

Values values_of(const Tree& tree) {
  Values values;
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

std::string content_hash(const Values& values) {
  std::string content;
  for (const auto& [path, text] : values)
    if (path != "seed") content.append(path).append(" = ").append(text).append("\n");
  return sha256(content);
}

/// Makes the plan of one sweep, arm by arm.
class Planner {
 public:
  explicit Planner(const SweepFile& sweep)
      : sweep_(sweep),
        base_(Tree::load(sweep.base, sweep.base_overrides)),
        scope_(sweep.file.string() + ": [when] exclude", "caddie explain shows what the base has") {
    for (const std::string& text : sweep.exclude)
      exclude_.emplace_back(text, sweep.file.string() + ": [when] exclude");
  }

  Plan make() {
    describe_sweep();
    std::vector<Combination> all = combinations(sweep_);
    for (std::span<const Combination> rest = all; !rest.empty();) {
      size_t some = std::min(rest.size(), kAssembledAtOnce);
      add_arms(rest.first(some));
      rest = rest.subspan(some);
    }
    finish_groups();
    plan_.aliases = aliases(sweep_);
    scope_.check_names();
    if (plan_.arms.empty() || !plan_.arms[0].is_baseline())
      fail_usage(
          "{}: the baseline arm is excluded, so there is nothing to compare with; choose another one "
          "with baseline in [design]",
          sweep_.file.string());
    keep_what_varies();
    check_claim();
    start_race();
    add_runs();
    return std::move(plan_);
  }

 private:
  void describe_sweep() {
    plan_.name = sweep_.name;
    plan_.question = sweep_.question;
    plan_.sweep_file = sweep_.file.string();
    plan_.base_file = sweep_.base.string();
    plan_.sweep_text = sweep_.text;
    plan_.base_text = sweep_.base_text;
    plan_.design = sweep_.design_kind;
    plan_.claim = sweep_.claim;
    plan_.run = sweep_.run;
    plan_.seeds = sweep_.seeds;
    for (const Factor& factor : sweep_.factors) {
      plan_.factors.push_back(factor.name);
      plan_.levels.emplace_back();
      for (const Level& level : factor.levels) plan_.levels.back().push_back(level.label);
    }
  }

  /// Holds what a combination gave.
  struct Attempt {
    Tree tree;
    std::optional<Experiment> experiment = {};
    std::optional<Error> problem = {};  // why it makes no experiment
    bool misfit = false;                // The problem is that its parts do not go together.
    std::exception_ptr broken = {};     // what ends the planning, unless an earlier combination does
    Values values = {};                 // all settings
    std::string content = {};           // the hash of all settings but the seed
    std::string resolved = {};          // all settings as a document
  };

  void add_arms(std::span<const Combination> some) {
    std::vector<Attempt> attempts(some.size());
    parallel_for(int(some.size()), [&](int i) { attempt(some[size_t(i)], attempts[size_t(i)]); });
    for (size_t i = 0; i < some.size(); ++i) add_arm(some[i], std::move(attempts[i]));
  }

  /// Assembles one combination, on any thread.
  void attempt(const Combination& combination, Attempt& result) try {
    result.tree = base_;
    override_base(combination, result.tree);
    try {
      result.experiment = assemble(result.tree, registry_, Device::kCpu);
    } catch (const Error& error) {
      result.misfit = dynamic_cast<const Misfit*>(&error) != nullptr;
      result.problem = error;
      read_all(result.tree);
    }
    result.values = values_of(result.tree);
    result.content = content_hash(result.values);
    result.resolved = result.tree.resolved();
  } catch (...) {
    result.broken = std::current_exception();
  }

  void override_base(const Combination& combination, Tree& tree) const {
    try {
      for (const std::string& assignment : combination.overrides) tree.override_with(assignment);
    } catch (const Error& error) {
      throw Error(message("{}: arm '{}': {}", {sweep_.file.string(), combination.label, error.what()}),
                  error.code());
    }
  }

  void add_arm(const Combination& combination, Attempt attempt) {
    if (attempt.broken) std::rethrow_exception(attempt.broken);
    const std::optional<Error>& problem = attempt.problem;
    // A combination that makes no experiment may be left out by a condition, so conditions come first.
    if (const Expression* condition = excluding(attempt.values)) {
      plan_.excluded.push_back({combination.label, condition->text()});
      return;
    }
    if (problem && attempt.misfit && combination.kind != "baseline") {
      plan_.excluded.push_back({combination.label, problem->what()});
      return;
    }
    if (problem) {
      std::string overrides = join(combination.overrides, ", ");
      if (!overrides.empty()) overrides = message(" ({})", {overrides});
      throw Error(message("{}: arm '{}'{}: {}",
                          {sweep_.file.string(), combination.label, overrides, problem->what()}),
                  problem->code());
    }
    if (!keep(combination, attempt)) return;
    group([&] {
      sharing_.add(plan_.arms.size() - 1, std::move(attempt.tree), std::move(*attempt.experiment));
    });
  }

  /// Does a part of filling groups. Once the data cannot be read, no arm has a group.
  void group(const std::function<void()>& part) {
    if (!can_group_) return;
    try {
      part();
    } catch (const Error&) {
      can_group_ = false;
    }
  }

  void finish_groups() {
    group([&] { sharing_.find_forks(); });
    if (can_group_) return;
    for (Arm& arm : plan_.arms) arm.group.clear();
  }

  /// Returns the first condition that leaves out an arm with these settings, if any.
  const Expression* excluding(const Values& values) {
    const Expression* found = nullptr;
    for (const Expression& condition : exclude_)
      if (!found && scope_.holds(condition, find_in(values))) found = &condition;
    if (scope_.misses_names())
      for (const auto& [path, text] : values) scope_.know(path);
    return found;
  }

  /// Adds an arm unless another one is the same experiment but for the seed; returns whether it did. Takes
  /// the texts of the attempt.
  bool keep(const Combination& combination, Attempt& attempt) {
    auto [same, is_new] = by_content_.try_emplace(attempt.content, plan_.arms.size());
    if (!is_new) {
      plan_.excluded.push_back(
          {combination.label, "the same experiment as '" + plan_.arms[same->second].label + "'"});
      return false;
    }
    Arm arm;
    arm.label = combination.label;
    arm.kind = combination.kind;
    arm.overrides = combination.overrides;
    arm.levels = combination.levels;
    arm.params = std::move(attempt.values);
    arm.params.erase("seed");
    arm.experiment = std::move(attempt.resolved);
    for (const auto& [path, text] : arm.params)
      if (std::string label = label_switched_by(path); !label.empty()) arm.techniques[label] = text == "true";
    plan_.arms.push_back(std::move(arm));
    return true;
  }

  /// Leaves in Arm::params the settings in which arms differ, without the switches of techniques.
  void keep_what_varies() {
    const Values& first = plan_.arms[0].params;
    std::vector<std::pair<std::string, std::string>> differing;
    for (const Arm& arm : plan_.arms)
      std::set_symmetric_difference(arm.params.begin(), arm.params.end(), first.begin(), first.end(),
                                    std::back_inserter(differing));
    std::set<std::string> varying;
    for (const auto& [path, text] : differing) varying.insert(path);
    for (Arm& arm : plan_.arms) {
      std::erase_if(arm.params, [&](const auto& value) {
        return !label_switched_by(value.first).empty() || !varying.contains(value.first);
      });
    }
  }

  void add_runs() {
    std::vector<size_t> arms(plan_.arms.size());
    std::iota(arms.begin(), arms.end(), size_t(0));
    std::span<const int64_t> seeds = plan_.seeds;
    if (plan_.race) seeds = seeds.first(size_t(plan_.race->looks[0].seeds));
    plan_.runs = runs_of(plan_, arms, seeds);
    if (sweep_.baseline_extra == 0) return;  // There need be no seed behind the last one.
    std::vector<int64_t> extra(static_cast<size_t>(sweep_.baseline_extra));
    std::iota(extra.begin(), extra.end(), *std::max_element(seeds.begin(), seeds.end()) + 1);
    for (PlannedRun& run : runs_of(plan_, std::span(arms).first(1), extra)) plan_.runs.push_back(run);
  }

  void check_claim() {
    if (!plan_.claim) return;
    std::vector<std::string> labels;
    for (const Arm& arm : plan_.arms) labels.push_back(arm.label);
    for (const std::string& label : plan_.claim->arms)
      if (std::find(labels.begin(), labels.end(), label) == labels.end())
        fail_usage("{}: [claim] arms: no arm is called '{}'{}", sweep_.file.string(), label,
                   suggestion(label, labels));
  }

  void start_race() {
    if (!sweep_.race) return;
    Race& race = plan_.race.emplace();
    race.spending = sweep_.race->spending;
    race.futility = sweep_.race->futility;
    race.alpha = plan_.claim->alpha;
    for (int64_t seeds : sweep_.race->looks) race.looks.push_back({seeds});
    auto claimed = std::count_if(plan_.arms.begin(), plan_.arms.end(),
                                 [&](const Arm& arm) { return is_claimed(plan_, arm); });
    if (claimed > 0) calibrate(race, claimed, int64_t(plan_.arms.size()), plan_.claim->correction != "none");
  }

  const SweepFile& sweep_;
  Tree base_;
  ConditionScope scope_;
  std::vector<Expression> exclude_;
  Registry registry_;
  Plan plan_;
  SharingFinder sharing_{plan_.arms, registry_};
  bool can_group_ = true;
  std::map<std::string, size_t> by_content_;  // the arms by a hash of their settings
};

}  // namespace

Plan make_plan(const SweepFile& sweep) { return Planner(sweep).make(); }

}  // namespace caddie
