// SPDX-License-Identifier: Apache-2.0
// Runs get their order and their folders here, and arms get the groups that tell which results may be
// compared.
#include "sweep/plan.h"

#include <caddie/error.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/exit_code.h"
#include "base/text.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

/// Turns "+a -b bits=6" into "a+no-b+bits=6", whose letters need no quotes in a shell.
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

/// Returns the names of the arms' folders, all different.
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

}  // namespace

bool Plan::is_timed() const {
  return std::any_of(arms.begin(), arms.end(), [](const Arm& arm) { return arm.seconds > 0; });
}

std::vector<PlannedRun> runs_of(const Plan& plan, std::span<const size_t> arms,
                                std::span<const int64_t> seeds) {
  std::vector<std::string> folders = folder_names(plan);
  const RunOrder& order = order_of(plan);
  std::vector<PlannedRun> runs;
  for (int64_t seed : seeds) {
    size_t first = runs.size();
    for (size_t arm : arms) runs.push_back({arm, seed, message("runs/{}-s{}", {folders[arm], seed})});
    // The turn is that of the seed in the plan, so that a race that adds seeds later goes on alternating.
    auto turn = std::find(plan.seeds.begin(), plan.seeds.end(), seed) - plan.seeds.begin();
    order.arrange(std::span(runs).subspan(first), size_t(turn));
  }
  return runs;
}

const RunOrder& order_of(const Plan& plan) {
  const RunOrder* order = find_run_order(plan.run.order);
  check(order, "its order '{}' is none{}", printable(plan.run.order),
        suggestion(plan.run.order, names_of_run_orders()));
  return *order;
}

bool is_claimed(const Plan& plan, const Arm& arm) {
  if (arm.is_baseline() || !plan.claim) return false;
  const std::vector<std::string>& named = plan.claim->arms;
  return named.empty() || std::find(named.begin(), named.end(), arm.label) != named.end();
}

void check_can_run(const Plan& plan) {
  if (plan.imported)
    fail_usage("{}: its runs were imported, so that Caddie cannot make them; name a sweep of its own",
               plan.name);
}

void fill_groups(Plan& plan) {
  Registry registry;
  SharingFinder sharing(plan.arms, registry);
  for (size_t arm = 0; arm < plan.arms.size(); ++arm) {
    Tree tree = Tree::parse(plan.arms[arm].experiment, "plan.json: arm '" + plan.arms[arm].label + "'");
    Experiment experiment = assemble(tree, registry, Device::kCpu);
    sharing.add(arm, std::move(tree), std::move(experiment));
  }
  sharing.find_forks();
}

void fill_missing_groups(Plan& plan) {
  if (plan.baseline().group.empty()) fill_groups(plan);
}

void check_groups(const Plan& frozen, const Plan& now) {
  for (size_t i = 0; i < frozen.arms.size(); ++i) {
    const Arm &was = frozen.arms[i], &is = now.arms[i];
    if (!was.group.empty() && was.group != is.group)
      fail_usage(
          "{}: the program, a plugin or the data changed since the plan was frozen (arm '{}': {}, now "
          "{}); runs made now could not be compared with the finished ones. --replan runs again what "
          "no longer fits, --fresh everything",
          frozen.name, was.label, was.group.substr(0, 8), is.group.substr(0, 8));
  }
}

}  // namespace caddie
