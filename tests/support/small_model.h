// SPDX-License-Identifier: Apache-2.0
// A model that is small enough for a test, and whatever a test changes of it.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.h"
#include "support/plugins.h"

namespace caddie::testing {

/// 4 layers of width 64, 4 heads on 2 of keys, 31 tokens in sequences of 12, without techniques; `changes`
/// are overrides as on the command line.
Experiment small_experiment(const std::vector<std::string>& changes = {}, Registry& plugins = registry());

/// The tree of that experiment.
Tree small_tree(const std::vector<std::string>& changes = {});

/// The changes that put a plugin into its slot of the small experiment, at its default settings.
std::vector<std::string> use_of(const std::string& name);

/// Fills the weights with numbers that depend on their names and shapes alone.
void fill_by_name(Model& model);

}  // namespace caddie::testing
