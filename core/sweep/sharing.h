// SPDX-License-Identifier: Apache-2.0
// The arms of a plan may have trainings in common, in whole or in their first steps.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "results/stage_keys.h"
#include "results/store.h"
#include "sweep/plan.h"

namespace caddie {

/// Says how many experiments are assembled at a time: they fit into memory anywhere, and are work enough for
/// all threads.
inline constexpr size_t kAssembledAtOnce = 64;

/// Finds out which arms of a plan share trainings or their first steps.
class SharingFinder {
 public:
  /// `arms` are those of the plan; `registry` opened their plugins. Both must outlive the finder.
  SharingFinder(std::vector<Arm>& arms, const Registry& registry) : arms_(arms), registry_(registry) {}
  /// Takes what the arm of that index was assembled from. Its group and what it says of its training are
  /// filled by this or a later call. Throws Error when the data cannot be read.
  void add(size_t arm, Tree tree, Experiment experiment);
  /// Fills what is left to fill: Arm::forks of the arms, which were all added. Throws like add().
  void find_forks();

 private:
  struct Assembled {
    size_t arm;
    Tree tree;
    Experiment experiment;
  };
  /// Fills the arms that wait, on all threads.
  void fill();

  std::vector<Arm>& arms_;
  const Registry& registry_;
  std::vector<Assembled> waiting_;
  std::map<std::string, ScheduleSignature> signatures_;  // the signature of each training
};

/// Tells in which order runs may be started so that no two do the same work.
class TrainingOrder {
 public:
  /// `store` is where the runs leave what they share. The plan must outlive the order.
  TrainingOrder(const Plan& plan, Store store) : plan_(plan), store_(std::move(store)) {}

  /// Returns the name of the training of a run; is_trained() tells whether the store holds it.
  std::string training(size_t run) const;
  /// Returns the names of the prefixes that its training shares, the longest first.
  std::vector<std::string> prefixes(size_t run) const;
  bool is_trained(size_t run) const { return store_.find(training(run)).has_value(); }

  /// Tells whether one of the `running` runs is at work on something that `run` needs.
  bool must_wait(size_t run, const std::vector<size_t>& running) const;
  /// Returns those of `others` that share the training of `run` or its first steps, but have other averagers
  /// or validations; one for each set of these.
  std::vector<size_t> attached(size_t run, const std::vector<size_t>& others) const;

 private:
  /// Returns the name of the longest prefix that the trainings of both runs share; "" when there is none.
  std::string shared_prefix(size_t a, size_t b) const;

  const Plan& plan_;
  Store store_;
};

/// Says what runs cost once work that several of them have in common is done once.
struct SharedWork {
  int64_t runs = 0;
  int64_t trainings = 0;   // the distinct trainings that the store does not hold
  int64_t steps = 0;       // the steps of these trainings, shared first steps counted once
  int64_t separately = 0;  // the steps that the runs would take alone
};

/// Counts the work of the given runs of a plan.
SharedWork shared_work(const Plan& plan, const std::vector<size_t>& runs, const Store& store);
/// Returns the indices of all runs of the plan.
std::vector<size_t> all_runs(const Plan& plan);

/// Deletes what the store holds of the plan's trainings, so that they are made anew. Throws Error, before
/// anything is deleted, when a process is at work on one of them.
void forget_trainings(const Plan& plan, const Store& store);

}  // namespace caddie
