// SPDX-License-Identifier: Apache-2.0
// `caddie describe` prints this reference: sections of experiments and sweeps with their settings, designs,
// metrics, and columns of tables, all from where they are declared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/describe.h"
#include "results/json_fields.h"

namespace caddie {

/// Describes one thing that a user may ask about.
struct Topic {
  enum class Kind { kExperimentSection, kSweepSection, kDesign, kMetric, kColumn };
  Kind kind;
  std::string name;  // such as "train" or "val_bpb"; a part in <> stands for any text: "tech.<label>"
  std::string help;
  std::vector<SettingInfo> settings = {};                       // the settings of a section
  std::vector<std::pair<std::string, std::string>> facts = {};  // such as "unit" and "bits per byte"
};

/// Returns "section of an experiment", "section of a sweep", "design of a sweep", "metric" or "column".
std::string_view name_of(Topic::Kind kind);

/// Returns all topics, by kind, then in the order of their declaration.
std::vector<Topic> reference();

/// Returns the topics that are called `name`; where there are none, the sections that have it as a setting,
/// with that alone, such as "train.clip_norm"; else those whose name stands for it: "tech.x0" for
/// "tech.<label>". Returns nothing when there are none either.
std::vector<Topic> topics_called(std::string_view name);

/// Returns name, kind, help, facts and settings.
Json json_of(const Topic& topic);

}  // namespace caddie
