// SPDX-License-Identifier: Apache-2.0
// A plan is written to plan.json and read from it, field by field, and is compared with what its files say
// now.
#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/sealed_json.h"
#include "base/text.h"
#include "config/differences.h"
#include "results/json_fields.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

constexpr int64_t kSchema = 1;

/// Visits a member that is always written, but that files of older versions lack: when one of these is read,
/// the member keeps its default.
template <class Fields, class T>
void added(Fields& f, const char* name, T& value) {
  constexpr bool kWrites = requires { f.json; };
  if constexpr (kWrites)
    f(name, value);
  else
    f.maybe(name, value);
}

}  // namespace

template <class Fields>
void Look::fields(Fields& f) {
  f("seeds", seeds);
  f("proved_at", proved_at);
  f("refuted_at", refuted_at);
}

template <class Fields>
void Race::fields(Fields& f) {
  f("spending", spending);
  f("alpha", alpha);
  f("futility", futility);
  f("looks", looks);
}

template <class Fields>
void SweepClaim::fields(Fields& f) {
  f("metric", metric);
  f("direction", direction);
  f("margin", margin);
  f("margin_nats", margin_nats);
  f("alpha", alpha);
  f("test", test);
  f("correction", correction);
  f("arms", arms);
  f.maybe("target", target);
}

template <class Fields>
void RunSettings::fields(Fields& f) {
  f("timeout_seconds", timeout_seconds);
  f("retries", retries);
  added(f, "order", order);
}

template <class Fields>
void Arm::Fork::fields(Fields& f) {
  f("step", step);
  f("prefix", prefix);
}

template <class Fields>
void Arm::fields(Fields& f) {
  f("label", label);
  f("kind", kind);
  f("overrides", overrides);
  f("levels", levels);
  f("group", group);
  added(f, "training", training);
  added(f, "forks", forks);
  added(f, "observers", observers);
  added(f, "steps", steps);
  added(f, "parameters", parameters);
  added(f, "memory_bytes", memory_bytes);
  added(f, "seconds", seconds);
  f("techniques", techniques);
  f("params", params);
  f("experiment", experiment);
  f.maybe("unpooled", unpooled);
}

template <class Fields>
void ImportedRuns::fields(Fields& f) {
  f("notes", notes);
}

template <class Fields>
void PlannedRun::fields(Fields& f) {
  f("arm", arm);
  f("seed", seed);
  f("folder", folder);
}

template <class Fields>
void Plan::Excluded::fields(Fields& f) {
  f("label", label);
  f("reason", reason);
}

template <class Fields>
void Plan::fields(Fields& f) {
  int64_t schema = kSchema;
  f("schema", schema);
  if (schema != kSchema) fail_usage("its schema is {}, and this caddie reads {}", schema, kSchema);
  f("name", name);
  f("question", question);
  f("sweep_file", sweep_file);
  f("base_file", base_file);
  f("design", design);
  if (!find_design(design)) fail_usage("it has no design '{}'", design);
  f("aliases", aliases);
  f("factors", factors);
  added(f, "levels", levels);
  f("seeds", seeds);
  f("run", run);
  added(f, "jobs", jobs);
  added(f, "threads", threads);
  f("history", history);
  f.maybe("claim", claim);
  f.maybe("race", race);
  f.maybe("imported", imported);
  f("excluded", excluded);
  f("runs", runs);
  f("arms", arms);
  f("sweep_text", sweep_text);
  f("base_text", base_text);
}

