// SPDX-License-Identifier: Apache-2.0
// Two trainings share their first steps as far as their schedule signatures agree.
#include "sweep/sharing.h"

#include <caddie/error.h>
#include <caddie/parallel.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "base/owned_folder.h"
#include "results/provenance.h"
#include "run/memory.h"
#include "run/observers.h"

namespace caddie {
namespace {

// A prefix shorter than this share of a training is not worth its checkpoint.
constexpr double kWorthwhile = 0.02;

/// Orders signatures so that those with common first steps are neighbours.
bool before(const ScheduleSignature& a, const ScheduleSignature& b) {
  if (a.base != b.base) return a.base < b.base;
  return std::lexicographical_compare(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
                                      [](const ScheduleSignature::Step& x, const ScheduleSignature::Step& y) {
                                        return x.lr_scale != y.lr_scale ? x.lr_scale < y.lr_scale
                                                                        : x.acting < y.acting;
                                      });
}

/// Returns the step where two trainings part, which is before the last one of `a`; 0 when what they share is
/// not worth a checkpoint.
int64_t divergence_step(const ScheduleSignature& a, const ScheduleSignature& b) {
  int64_t common = std::min(common_steps(a, b), int64_t(a.steps.size()) - 1);
  return double(common) >= kWorthwhile * double(a.steps.size()) ? std::max<int64_t>(common, 0) : 0;
}

/// Fills what an arm says of its training, except for the forks, and returns the signature of that.
ScheduleSignature describe_training(Arm& arm, const Tree& tree, const Experiment& experiment,
                                    const Registry& registry) {
  arm.group = run_key(tree, experiment, registry, {}).group;
  StageKeys keys(tree, experiment, registry);
  Observers observers;
  observers.add(experiment, keys, experiment.data);
  std::string text;
  for (const auto& [key, averager] : observers.averagers) text += key + "\n";
  for (const auto& [key, validation] : observers.validations) text += key + "\n";
  arm.training = keys.training_group();
  arm.observers = sha256(text).substr(0, 16);
  arm.steps = experiment.budget.steps;
  arm.seconds = experiment.budget.seconds;
  arm.parameters = experiment.model->weights().parameters();
  arm.memory_bytes = usual_memory(experiment);
  return keys.schedule_signature();
}

}  // namespace

void SharingFinder::add(size_t arm, Tree tree, Experiment experiment) {
  waiting_.push_back({arm, std::move(tree), std::move(experiment)});
  if (waiting_.size() == kAssembledAtOnce) fill();
}

void SharingFinder::fill() {
  std::vector<ScheduleSignature> signatures(waiting_.size());
  // Observers are asked in this stage. As the stage is the whole process's, no thread may be the one that
  // enters it.
  StageScope scope(Stage::kAverage);
  parallel_for(int(waiting_.size()), [&](int i) {
    const Assembled& from = waiting_[size_t(i)];
    signatures[size_t(i)] = describe_training(arms_[from.arm], from.tree, from.experiment, registry_);
  });
  for (size_t i = 0; i < waiting_.size(); ++i)
    signatures_.emplace(arms_[waiting_[i].arm].training, std::move(signatures[i]));
  waiting_.clear();
}

// In sorted order, what two signatures have in common is the least that neighbours between them have in
// common.
void SharingFinder::find_forks() {
  fill();
  std::vector<const std::pair<const std::string, ScheduleSignature>*> order;
  for (const auto& signature : signatures_) order.push_back(&signature);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return before(a->second, b->second); });
  std::vector<int64_t> common(order.size(), 0);  // the steps that a signature shares with the one before it
  for (size_t i = 1; i < order.size(); ++i)
    common[i] = divergence_step(order[i - 1]->second, order[i]->second);
  std::map<std::string, std::vector<Arm::Fork>> forks;
  for (size_t i = 0; i < order.size(); ++i) {
    std::set<int64_t> steps;
    int64_t least = INT64_MAX;
    for (size_t j = i; j > 0 && (least = std::min(least, common[j])) > 0; --j) steps.insert(least);
    least = INT64_MAX;
    for (size_t j = i + 1; j < order.size() && (least = std::min(least, common[j])) > 0; ++j)
      steps.insert(least);
    for (int64_t step : steps)
      forks[order[i]->first].push_back({step, StageKeys::prefix_group(order[i]->second, step)});
  }
  for (Arm& arm : arms_) arm.forks = forks[arm.training];
}

