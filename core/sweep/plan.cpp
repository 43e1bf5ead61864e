// SPDX-License-Identifier: Apache-2.0
#include "sweep/plan.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "experiment/fit.h"
#include "results/provenance.h"
#include "sweep/design.h"
#include "sweep/expression.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

using Values = std::map<std::string, std::string>;

Values values_of(const Tree& tree) {
  Values values;
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

/// "+a -b bits=6" -> "a+no-b+bits=6": letters that need no quotes in a shell.
std::string folder_name(const std::string& label) {
  std::string name;
  for (const std::string& part : split(label, ' ')) {
    if (part.empty()) continue;
    if (!name.empty()) name += '+';
    std::string_view rest = part;
    if (rest[0] == '-') name += "no-";
    if (rest[0] == '-' || rest[0] == '+') rest.remove_prefix(1);
    for (char c : rest)
      name += std::isalnum(static_cast<unsigned char>(c)) ||
                      std::string_view("_.=-").find(c) != std::string_view::npos
                  ? c
                  : '_';
  }
  return name.substr(0, 120);
}

/// A name in a condition: the label of a technique, or the path of a setting.
Expression::Lookup lookup_in(const Values& values, const std::string& where) {
  return [&values, where](const std::string& name) -> std::optional<Expression::Value> {
    auto found = values.find(name);
    if (found == values.end()) found = values.find("techniques." + name + ".enabled");
    if (found != values.end()) return value_of_toml(found->second);
    std::vector<std::string> names;
    for (const auto& [path, text] : values) names.push_back(path);
    throw Error(
        message("{}: no experiment here has a setting '{}'{}", {where, name, suggestion(name, names)}), 2);
  };
}

class Planner {
 public:
  explicit Planner(const SweepFile& sweep) : sweep_(sweep), base_(Tree::load(sweep.base)) {
    for (const std::string& text : sweep.exclude)
      exclude_.emplace_back(text, sweep.file.string() + ": [when] exclude");
  }

  Plan make() {
    describe_sweep();
    for (const Combination& combination : combinations(sweep_)) add_arm(combination);
    if (plan_.arms.empty() || !plan_.arms[0].is_baseline())
      throw Error(
          message("{}: the baseline arm is excluded, so there is nothing to compare with; choose another one "
                  "with baseline in [design]",
                  {sweep_.file.string()}),
          2);
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
    plan_.design = sweep_.design.kind;
    plan_.claim = sweep_.claim;
    plan_.run = sweep_.run;
    plan_.seeds = sweep_.seeds;
    for (const Factor& factor : sweep_.factors) {
      plan_.factors.push_back(factor.name);
      plan_.levels.emplace_back();
      for (const Level& level : factor.levels) plan_.levels.back().push_back(level.label);
    }
    if (plan_.design != "fractional") return;
    const std::vector<std::string>& names = plan_.factors;
    plan_.aliases =
        aliases(fraction(names.size(), size_t(sweep_.design.arms), int(sweep_.design.resolution)), names);
  }

  void add_arm(const Combination& combination) {
    Tree tree = base_;
    for (const std::string& assignment : combination.overrides) tree.override_with(assignment);
    std::optional<Error> problem;
    bool misfit = false;
    try {
      assemble(tree, registry_, Device::kCpu);
    } catch (const Error& error) {
      misfit = dynamic_cast<const Misfit*>(&error) != nullptr;
      problem = error;
      for (const std::string& name : tree.children("")) tree.read_text(name);
    }
    Values values = values_of(tree);
    // A combination that makes no experiment may be left out by a condition, so conditions come first.
    for (const Expression& condition : exclude_) {
      if (!condition.holds(lookup_in(values, sweep_.file.string() + ": [when] exclude"))) continue;
      plan_.excluded.push_back({combination.label, condition.text()});
      return;
    }
    if (problem && misfit && combination.kind != "baseline") {
      plan_.excluded.push_back({combination.label, problem->what()});
      return;
    }
    if (problem)
      throw Error(message("{}: arm '{}' ({}):\n{}", {sweep_.file.string(), combination.label,
                                                     join(combination.overrides, ", "), problem->what()}),
                  problem->code());
    keep(combination, tree, std::move(values));
  }

  void keep(const Combination& combination, const Tree& tree, Values values) {
    values.erase("seed");
    std::string content;
    for (const auto& [path, text] : values) content += path + " = " + text + "\n";
    auto [same, is_new] = by_content_.try_emplace(sha256(content), plan_.arms.size());
    if (!is_new) {
      plan_.excluded.push_back(
          {combination.label, "the same experiment as '" + plan_.arms[same->second].label + "'"});
      return;
    }
    Arm arm{combination.label,
            combination.kind,
            combination.overrides,
            combination.levels,
            {},
            std::move(values),
            tree.resolved(),
            ""};
    for (const auto& [path, text] : arm.params) {
      std::vector<std::string> names = split_path(path);
      if (names.size() == 3 && names[0] == "techniques" && names[2] == "enabled")
        arm.techniques[names[1]] = text == "true";
    }
    plan_.arms.push_back(std::move(arm));
  }

  void keep_what_varies() {
    const Values first = plan_.arms[0].params;
    std::set<std::string> varying;
    auto differ = [&](const Values& from, const Values& to) {
      for (const auto& [path, text] : from)
        if (auto found = to.find(path); found == to.end() || found->second != text) varying.insert(path);
    };
    for (const Arm& arm : plan_.arms) {
      differ(arm.params, first);
      differ(first, arm.params);
    }
    for (Arm& arm : plan_.arms) {
      std::erase_if(arm.params, [&](const auto& value) {
        bool toggle = value.first.starts_with("techniques.") && value.first.ends_with(".enabled");
        return toggle || !varying.contains(value.first);
      });
    }
  }

  void add_runs() {
    std::vector<size_t> arms(plan_.arms.size());
    std::iota(arms.begin(), arms.end(), size_t(0));
    std::span<const int64_t> seeds = plan_.seeds;
    if (plan_.race) seeds = seeds.first(size_t(plan_.race->looks[0].seeds));
    plan_.runs = runs_of(plan_, arms, seeds);
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
        throw Error(message("{}: [claim] arms: no arm is called '{}'{}",
                            {sweep_.file.string(), label, suggestion(label, labels)}),
                    2);
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
  std::vector<Expression> exclude_;
  Registry registry_;
  std::map<std::string, size_t> by_content_;  // arms, by a hash of their settings
  Plan plan_;
};

/// Names of the arms' folders, all different.
std::vector<std::string> folder_names(const Plan& plan) {
  std::set<std::string> names;
  std::vector<std::string> folders;
  for (const Arm& arm : plan.arms) {
    std::string name = folder_name(arm.label), unique = name;
    for (int i = 2; !names.insert(unique).second; ++i) unique = name + "-" + std::to_string(i);
    folders.push_back(unique);
  }
  return folders;
}

Json to_json(const Race& race) {
  Json looks = Json::array();
  for (const Look& look : race.looks)
    looks.push_back({{"seeds", look.seeds}, {"proved_at", look.proved_at}, {"refuted_at", look.refuted_at}});
  return {{"spending", race.spending}, {"alpha", race.alpha}, {"futility", race.futility}, {"looks", looks}};
}

Race race_from(const Json& json) {
  Race race{json.at("spending"), json.at("alpha"), json.at("futility"), {}};
  for (const Json& look : json.at("looks"))
    race.looks.push_back({look.at("seeds"), look.at("proved_at"), look.at("refuted_at")});
  return race;
}

Json to_json(const SweepClaim& claim) {
  Json json = {{"metric", claim.metric},         {"direction", claim.direction},
               {"margin", claim.margin},         {"margin_nats", claim.margin_nats},
               {"alpha", claim.alpha},           {"test", claim.test},
               {"correction", claim.correction}, {"arms", claim.arms}};
  if (claim.target) json["target"] = *claim.target;
  return json;
}

SweepClaim claim_from(const Json& json) {
  SweepClaim claim;
  claim.metric = json.at("metric");
  claim.direction = json.at("direction");
  claim.margin = json.at("margin");
  claim.margin_nats = json.at("margin_nats");
  claim.alpha = json.at("alpha");
  claim.test = json.at("test");
  claim.correction = json.at("correction");
  claim.arms = json.at("arms").get<std::vector<std::string>>();
  if (json.contains("target")) claim.target = json.at("target").get<double>();
  return claim;
}

Json to_json(const std::vector<Arm::Fork>& forks) {
  Json json = Json::array();
  for (const Arm::Fork& fork : forks) json.push_back({{"step", fork.step}, {"prefix", fork.prefix}});
  return json;
}

std::vector<Arm::Fork> forks_from(const Json& json) {
  std::vector<Arm::Fork> forks;
  for (const Json& fork : json) forks.push_back({fork.at("step"), fork.at("prefix")});
  return forks;
}

Json to_json(const Plan& plan) {
  Json json = {{"schema", 1},
               {"name", plan.name},
               {"question", plan.question},
               {"sweep_file", plan.sweep_file},
               {"base_file", plan.base_file},
               {"design", plan.design},
               {"aliases", plan.aliases},
               {"factors", plan.factors},
               {"levels", plan.levels},
               {"seeds", plan.seeds},
               {"run",
                {{"timeout_seconds", plan.run.timeout_seconds},
                 {"retries", plan.run.retries},
                 {"order", plan.run.order}}},
               {"jobs", plan.jobs},
               {"threads", plan.threads},
               {"history", plan.history}};
  if (plan.claim) json["claim"] = to_json(*plan.claim);
  if (plan.race) json["race"] = to_json(*plan.race);
  json["excluded"] = Json::array();
  for (const Plan::Excluded& e : plan.excluded)
    json["excluded"].push_back({{"label", e.label}, {"reason", e.reason}});
  json["runs"] = Json::array();
  for (const PlannedRun& run : plan.runs)
    json["runs"].push_back({{"arm", run.arm}, {"seed", run.seed}, {"folder", run.folder}});
  json["arms"] = Json::array();
  for (const Arm& arm : plan.arms)
    json["arms"].push_back({{"label", arm.label},
                            {"kind", arm.kind},
                            {"overrides", arm.overrides},
                            {"levels", arm.levels},
                            {"group", arm.group},
                            {"training", arm.training},
                            {"forks", to_json(arm.forks)},
                            {"observers", arm.observers},
                            {"steps", arm.steps},
                            {"parameters", arm.parameters},
                            {"memory_bytes", arm.memory_bytes},
                            {"seconds", arm.seconds},
                            {"techniques", arm.techniques},
                            {"params", arm.params},
                            {"experiment", arm.experiment}});
  json["sweep_text"] = plan.sweep_text;
  json["base_text"] = plan.base_text;
  return json;
}

Plan plan_from(const Json& json) {
  Plan plan;
  plan.name = json.at("name");
  plan.question = json.at("question");
  plan.sweep_file = json.at("sweep_file");
  plan.base_file = json.at("base_file");
  plan.design = json.at("design");
  plan.aliases = json.at("aliases").get<std::vector<std::string>>();
  plan.factors = json.at("factors").get<std::vector<std::string>>();
  plan.levels = json.value("levels", plan.levels);
  plan.seeds = json.at("seeds").get<std::vector<int64_t>>();
  plan.run.timeout_seconds = json.at("run").at("timeout_seconds");
  plan.run.retries = json.at("run").at("retries");
  plan.run.order = json.at("run").value("order", plan.run.order);
  plan.jobs = json.value("jobs", 0);
  plan.threads = json.value("threads", 0);
  plan.history = json.at("history");
  if (json.contains("claim")) plan.claim = claim_from(json.at("claim"));
  if (json.contains("race")) plan.race = race_from(json.at("race"));
  for (const Json& e : json.at("excluded")) plan.excluded.push_back({e.at("label"), e.at("reason")});
  for (const Json& r : json.at("runs")) plan.runs.push_back({r.at("arm"), r.at("seed"), r.at("folder")});
  for (const Json& a : json.at("arms"))
    plan.arms.push_back(
        {a.at("label"), a.at("kind"), a.at("overrides").get<std::vector<std::string>>(),
         a.at("levels").get<std::vector<size_t>>(), a.at("techniques").get<std::map<std::string, bool>>(),
         a.at("params").get<Values>(), a.at("experiment"), a.at("group"), a.value("training", ""),
         forks_from(a.value("forks", Json::array())), a.value("observers", ""), a.value("steps", int64_t(0)),
         a.value("parameters", int64_t(0)), a.value("memory_bytes", int64_t(0)), a.value("seconds", 0.0)});
  plan.sweep_text = json.at("sweep_text");
  plan.base_text = json.at("base_text");
  return plan;
}

}  // namespace

bool Plan::is_timed() const {
  return std::any_of(arms.begin(), arms.end(), [](const Arm& arm) { return arm.seconds > 0; });
}

Plan make_plan(const SweepFile& sweep) { return Planner(sweep).make(); }

std::vector<PlannedRun> runs_of(const Plan& plan, std::span<const size_t> arms,
                                std::span<const int64_t> seeds) {
  std::vector<std::string> folders = folder_names(plan);
  std::vector<PlannedRun> runs;
  // One seed after the other, so that an interrupted sweep has compared all arms equally often; shuffled
  // within, so that what changes slowly on a machine falls on no arm in particular.
  for (int64_t seed : seeds) {
    auto first = long(runs.size());
    for (size_t arm : arms) runs.push_back({arm, seed, message("runs/{}-s{}", {folders[arm], seed})});
    if (plan.run.order != "shuffled") continue;
    std::map<std::string, PlannedRun> by_hash;
    for (auto run = runs.begin() + first; run != runs.end(); ++run)
      by_hash.emplace(sha256(run->folder), *run);
    std::transform(by_hash.begin(), by_hash.end(), runs.begin() + first,
                   [](const auto& hashed) { return hashed.second; });
  }
  return runs;
}

bool is_claimed(const Plan& plan, const Arm& arm) {
  if (arm.is_baseline() || !plan.claim) return false;
  const std::vector<std::string>& named = plan.claim->arms;
  return named.empty() || std::find(named.begin(), named.end(), arm.label) != named.end();
}

void check_groups(Plan& plan) {
  SharingFinder sharing;
  Registry registry;
  for (Arm& arm : plan.arms) {
    Tree tree = Tree::parse(arm.experiment, "plan.json: arm '" + arm.label + "'");
    Experiment experiment = assemble(tree, registry, Device::kCpu);
    std::string group = run_key(tree, experiment, registry, {}).group;
    if (!arm.group.empty() && arm.group != group)
      throw Error(
          message(
              "{}: the program, a plugin or the data changed since the plan was frozen (arm '{}': {}, now "
              "{}); runs made now could not be compared with the finished ones. --replan runs again what "
              "no longer fits, --fresh everything",
              {plan.name, arm.label, arm.group.substr(0, 8), group.substr(0, 8)}),
          2);
    arm.group = group;
    sharing.add(arm, tree, experiment, registry);
  }
  sharing.find_forks(plan.arms);
}

std::filesystem::path plan_path(const std::filesystem::path& folder) { return folder / "plan.json"; }

void write_plan(const Plan& plan, const std::filesystem::path& folder) {
  write_file(plan_path(folder), to_json(plan).dump(1) + "\n");
}

Plan read_plan(const std::filesystem::path& folder) {
  std::filesystem::path path = plan_path(folder);
  if (!std::filesystem::is_regular_file(path))
    throw Error(message("{}: there is no plan.json; name the folder of a sweep, such as results/NAME",
                        {folder.string()}),
                2);
  try {
    return plan_from(Json::parse(read_file(path)));
  } catch (const nlohmann::json::exception& error) {
    throw Error(message("{}: not a plan of this version of caddie ({})", {path.string(), error.what()}), 2);
  }
}

void check_unchanged(const Plan& frozen, const Plan& now) {
  std::vector<std::string> changes;
  for (const std::string& line : differences(frozen.base_text, now.base_text))
    changes.push_back(now.base_file + ": " + line);
  for (const std::string& line : differences(frozen.sweep_text, now.sweep_text))
    changes.push_back(now.sweep_file + ": " + line);
  if (changes.empty()) return;
  size_t shown = std::min<size_t>(changes.size(), 8);
  std::string text = join(std::span(changes).first(shown), "\n  ");
  if (shown < changes.size()) text += fmt::format("\n  and {} more", changes.size() - shown);
  throw Error(
      message(
          "{}: edited since its plan was frozen:\n  {}\nundo that to go on; --replan keeps the finished runs "
          "that still fit, --fresh starts over",
          {now.sweep_file, text}),
      2);
}

}  // namespace caddie