namespace {

/// Tells whether the text can name a folder below another: names of folders with slashes between them.
bool is_folder_below(const std::string& text) {
  std::vector<std::string> names = split(text, '/');
  return std::all_of(names.begin(), names.end(), [](const std::string& name) { return is_file_name(name); });
}

void check_seed(int64_t seed) { check(seed >= 0, "a seed is {}, and must be 0 or more", seed); }

/// Throws Error unless each level of the arm is one of its factor's. Older plans do not list these.
void check_levels(const Arm& arm, const Plan& plan) {
  if (plan.levels.empty()) return;
  check(arm.levels.size() <= plan.levels.size(), "arm '{}' has {} levels, and there are {} factors",
        arm.label, arm.levels.size(), plan.levels.size());
  for (size_t f = 0; f < arm.levels.size(); ++f)
    check(arm.levels[f] < plan.levels[f].size(), "arm '{}' has level {} of a factor, and there are {}",
          arm.label, arm.levels[f], plan.levels[f].size());
}

/// Throws Error unless there are seeds, the plan has a name that a folder can have, and every run has an arm
/// and a folder of its own below the sweep's.
void check_values(const Plan& plan) {
  check(is_folder_below(plan.name), "its name '{}' cannot be that of a folder", printable(plan.name));
  check(!plan.arms.empty(), "it has no arms");
  check(!plan.seeds.empty(), "it has no seeds");
  for (int64_t seed : plan.seeds) check_seed(seed);
  for (const Arm& arm : plan.arms) check_levels(arm, plan);
  order_of(plan);
  check(plan.run.timeout_seconds >= 0 && plan.run.retries >= 0 && plan.jobs >= 0 && plan.threads >= 0,
        "its timeout_seconds, retries, jobs and threads are {}, {}, {} and {}, and must be 0 or more",
        plan.run.timeout_seconds, plan.run.retries, plan.jobs, plan.threads);
  std::set<std::string> folders;
  for (const PlannedRun& run : plan.runs) {
    check(run.arm < plan.arms.size(), "a run is of arm {}, and there are {}", run.arm, plan.arms.size());
    check_seed(run.seed);
    check(is_folder_below(run.folder), "'{}' is no folder below the sweep's", printable(run.folder));
    check(folders.insert(run.folder).second, "two runs have the folder '{}'", run.folder);
  }
}

}  // namespace

std::filesystem::path plan_path(const std::filesystem::path& folder) { return folder / "plan.json"; }

void write_plan(const Plan& plan, const std::filesystem::path& folder) {
  write_sealed(plan_path(folder), written(plan));
}

namespace {

/// Returns the error about a plan.json that cannot be read, which says what can be done.
Error unreadable(const std::string& problem, int code) {
  return Error(
      message("{}; delete it and begin the sweep again: its runs that are done and still fit are kept",
              {problem}),
      code);
}

Json read_damageable(const std::filesystem::path& path) {
  try {
    return read_sealed(path);
  } catch (const Error& error) {
    throw unreadable(error.what(), error.code());
  }
}

}  // namespace

Plan read_plan(const std::filesystem::path& folder) {
  std::filesystem::path path = plan_path(folder);
  if (!std::filesystem::is_regular_file(path))
    fail_usage("{}: there is no plan.json; name the folder of a sweep, such as results/NAME",
               folder.string());
  auto refuse = [&](const std::exception& why) {
    return unreadable(
        message("{}: not a plan of this version of caddie ({})", {path.string(), reason_of(why)}), kUsage);
  };
  Json json = read_damageable(path);
  try {
    auto plan = read_fields<Plan>(json);
    check_values(plan);
    return plan;
  } catch (const Json::exception& error) {
    throw refuse(error);
  } catch (const Error& error) {
    throw refuse(error);
  }
}

ChangedTexts changed_texts(const Plan& before, const Plan& now) {
  auto changed = [](const std::string& was, const std::string& is, const std::string& file) {
    return differences(Tree::parse(was, file + " as plan.json has it"), Tree::parse(is, file));
  };
  return {changed(before.base_text, now.base_text, now.base_file),
          changed(before.sweep_text, now.sweep_text, now.sweep_file)};
}

void check_unchanged(const Plan& frozen, const Plan& now) {
  ChangedTexts changed = changed_texts(frozen, now);
  std::vector<std::string> changes;
  for (const std::string& line : changed.base) changes.push_back(now.base_file + ": " + line);
  for (const std::string& line : changed.sweep) changes.push_back(now.sweep_file + ": " + line);
  if (changes.empty()) return;
  size_t shown = std::min<size_t>(changes.size(), 8);
  std::string text = join(std::span(changes).first(shown), "\n  ");
  if (shown < changes.size()) text += fmt::format("\n  and {} more", changes.size() - shown);
  fail_usage(
      "{}: edited since its plan was frozen:\n  {}\nundo that to go on; --replan keeps the finished runs "
      "that still fit, --fresh starts over",
      now.sweep_file, text);
}

}  // namespace caddie