std::string TrainingOrder::training(size_t run) const {
  const PlannedRun& planned = plan_.runs[run];
  return StageKeys::seeded(plan_.arms[planned.arm].training, planned.seed);
}

std::vector<std::string> TrainingOrder::prefixes(size_t run) const {
  const PlannedRun& planned = plan_.runs[run];
  std::vector<std::string> keys;
  for (const Arm::Fork& fork : plan_.arms[planned.arm].forks)
    keys.push_back(StageKeys::seeded(fork.prefix, planned.seed));
  std::reverse(keys.begin(), keys.end());
  return keys;
}

std::string TrainingOrder::shared_prefix(size_t a, size_t b) const {
  std::vector<std::string> theirs = prefixes(b);
  for (const std::string& key : prefixes(a))
    if (std::find(theirs.begin(), theirs.end(), key) != theirs.end()) return key;
  return "";
}

bool TrainingOrder::must_wait(size_t run, const std::vector<size_t>& running) const {
  std::string own = training(run);
  if (store_.find(own)) return false;
  std::vector<std::string> mine = prefixes(run);
  auto available = std::find_if(mine.begin(), mine.end(),
                                [&](const std::string& key) { return store_.find(key).has_value(); });
  return std::any_of(running.begin(), running.end(), [&](size_t other) {
    if (training(other) == own) return true;
    std::string shared = shared_prefix(run, other);
    return !shared.empty() && std::find(mine.begin(), available, shared) != available;
  });
}

std::vector<size_t> TrainingOrder::attached(size_t run, const std::vector<size_t>& others) const {
  std::vector<size_t> found;
  std::set<std::string> known = {plan_.arms[plan_.runs[run].arm].observers};
  for (size_t other : others) {
    const PlannedRun& planned = plan_.runs[other];
    if (planned.seed != plan_.runs[run].seed) continue;
    if (training(other) != training(run) && shared_prefix(run, other).empty()) continue;
    if (known.insert(plan_.arms[planned.arm].observers).second) found.push_back(other);
  }
  return found;
}

SharedWork shared_work(const Plan& plan, const std::vector<size_t>& runs, const Store& store) {
  SharedWork work;
  work.runs = int64_t(runs.size());
  std::set<std::string> trained, reached;
  for (size_t run : runs) {
    const Arm& arm = plan.arms[plan.runs[run].arm];
    int64_t seed = plan.runs[run].seed, own = arm.steps;
    work.separately += arm.steps;
    std::string training = StageKeys::seeded(arm.training, seed);
    if (!trained.insert(training).second || store.find(training)) continue;
    for (const Arm::Fork& fork : arm.forks) {
      std::string prefix = StageKeys::seeded(fork.prefix, seed);
      if (!reached.insert(prefix).second || store.find(prefix)) own = arm.steps - fork.step;
    }
    ++work.trainings;
    work.steps += own;
  }
  return work;
}

void forget_trainings(const Plan& plan, const Store& store) {
  TrainingOrder order(plan, store);
  std::set<std::string> stages;
  for (size_t run : all_runs(plan)) {
    stages.insert(order.training(run));
    for (std::string& prefix : order.prefixes(run)) stages.insert(std::move(prefix));
  }
  for (const std::string& stage : stages) {
    check_owned(store.folder(stage));
    check_unclaimed(store.folder(stage), "start over when it has ended");
  }
  for (const std::string& stage : stages) store.forget(stage);
}

std::vector<size_t> all_runs(const Plan& plan) {
  std::vector<size_t> runs(plan.runs.size());
  std::iota(runs.begin(), runs.end(), size_t(0));
  return runs;
}

}  // namespace caddie
