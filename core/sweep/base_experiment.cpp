// SPDX-License-Identifier: Apache-2.0
// The defaults of a base experiment are found by assembling it.
#include "sweep/base_experiment.h"

#include <caddie/error.h>

#include <utility>

#include "config/read_all.h"
#include "experiment/experiment.h"

namespace caddie {
namespace {

/// Returns all settings of an experiment by path, defaults included; none when the file is an experiment only
/// with an arm's changes.
std::map<std::string, std::string> resolve(Tree tree) {
  std::map<std::string, std::string> values;
  try {
    Registry registry;
    assemble(tree, registry, Device::kCpu);
  } catch (const Error&) {
    return values;
  }
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

}  // namespace

BaseExperiment::BaseExperiment(const std::filesystem::path& file, std::span<const std::string> overrides)
    : unread_(Tree::load(file, overrides)), tree_(unread_) {
  read_all(tree_);
  text_ = tree_.canonical();
}

std::string BaseExperiment::value(const std::string& path) {
  if (tree_.has(path)) return tree_.read_text(path);
  if (!resolved_) resolved_ = resolve(unread_);
  auto found = resolved_->find(path);
  return found != resolved_->end() ? found->second : "";
}

}  // namespace caddie
