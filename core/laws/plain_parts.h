// SPDX-License-Identifier: Apache-2.0
// Provides an experiment of plain parts, which the program itself holds: a plugin that is held to laws stands
// among them and nothing else.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "experiment/experiment.h"

namespace caddie {

/// Says where in a model a value passes.
struct SitePlace {
  Site site = Site::kLogits;
  int layer = -1;  // -1 outside of the layers
  int execution = -1;
  Part part = Part::kAttention;
  int lane = 0;
  bool operator==(const SitePlace&) const = default;
};
/// Returns words such as "branch of the MLP of layer 2".
std::string text_of(const SitePlace& place);

/// Is told of the values that pass the sites of a model, behind all modifiers.
class SiteListener {
 public:
  virtual ~SiteListener() = default;
  /// Is given queries and keys at their site, and one value at the others. Threads call it at once.
  virtual void see(const SitePlace& place, std::span<const Var> values) = 0;
};

/// Adds the plain parts to a registry, unless they are there already.
void add_plain_parts(Registry& registry);

/// Returns an experiment of plain parts: 4 layers of width 64, 4 heads on 2 of keys, 31 tokens in sequences
/// of
/// 12. `changes` are made as on the command line.
Experiment plain_experiment(Registry& registry, std::span<const std::string> changes);

/// Makes a listener be told of what passes the sites of an experiment's model, for as long as this lives.
class Listening {
 public:
  Listening(Experiment& experiment, SiteListener& listener);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  Plugin* tap_;
};

/// Returns two rows of 12 random tokens with their targets, others for each number.
Batch sample_batch(int number);

/// Fills the weights with random numbers that depend on their names and shapes alone.
void fill_by_name(Model& model, double deviation);

}  // namespace caddie
