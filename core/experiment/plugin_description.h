// SPDX-License-Identifier: Apache-2.0
// Describes what a plugin is, takes and adds to a model, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/describe.h"
#include "model/model.h"
#include "plugin/registry.h"

namespace caddie {

/// Holds what is known of a plugin.
struct PluginDescription {
  const LoadedPlugin* loaded;
  std::vector<SettingInfo> settings;
  std::vector<WeightInfo> weights;  // the weights that it declares in a model of the default size
  int64_t parameters = 0;           // the number of elements of those weights
  // It acts from this thousandth of the training on with its default settings; -1 where it never does.
  int first_acting = 0;
};

/// Opens the plugin. Throws Error (exit code 4) when there is none of that name, or it does not fit this
/// program. `where` says in errors who asked. The registry must outlive the description.
PluginDescription describe_plugin(Registry& registry, const std::string& name, std::string_view where);

/// Returns the description for programs.
Json json_of(const PluginDescription& description);
/// Returns the description for people, in several lines: card, file, sites and the order there, when it acts,
/// what it needs and conflicts with, settings, weights.
std::string text_of(const PluginDescription& description);

}  // namespace caddie
